"""Blocks: every query once, the same scores as one product."""

import numpy as np

from cse_bench.metrics import blocks


def test_blocks_cover_the_product(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4 * 50 * 7)  # 7 queries a block
    rng = np.random.default_rng(0)
    queries, candidates = (rng.standard_normal((n, 5)).astype(np.float32) for n in (100, 50))
    seen = np.full((100, 50), np.nan, np.float32)

    def visit(part, scores):
        assert len(scores) <= 7
        seen[part] = scores

    blocks.for_each_block(queries, candidates, visit)
    np.testing.assert_allclose(seen, queries @ candidates.T, rtol=1e-5, atol=1e-6)
