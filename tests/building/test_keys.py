"""Keys: orders and numbers that nobody can guess, and a key that never shows."""

import pickle

import numpy as np
import pytest

from cse_bench.building.keys import MERSENNE_31, Key, split_users
from cse_bench.errors import InputError

KEY = Key(bytes(range(32)))
OTHER = Key(bytes(range(1, 33)))
USERS = [f"user {i}" for i in range(1000)]


def test_orders_are_permutations_that_depend_on_key_and_purpose():
    messages = [(u,) for u in USERS]
    orders = [k.order(p, messages) for k, p in [(KEY, "a"), (KEY, "b"), (OTHER, "a")]]
    for order in orders:
        assert sorted(order) == list(range(1000))
    for a in range(3):
        for b in range(a):
            assert abs(np.corrcoef(orders[a], orders[b])[0, 1]) < 0.15


def test_parts_of_a_message_are_kept_apart():
    assert KEY.digests("x", [("ab", "c")]) != KEY.digests("x", [("a", "bc")])


def test_residues_fit_exact_arithmetic():
    residues = KEY.residues("x", [(u,) for u in USERS])
    assert residues.min() >= 1
    assert residues.max() < MERSENNE_31


def test_users_are_split_70_10_20():
    split = split_users(USERS, KEY)
    assert [split.count(s) for s in ("train", "validation", "test")] == [700, 100, 200]
    assert split == split_users(USERS, KEY)
    assert split != split_users(USERS, OTHER)


def test_a_key_never_shows(tmp_path):
    assert "00" not in repr(KEY)
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    (tmp_path / "short").write_bytes(b"secret")
    with pytest.raises(InputError, match="32 bytes") as error:
        Key.from_file(tmp_path / "short")
    assert "secret" not in str(error.value)
    with pytest.raises(InputError, match="cannot read"):
        Key.from_file(tmp_path / "absent")


def test_fresh_keys_differ():
    assert Key.from_file(None).seed("x") != Key.from_file(None).seed("x")


def test_a_key_file_that_is_not_random_is_refused(tmp_path):
    (tmp_path / "key").write_bytes(bytes(32))
    with pytest.raises(InputError, match="is not random"):
        Key.from_file(tmp_path / "key")
    (tmp_path / "key").write_bytes(bytes(range(32)))
    assert Key.from_file(tmp_path / "key").seed("x") == Key(bytes(range(32))).seed("x")
