"""Write the JSON Schemas of what the board keeps and shows to ``leaderboard/schema/``."""

import json
from pathlib import Path

from cse_bench.leaderboard import board, verification
from cse_bench.results import record

SCHEMAS = {
    "result.json": record.json_schema,
    "verification.json": verification.json_schema,
    "board.json": board.json_schema,
}
TARGET = Path(__file__).resolve().parents[1] / "leaderboard" / "schema"

if __name__ == "__main__":
    for name, schema in SCHEMAS.items():
        (TARGET / name).write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
        print(f"leaderboard/schema/{name}")
