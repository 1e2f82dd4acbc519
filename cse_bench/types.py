"""The array types that pass between the parts."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float32]
"""A float32 matrix, one row a product."""

Vector: TypeAlias = NDArray[np.float32]
"""A float32 vector."""

Floats: TypeAlias = NDArray[np.float64]
"""Float64 values: metrics and everything that is summed."""

Ints: TypeAlias = NDArray[np.int64]
"""Row numbers and counts."""
