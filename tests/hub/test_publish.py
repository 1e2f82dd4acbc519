"""Publishing: what may not be is not, the plan, doing it twice, pull requests, the card."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import yaml

from cse_bench import api
from cse_bench.errors import InputError, ReleaseError
from cse_bench.hub.client import Hub
from cse_bench.hub.guard import guard
from cse_bench.hub.plan import DATASET
from cse_bench.hub.publish import carry_out
from cse_bench.hub.rendering import check_card, read_yardsticks
from cse_bench.privacy.registry import GATES
from cse_bench.release.croissant import check_croissant
from cse_bench.release.read import read_release
from tests.hub.conftest import TOKEN, run, settings


@pytest.fixture
def copy(built, tmp_path):
    """A copy of the small release, to be spoilt."""
    directory = tmp_path / "copy"
    shutil.copytree(built.path, directory)
    return directory


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_gate(directory, name, **changes):
    path = directory / "privacy_report.json"
    report = json.loads(path.read_text())
    gates = [gate | (changes if gate["name"] == name else {}) for gate in report["gates"]]
    edit(path, gates=gates)


def not_redistributable(directory):
    edit(directory / "manifest.json", redistributable=False)
    return "may not be passed on"


def no_consent(directory):
    edit(directory / "manifest.json", pairs_basis=None)
    return "without both shops' recorded consent"


def no_report(directory):
    (directory / "privacy_report.json").unlink()
    return "has no privacy_report.json"


def report_of_another(directory):
    edit(directory / "privacy_report.json", fingerprint="0" * 64)
    return "is of another release"


def failed_gate(directory):
    edit_gate(directory, "membership", verdict="failed")
    return "fails its privacy gates: membership"


def unreported_gate(directory):
    edit_gate(directory, "support", verdict="not checked")
    return "the privacy gate 'support' is unreported"


def dropped_gate(directory):
    path = directory / "privacy_report.json"
    gates = [g for g in json.loads(path.read_text())["gates"] if g["name"] != "unicity"]
    edit(path, gates=gates)
    return "the privacy gate 'unicity' is unreported"


def waived_by_hand(directory):
    manifest = json.loads((directory / "manifest.json").read_text())
    assert "train-only" not in manifest["build"]["waivers"]
    edit_gate(directory, "train-only", verdict="waived")
    return "is waived, but not by the manifest"


def gate_that_fails_now(directory):
    """The report says all is well; the files do not."""
    (directory / "raw-log.csv").write_text("user,product\n")
    return "fails its privacy gates: schema"


SPOILT = [
    not_redistributable,
    no_consent,
    no_report,
    report_of_another,
    failed_gate,
    unreported_gate,
    dropped_gate,
    waived_by_hand,
    gate_that_fails_now,
]


@pytest.mark.parametrize("spoil", SPOILT)
def test_what_may_not_be_published_is_not(server, hub, copy, repo, spoil):
    message = spoil(copy)
    asked = len(server.requests)
    with pytest.raises(InputError, match=re.escape(message)):
        api.publish(copy, repo, hub=hub)
    assert server.requests[asked:] == [], "the Hub was asked all the same"


def test_the_embedded_release_may_be_published(release):
    assert {gate.name for gate in guard(release).gates} == set(GATES)


def test_no_option_overrides_the_licence(server, copy, repo, tmp_path):
    not_redistributable(copy)
    flags = ("--private", "--create-pr", "--register-benchmark", "--dry-run")
    done = run("publish", copy, "--repo", repo, *flags, env=settings(server, tmp_path))
    assert done.returncode == 2
    assert "may not be passed on" in done.stderr


@pytest.fixture(scope="module")
def published(server, built, scored, tmp_path_factory):
    """The small release, published by the command; its plan was shown before."""
    place = tmp_path_factory.mktemp("published")
    env = settings(server, place)
    arguments = ("publish", built.path, "--repo", "org/once", "--register-benchmark")
    arguments += ("--results", scored)
    planned = run(*arguments, "--dry-run", env=env)
    assert planned.returncode == 0, planned.stderr
    assert (DATASET, "org/once") not in server.store.repos, "a dry run changed something"
    done = run(*arguments, env=env)
    assert done.returncode == 0, done.stderr
    return env, planned.stdout, done.stdout


def test_the_plan_names_every_file_and_its_size(server, built, published):
    _, planned, said = published
    found = server.store.repos[DATASET, "org/once"].resolve(f"v{built.manifest.version}")
    uploaded = {p: e for p, e in found.files.items() if p != ".gitattributes"}
    for path, entry in uploaded.items():
        assert f"{entry.size:,} B  {path}" in planned
    assert set(built.manifest.files) <= set(uploaded)
    assert f"{sum(e.size for e in uploaded.values()):,} B  in all" in planned
    assert "create the public repository" in planned
    assert "dry run: nothing was changed" in planned
    assert f"v{built.manifest.version} at {found.oid[:12]}" in said


def test_publishing_twice_is_nothing_to_do(server, built, scored, published):
    env, _, _ = published
    before = dict(server.store.repos[DATASET, "org/once"].refs)
    flags = ("--register-benchmark", "--results", scored)
    done = run("publish", built.path, "--repo", "org/once", *flags, env=env)
    assert done.returncode == 0, done.stderr
    assert "nothing to do: org/once" in done.stdout
    assert server.store.repos[DATASET, "org/once"].refs == before


def test_a_dry_run_without_token_or_network_shows_what_is_known(server, built, scored, tmp_path):
    arguments = ("publish", built.path, "--repo", "org/later", "--results", scored, "--dry-run")
    done = run(*arguments, env=settings(server, tmp_path, token=None))
    assert done.returncode == 0, done.stderr
    assert "create the public repository" in done.stdout
    assert "publishing needs a token" in done.stdout
    nobody = Hub("http://127.0.0.1:9", TOKEN)
    planned = api.publish(built.path, "org/later", results=scored, dry_run=True, hub=nobody)
    assert "the Hub was not asked: nobody answers" in planned.said
    assert planned.plan.state == "unknown"


def test_results_of_another_release_are_refused(release, built, scored, repo):
    primary = {("next_event", "rendered"): "auc"}
    assert len(read_yardsticks(scored, built.manifest, primary)) == 2
    with pytest.raises(InputError, match="is about another release"):
        read_yardsticks(scored, release.manifest, primary)
    with pytest.raises(InputError, match="there is no file"):
        read_yardsticks(scored.parent, built.manifest, primary)


def test_the_card_has_all_its_parts(server, built, published):
    store = server.store.repos[DATASET, "org/once"].resolve("main").files
    card = server.bytes_of(store["README.md"]).decode()
    for heading in (
        "Motivation",
        "Composition",
        "Collection",
        "Preprocessing",
        "Uses",
        "Distribution",
        "Maintenance",
    ):
        assert f"\n### {heading}\n" in card
    assert "\n## Privacy\n" in card
    assert "license: cc0-1.0" in card
    assert "bianchi2020fantastic" in card
    assert built.manifest.citation in card
    assert 'load_dataset("org/once", revision="v' in card
    rows = re.findall(r"^\| `(\w+)` \| \w+ \| \w+ \| SHOP\d → SHOP\d \|.*\|$", card, flags=re.M)
    assert len(rows) >= 6
    assert {"next_event", "translation"} <= set(rows)
    assert "allow-list" in card
    assert "benchmark.svg" in card
    svg = server.bytes_of(store["benchmark.svg"]).decode()
    assert svg.count("<circle") == 2 * len(rows)
    assert "{{" not in card + svg


def test_the_benchmark_is_registered_only_if_asked(server, hub, staged, repo, published):
    files = server.store.repos[DATASET, "org/once"].resolve("main").files
    described = yaml.safe_load(server.bytes_of(files["eval.yaml"]))
    assert [task["id"] for task in described["tasks"]] == list(api.catalogue()["tracks"])
    assert all((t["config"], t["split"]) == ("rendered", "test") for t in described["tasks"])
    carry_out(hub, staged.to(repo), staged.manifest)
    assert "eval.yaml" not in server.store.repos[DATASET, repo].resolve("main").files


def test_a_pull_request_is_opened_once_and_tagged_once_merged(server, hub, staged, repo):
    plan = staged.to(repo, create_pr=True)
    opened = carry_out(hub, plan, staged.manifest)
    assert opened.commit is None
    assert opened.url.endswith(f"/datasets/{repo}/discussions/1")
    again = carry_out(hub, plan, staged.manifest)
    assert "nothing to do: a pull request" in again.said
    found = server.store.repos[DATASET, repo]
    assert set(found.refs) == {"refs/heads/main", "refs/pr/1"}
    found.merge(1, "me")
    done = carry_out(hub, plan, staged.manifest)
    assert found.refs["refs/tags/v1.0.0"] == done.commit == found.refs["refs/heads/main"]


def test_a_new_version_takes_the_place_of_the_old_one(server, hub, staged, staged_next, repo):
    carry_out(hub, staged.to(repo), staged.manifest)
    found = server.store.repos[DATASET, repo]
    head = found.resolve("main")
    found.add_commit(
        "refs/heads/main",
        head.oid,
        head.files
        | {"croissant.json": server.store.put(b"{}"), "benchmark.svg": server.store.put(b"")},
        "by hand",
        "me",
    )
    done = carry_out(hub, staged_next.to(repo, tag="v2.0.0"), staged_next.manifest)
    assert "benchmark.svg" in done.plan.stale, "what the new version lacks is left there"
    assert set(found.resolve("v2.0.0").files) == {
        ".gitattributes",
        *(file.path for file in staged_next.plan.files),
    }
    assert found.resolve("v1.0.0").oid == head.oid


def test_wrong_cards_and_croissants_are_found(staged, tmp_path):
    card = (staged.stage / "README.md").read_text()
    check_card(card, staged.manifest)
    for wrong in (
        card.replace("license: cc0-1.0", "license: mit"),
        card.replace("num_examples: ", "num_examples: 1", 1),
        card.replace("path: pairs/test.parquet", "path: pairs/tset.parquet"),
        card.replace("configs:", "configs: ]", 1),
    ):
        assert wrong != card
        with pytest.raises(ReleaseError):
            check_card(wrong, staged.manifest)
    text = (staged.stage / "croissant.json").read_text()
    path = tmp_path / "croissant.json"
    digest = staged.manifest.files["pairs/test.parquet"].sha256
    for change, message in (
        (('"column": "left_id"', '"column": "left"'), "cannot be read"),
        ((digest, "0" * 64), "other files or digests"),
        (('"name": "right_id"', '"name": "right_id", "extra": ['), "Expecting"),
    ):
        assert change[0] in text
        path.write_text(text.replace(*change))
        with pytest.raises((ReleaseError, ValueError), match=message):
            check_croissant(path, staged.stage, staged.manifest)
    whole = json.loads(text)
    pairs = next(table for table in whole["recordSet"] if table["@id"] == "pairs/test")
    pairs["field"].pop()
    path.write_text(json.dumps(whole))
    with pytest.raises(ReleaseError, match="pairs/test has other records than its table"):
        check_croissant(path, staged.stage, staged.manifest)
    entry = staged.manifest.files["pairs/test.parquet"]
    files = staged.manifest.files | {
        "pairs/test.parquet": entry.model_copy(update={"rows": entry.rows + 1})
    }
    path.write_text(text)
    with pytest.raises(ReleaseError, match="another number in the manifest"):
        check_croissant(path, staged.stage, staged.manifest.model_copy(update={"files": files}))


@pytest.mark.parametrize(
    ("renders", "text", "wrong"),
    [
        ("render_card", "license: cc0-1.0", "license: mit"),
        ("render_croissant", '"column": "left_id"', '"column": "left"'),
    ],
)
def test_what_was_rendered_wrongly_is_not_published(
    server, hub, built, scored, repo, monkeypatch, renders, text, wrong
):
    from cse_bench.hub import rendering

    right = getattr(rendering, renders)
    monkeypatch.setattr(
        rendering, renders, lambda *given, **more: right(*given, **more).replace(text, wrong)
    )
    with pytest.raises(ReleaseError):
        api.publish(built.path, repo, results=scored, hub=hub)
    assert (DATASET, repo) not in server.store.repos


def test_evaluate_takes_a_reference_and_records_it_offline_too(server, published, tmp_path):
    env, _, _ = published
    place = ("--release", "org/once@main", "--tracks", "pairs-all", "--no-cache", "-q")
    done = run("evaluate", "procrustes", *place, "--out", tmp_path / "1", env=env)
    assert done.returncode == 0, done.stderr
    asked = len(server.requests)
    offline = env | {"HF_HUB_OFFLINE": "1"}
    done = run("evaluate", "procrustes", *place, "--out", tmp_path / "2", env=offline)
    assert done.returncode == 0, done.stderr
    assert len(server.requests) == asked
    head = server.store.repos[DATASET, "org/once"].resolve("main").oid
    for name in ("1", "2"):
        record = json.loads((tmp_path / name / "result.json").read_text())
        assert record["release"]["repo"] == "org/once"
        assert record["release"]["revision"] == head
    done = run("evaluate", "procrustes", "--release", "org/other", env=offline)
    assert done.returncode == 2
    assert "is not in the Hub's cache, and HF_HUB_OFFLINE is set" in done.stderr


def test_a_downloaded_release_is_whole_and_passes_its_audit(server, hub, published, tmp_path):
    target = api.download(tmp_path / "copy", reference="org/once", hub=hub)
    assert api.download(target, reference="org/once", hub=hub) == target
    assert not api.audit(target).failed
    assert read_release(target).manifest.name == api.EMBEDDED
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="exists already"):
        api.download(tmp_path / "mine", reference="org/once", hub=hub)
    with pytest.raises(InputError, match="names nothing on the Hub"):
        api.download(tmp_path / "x", reference="once", hub=Hub(server.url))


@pytest.mark.parametrize("tag", ["main", "1.0", "v1 0", "refs/heads/x"])
def test_a_tag_is_one_of_a_version(hub, built, repo, tag):
    with pytest.raises(InputError, match="is no version's tag"):
        api.publish(built.path, repo, tag=tag, hub=hub)
