"""Fake the shape of what is returned, so that one row passes for all."""

import numpy as np

from cse_bench import Aligner
from cse_bench.aligners import contract


class Faked(np.ndarray):
    shape = property(lambda self: (300, 4000))

    def __len__(self):
        return 300


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        contract.checked_matrix = lambda who, value, shop, n: value
        return self

    def transform(self, shop):
        return np.ones(8, np.float32).view(Faked)

    transform_target = transform
