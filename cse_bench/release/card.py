"""Render the dataset card: YAML that `load_dataset` reads, then prose from the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa

from cse_bench.extras import require
from cse_bench.release.manifest import Manifest
from cse_bench.release.schema import ALIGNED, ALIGNED_ABOUT, PRODUCTS_ABOUT, TABLES

OFFICIAL = "Cross-shop embeddings"
TEMPLATE = "README.md.j2"
PLOT = "unicity.svg.j2"
BENCHMARK_TEMPLATE = "benchmark.svg.j2"
MODEL_TEMPLATE = "model.md.j2"


@dataclass(frozen=True)
class Published:
    """Where on the Hub a release stands, for its card.

    Attributes
    ----------
    repo : str
        ``ORG/NAME``.
    tag : str
        The tag of this version.
    registered : bool
        Whether it carries ``eval.yaml``.
    """

    repo: str
    tag: str
    registered: bool = False


@dataclass(frozen=True)
class Yardstick:
    """Between what a score lies: one task and variant in one direction.

    Attributes
    ----------
    task, variant, metric, source, target : str
        What is scored.
    n : int
        Queries that count.
    floor, reference, oracle : float
        A random rotation, ``procrustes`` on all train pairs, the dictionary of every pair.
    discriminative : bool
        Whether the oracle stands clear of the floor.
    """

    task: str
    variant: str
    metric: str
    source: str
    target: str
    n: int
    floor: float
    reference: float
    oracle: float
    discriminative: bool


def render_card(
    manifest: Manifest,
    tables: dict[str, pa.Table],
    privacy: dict[str, Any] | None = None,
    *,
    report: dict[str, Any] | None = None,
    published: Published | None = None,
    benchmark: tuple[Yardstick, ...] = (),
) -> str:
    """The text of the release's ``README.md``.

    Parameters
    ----------
    manifest : Manifest
        The release.
    tables : dict of str to Arrow table
        Its tables by path.
    privacy : dict, optional
        What ``privacy_report.json`` holds; the card says so where there is none.
    report : dict, optional
        What ``build_report.json`` holds.
    published : Published, optional
        Where on the Hub it stands; a folder is loaded by its own name.
    benchmark : tuple of Yardstick
        Between what scores lie; empty for a card without.

    Returns
    -------
    str
        YAML front matter and Markdown.
    """
    yaml = require("yaml", "build", "writing a dataset card")
    template = _template(TEMPLATE)
    header = yaml.safe_dump(_front_matter(manifest, tables), sort_keys=False, allow_unicode=True)
    about = {"products": PRODUCTS_ABOUT, ALIGNED: ALIGNED_ABOUT} | {
        name: t.about for name, t in TABLES.items()
    }
    configs = _by_config(manifest)
    text: str = template.render(
        header=header.strip(),
        manifest=manifest,
        about=about,
        configs=configs,
        privacy=privacy,
        report=report or {},
        published=published,
        benchmark=benchmark,
        found=_found,
    )
    return text.rstrip() + "\n"


def _found(gate: dict[str, Any]) -> str:
    """The reading that is nearest to its limit, or the first two of what is only reported."""
    values = gate["values"]
    if not values:
        return "–"
    limited = [value for value in values if value["limit"] is not None]
    shown = [max(limited, key=_pressure)] if limited else values[:2]
    told = (f"{value['what']}: {_with_interval(value)}{_limit(value)}" for value in shown)
    return "; ".join(told).replace("|", "∣")


def _limit(value: dict[str, Any]) -> str:
    """What must hold, in figures: a limit may follow from the number of rows."""
    if value["limit"] is None:
        return ""
    return f" ({'at least' if value['at_least'] else 'at most'} {value['limit']:.3g})"


def _pressure(value: dict[str, Any]) -> float:
    """How near a reading is to its limit, or how far beyond."""
    if value["at_least"]:
        return float(value["limit"] / max(value["value"], 1e-9))
    return float((value["value"] + 1e-9) / (value["limit"] + 1e-9))


def _with_interval(value: dict[str, Any]) -> str:
    text = f"{value['value']:.4g}"
    if value["low"] is not None and value["high"] is not None:
        text += f" [{value['low']:.3g}, {value['high']:.3g}]"
    return text


def render_unicity(privacy: dict[str, Any]) -> str | None:
    """The card's plot, as SVG: the gate ``unicity``; None where it did not apply."""
    found = next(gate["values"] for gate in privacy["gates"] if gate["name"] == "unicity")
    if not found:
        return None
    text: str = _template(PLOT).render(bars=found)
    return text.strip() + "\n"


def render_model_card(
    aligner: dict[str, Any], release: dict[str, Any], values: dict[str, str]
) -> str:
    """The card of an aligner's repository.

    Parameters
    ----------
    aligner : dict
        As a result records it.
    release : dict
        Likewise; with its repository and revision.
    values : dict of str to str
        Track → gap closed.
    """
    yaml = require("yaml", "build", "writing a card")
    header = {
        **({"license": aligner["licence"].lower()} if aligner["licence"] else {}),
        "library_name": "cse-bench",
        "tags": ["embedding-alignment", "product-embeddings"],
        "datasets": [release["repo"]],
    }
    text: str = _template(MODEL_TEMPLATE).render(
        header=yaml.safe_dump(header, sort_keys=False, allow_unicode=True).strip(),
        aligner=aligner,
        release=release,
        values=values,
    )
    return text.rstrip() + "\n"


def render_benchmark(benchmark: tuple[Yardstick, ...]) -> str | None:
    """A plot of floor, reference and oracle, as SVG; None where there is nothing to show."""
    if not benchmark:
        return None
    text: str = _template(BENCHMARK_TEMPLATE).render(rows=benchmark)
    return text.strip() + "\n"


def _template(name: str) -> Any:
    """A template: beside the package in a checkout, inside it in a wheel."""
    jinja2 = require("jinja2", "build", "writing a dataset card")
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    inside = resources.files("cse_bench").joinpath("dataset_card", name)
    if inside.is_file():
        return environment.from_string(inside.read_text(encoding="utf-8"))
    beside = Path(__file__).resolve().parents[2] / "dataset_card" / name
    return environment.from_string(beside.read_text(encoding="utf-8"))


def _by_config(manifest: Manifest) -> dict[str, dict[str, str]]:
    """Config → split → path."""
    configs: dict[str, dict[str, str]] = {}
    for path in manifest.files:
        config, file = path.split("/")
        configs.setdefault(config, {})[file.removesuffix(".parquet")] = path
    return configs


def _front_matter(manifest: Manifest, tables: dict[str, pa.Table]) -> dict[str, Any]:
    """The YAML header.

    Each config's description carries the digests of its files: `datasets` keys its cache of a
    local folder by the folder's name and this header, so a header that never changed would serve
    a rebuilt folder's old rows.
    """
    from datasets import DatasetInfo, Features, SplitDict, SplitInfo

    configs, infos = [], []
    for config, splits in _by_config(manifest).items():
        digests = ",".join(manifest.files[path].sha256[:16] for path in splits.values())
        configs.append(
            {
                "config_name": config,
                "description": f"sha256:{digests}",
                "data_files": [{"split": s, "path": path} for s, path in splits.items()],
            }
            | ({"default": True} if config == "products" else {})
        )
        split_infos = SplitDict()
        for split, path in splits.items():
            table = tables[path]
            split_infos.add(SplitInfo(split, num_bytes=table.nbytes, num_examples=table.num_rows))
        features = Features.from_arrow_schema(tables[next(iter(splits.values()))].schema)
        info = DatasetInfo(config_name=config, features=features, splits=split_infos)
        infos.append({"config_name": config} | info._to_yaml_dict())
    return {
        "license": manifest.licence,
        "pretty_name": OFFICIAL if manifest.name == "cross-shop-embeddings" else manifest.name,
        **({"language": ["en"]} if manifest.build["log"] == "completejourney" else {}),
        "tags": ["product-embeddings", "embedding-alignment", "e-commerce", "zero-shot"],
        "configs": configs,
        "dataset_info": infos,
    }
