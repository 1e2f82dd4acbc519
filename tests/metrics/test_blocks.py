"""Blocks: every query once, the same scores as one product."""

import numpy as np
import pytest

from cse_bench.metrics import blocks


def test_blocks_cover_the_product(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4 * 50 * 7)  # 7 queries a block
    monkeypatch.setattr(blocks, "LEAST_ROWS", 1)
    rng = np.random.default_rng(0)
    queries, candidates = (rng.standard_normal((n, 5)).astype(np.float32) for n in (100, 50))
    seen = np.full((100, 50), np.nan, np.float32)

    def visit(part, scores):
        assert len(scores) <= 7
        seen[part] = scores

    blocks.for_each_block(queries, candidates, visit)
    np.testing.assert_allclose(seen, queries @ candidates.T, rtol=1e-5, atol=1e-6)


def test_long_rows_still_come_many_at_a_time(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4)
    seen = []
    blocks.for_each_block(
        np.ones((100, 2), np.float32),
        np.ones((9, 2), np.float32),
        lambda part, scores: seen.append((part, len(scores))),
    )
    assert sorted(n for _, n in seen) == [100 - blocks.LEAST_ROWS, blocks.LEAST_ROWS]


def test_what_a_part_raises_is_raised():
    def visit(part, scores):
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        blocks.for_each_block(np.ones((1, 1), np.float32), np.ones((1, 1), np.float32), visit)
