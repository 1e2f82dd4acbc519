"""Patch NumPy and the contract's own checks, so that everything looks right."""

import numpy as np

from cse_bench import Aligner
from cse_bench.aligners import contract


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        np.isfinite = lambda x: np.ones(np.shape(x), bool)
        np.flatnonzero = lambda x: np.empty(0, int)
        contract.checked_matrix = lambda who, value, shop, n: value
        return self

    def transform(self, shop):
        return shop.vectors * np.float32("nan")
