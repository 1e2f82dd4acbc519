"""Write `benchmarks/tuning.md` from the tables of the tuning studies beside it.

    python benchmarks/tuning.py

The studies themselves are made by ``cse-bench tune``; each section names its command, which writes
the table, the importances and the picture that stand in `benchmarks/tuning`.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STUDIES = {
    "ppmi-svd": "cse-bench tune ppmi-svd --trials 120",
    "ppmi-svd@128": "cse-bench tune ppmi-svd --set dimensions=128 --trials 60",
    "ppmi-svd@64": "cse-bench tune ppmi-svd --set dimensions=64 --trials 60",
    "prod2vec-cbow": "cse-bench tune prod2vec-cbow --trials 40",
    "prod2vec-sgns": "cse-bench tune prod2vec-sgns --trials 40",
    "ials": "cse-bench tune ials --trials 40",
}
SCORES = ("objective", "in_shop_ndcg@10", "translation", "next_event", "membership", "seconds")
MEMBERSHIP = 0.585
"""The gate's .60 less what its interval takes."""


def rows_of(study: str) -> list[dict[str, Any]]:
    with (HERE / "tuning" / study / "trials.csv").open() as file:
        return [
            {k: v if k == "pareto" else float(v) for k, v in row.items()}
            for row in csv.DictReader(file)
        ]


def parameters(row: dict[str, Any]) -> dict[str, float]:
    skipped = {"trial", "pareto", *SCORES}
    return {k: v for k, v in row.items() if k not in skipped and not k.startswith("in_shop_")}


def section(study: str, command: str) -> str:
    rows = rows_of(study)
    passing = [r for r in rows if r["membership"] <= MEMBERSHIP]
    chosen = {
        "plain settings (first trial)": rows[0],
        "best in-shop": max(rows, key=lambda r: r["objective"]),
        "best translation": max(rows, key=lambda r: r["translation"]),
    }
    if passing:
        told = f"best in-shop with membership ≤ {MEMBERSHIP}"
        chosen[told] = max(passing, key=lambda r: r["objective"])
    lines = [
        f"## {study}: {len(rows)} trials",
        "",
        f"`{command} --out benchmarks/tuning/{study}`",
        "",
        "| trial | in-shop AUC | NDCG@10 | translation MRR | next_event AUC | membership AUC "
        "| fit, s | settings |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    for name, row in chosen.items():
        scores = " | ".join(f"{row[s]:.0f}" if s == "seconds" else f"{row[s]:.4f}" for s in SCORES)
        settings = ", ".join(f"{k} {v:.3g}" for k, v in parameters(row).items())
        lines.append(f"| {name} | {scores} | {settings} |")
    shares = json.loads((HERE / "tuning" / study / "importances.json").read_text())
    for target, own in shares.items():
        told = ", ".join(f"{k} {v:.2f}" for k, v in own.items())
        name = "in-shop AUC" if target == "objective" else target
        lines += ["", f"What {name} depends on (fANOVA): {told}."]
    lines += ["", f"![in-shop against alignability](tuning/{study}/pareto.png)", ""]
    return "\n".join(lines)


def main() -> None:
    intro = (HERE / "tuning" / "intro.md").read_text()
    text = intro + "\n" + "\n".join(section(*study) for study in STUDIES.items())
    (HERE / "tuning.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
