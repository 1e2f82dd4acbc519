"""What else the release could be: room and smallest detectable difference of other choices.

    python benchmarks/release.py --key-file KEY [--out benchmarks/release.md] [--only NAME …]

Builds The Complete Journey as release 0.10.0 was, and with each choice changed alone, all with one
key and so one split of the households; describes each release on its *validation* split. A release
is better where the oracle stands higher above the floor and a smaller difference between two
aligners can be told from noise; `room / detectable` is how many steps of that size there are.
Privacy is measured with each build: the membership attack's AUC must stay below .60 with its whole
interval.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cse_bench import api

GATES = ("unicity", "length", "rows-per-user", "membership")
WAIVERS = dict.fromkeys(GATES, "the log is public under CC0")
CHECKED = (("next_event", "rendered"), ("next_event", "real"), ("translation", "cosine"))


@dataclass(frozen=True)
class Choice:
    """One release to build.

    Attributes
    ----------
    name : str
        What is other than in release 0.10.0.
    options : dict
        Of `api.build`, in place of those of `BASE`.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)


BASE: dict[str, Any] = {"version": "1.0.0", "waivers": WAIVERS, "dimensions": 128}

TUNED_AT_64 = {
    "smoothing": "0.9",
    "shift": "1.1",
    "eigenvalue_weight": "0.65",
    "discount": "0.3",
    "length_weight": "1.45",
}
"""Near what translates best of the study `ppmi-svd@64` (`tuning.md`), in round values."""

CHOICES = (
    Choice("as 0.10.0: gap 7 days, support 10, 128 dimensions"),
    Choice("gap 3 days", {"gap_days": 3.0}),
    Choice("gap 14 days", {"gap_days": 14.0}),
    Choice("gap 30 days", {"gap_days": 30.0}),
    Choice("support 5", {"min_users": 5}),
    Choice("support 20", {"min_users": 20}),
    Choice("32 dimensions", {"dimensions": 32}),
    Choice("48 dimensions", {"dimensions": 48}),
    Choice("64 dimensions", {"dimensions": 64}),
    Choice("100 dimensions", {"dimensions": 100}),
    Choice("192 dimensions", {"dimensions": 192}),
    Choice("another cut of the stores, 1", {"log_options": {"regroup": 1}}),
    Choice("another cut of the stores, 2", {"log_options": {"regroup": 2}}),
    Choice("64 dimensions, another cut, 1", {"dimensions": 64, "log_options": {"regroup": 1}}),
    Choice("64 dimensions, tuned anew", {"dimensions": 64, "settings": TUNED_AT_64}),
    Choice(
        "64 dimensions, tuned anew, another cut, 1",
        {"dimensions": 64, "settings": TUNED_AT_64, "log_options": {"regroup": 1}},
    ),
    Choice("prod2vec-cbow", {"trainer": "prod2vec-cbow"}),
    Choice("ials", {"trainer": "ials"}),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--key-file", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/release.md"))
    parser.add_argument("--only", nargs="*", help="names of choices")
    options = parser.parse_args()
    lines = [
        "| choice | products | pairs, validation | "
        + " | ".join(f"{task}, {variant}" for task, variant in CHECKED)
        + " | membership AUC |",
        "|---|--:|--:|" + "---|" * len(CHECKED) + "--:|",
    ]
    for choice in CHOICES:
        if options.only and choice.name not in options.only:
            continue
        with tempfile.TemporaryDirectory() as place:
            try:
                lines.append(row(choice, Path(place) / "release", options.key_file))
            except Exception as error:  # one choice that fails is told, and the others go on
                lines.append(f"| {choice.name} | not built: {' '.join(str(error).split())} |")
        print(lines[-1], flush=True)
    notes = Path(__file__).with_name("release-notes.md").read_text(encoding="utf-8")
    options.out.write_text("\n".join([notes, *lines, ""]), encoding="utf-8")


def row(choice: Choice, place: Path, key: Path) -> str:
    api.build("completejourney", place, key_file=key, **(BASE | choice.options))
    found = api.describe(place, split="validation", use_cache=False).as_dict()
    products = " + ".join(f"{shop['products']:,}" for shop in found["shops"])
    validation = ("pairs", "validation")
    pairs = next(t["rows"] for t in found["tables"] if (t["table"], t["split"]) == validation)
    cells = [cell(list(rooms(found, *what))) for what in CHECKED]
    return f"| {choice.name} | {products} | {pairs:,} | {' | '.join(cells)} | {membership(place)} |"


def rooms(found: dict[str, Any], task: str, variant: str) -> Iterator[dict[str, Any]]:
    yield from (r for r in found["rooms"] if (r["task"], r["variant"]) == (task, variant))


def cell(own: list[dict[str, Any]]) -> str:
    floor, reference, oracle = (
        float(np.mean([r[name]["value"] for r in own])) for name in ("floor", "reference", "oracle")
    )
    low, high = (float(np.mean([r["oracle"][end] for r in own])) for end in ("low", "high"))
    step = float(np.mean([r["detectable"] for r in own]))
    return (
        f"{oracle:.4f} [{low:.4f}, {high:.4f}] from {floor:.4f}; {reference:.4f}; {step:.4f}; "
        f"**{(oracle - floor) / step:.1f}**"
    )


def membership(place: Path) -> str:
    """AUC of telling rare baskets that were learned from, as the build measured it."""
    gates = json.loads((place / "privacy_report.json").read_text())["gates"]
    found = next(gate for gate in gates if gate["name"] == "membership")["values"][0]
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


if __name__ == "__main__":
    main()
