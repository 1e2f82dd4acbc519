"""Write the JSON Schema of ``result.json`` to ``leaderboard/schema/``."""

import json
from pathlib import Path

from cse_bench.results.record import json_schema

if __name__ == "__main__":
    target = Path(__file__).resolve().parents[1] / "leaderboard" / "schema" / "result.json"
    target.write_text(json.dumps(json_schema(), indent=1) + "\n", encoding="utf-8")
    print(target.relative_to(Path.cwd()) if target.is_relative_to(Path.cwd()) else target)
