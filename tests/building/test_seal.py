"""The sealed release: hidden, other than the public one, and opened only by its own salt."""

from __future__ import annotations

import json

import pytest

import cse_bench
from cse_bench import api
from cse_bench.errors import InputError, ReleaseError
from cse_bench.release.seal import SEAL, check_seal
from tests.conftest import need

OPTIONS = {"size": 20_000, "products": 300, "categories": 20}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    need("ibis")
    directory = tmp_path_factory.mktemp("seal")
    api.build(
        "synthetic", directory / "open", log_options=OPTIONS, min_users=3, dimensions=8,
        sealed_out=directory / "hidden", commit=True,
    )  # fmt: skip
    return directory


def test_the_public_release_commits_to_the_hidden_one(place):
    public, sealed = (cse_bench.load_release(place / n) for n in ("open", "hidden"))
    check_seal(place / "hidden", sealed.manifest, public.manifest)
    seal = json.loads((place / "hidden" / SEAL).read_text())
    assert seal["commitment"] == public.manifest.sealed_commitment
    told = "".join(p.read_text() for p in (place / "open").glob("*.*"))
    assert seal["salt"] not in told
    assert seal["fingerprint"] not in told
    assert not sealed.manifest.redistributable
    assert sealed.manifest.fingerprint != public.manifest.fingerprint


def test_nothing_but_the_log_is_shared(place):
    """Fresh key: other users are held out, so other products are supported, under other ids."""
    public, sealed = (cse_bench.load_release(place / n) for n in ("open", "hidden"))
    for shop in public.shops:
        ours, theirs = public.shops[shop], sealed.shops[shop]
        assert len(ours) != len(theirs) or not (ours.popularity == theirs.popularity).all()


def test_another_salt_or_release_does_not_open_it(place, tmp_path):
    public, sealed = (cse_bench.load_release(place / n) for n in ("open", "hidden"))
    with pytest.raises(ReleaseError, match="is not the sealed release"):
        check_seal(place / "hidden", public.manifest, public.manifest)
    with pytest.raises(ReleaseError, match="commits to no sealed release"):
        check_seal(place / "hidden", sealed.manifest, sealed.manifest)
    (tmp_path / SEAL).write_text('{"salt": "00"}')
    with pytest.raises(ReleaseError, match="is not the sealed release"):
        check_seal(tmp_path, sealed.manifest, public.manifest)
    (tmp_path / SEAL).write_text("{}")
    with pytest.raises(ReleaseError, match="holds no salt"):
        check_seal(tmp_path, sealed.manifest, public.manifest)


def test_what_cannot_be_sealed_is_refused(tmp_path):
    with pytest.raises(InputError, match="no sealed release to commit to"):
        api.build("synthetic", tmp_path / "open", commit=True)
    with pytest.raises(InputError, match="is to be public"):
        api.build("synthetic", tmp_path / "open", sealed_out=tmp_path / "open" / "hidden")
    with pytest.raises(InputError, match="none to seal"):
        api.build(
            "coveo", tmp_path / "open", sealed_out=tmp_path / "hidden",
            log_options={"archive": tmp_path / "a.zip"},
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []
