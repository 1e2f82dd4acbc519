"""Content vectors from catalogue text."""

from __future__ import annotations

import numpy as np

from cse_bench.errors import InputError
from cse_bench.metrics.cosine import unit
from cse_bench.types import Matrix

MAX_DIMENSIONS = 64


def given_vectors(vectors: list[list[float] | None]) -> Matrix:
    """Content vectors of the log's own, scaled to unit length; a row of zeros where there is none.

    Raises
    ------
    InputError
        If they differ in length, or hold what is no number.
    """
    widths = {len(v) for v in vectors if v is not None}
    if len(widths) != 1:
        raise InputError(
            f"the catalogue's content vectors have {len(widths)} lengths: {sorted(widths)[:5]}",
            "all shops' content vectors must come from one model",
        )
    c = widths.pop()
    matrix = np.array([v if v is not None else [0.0] * c for v in vectors], dtype=np.float32)
    if not np.isfinite(matrix).all():
        raise InputError("the catalogue's content vectors hold NaN or infinity")
    return unit(matrix)


def content_vectors(titles: list[str | None], *, random_state: int) -> Matrix | None:
    """Describe products by their catalogue text: TF-IDF, truncated SVD, unit length.

    Parameters
    ----------
    titles : list of str or None
        Text of each product; equal texts get equal vectors.
    random_state : int
        Seed of the randomised SVD.

    Returns
    -------
    ndarray of shape (n, c), float32, or None
        ``c = min(64, distinct texts - 1, distinct words - 1)``; a row of zeros where there is no
        text; None where there is not enough text for two dimensions.

    References
    ----------
    Deerwester et al. 1990, "Indexing by Latent Semantic Analysis".
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts, row_of = np.unique([title or "" for title in titles], return_inverse=True)
    vectorizer = TfidfVectorizer(sublinear_tf=True, dtype=np.float64)
    try:
        weights = vectorizer.fit_transform(texts)
    except ValueError:  # an empty vocabulary
        return None
    c = min(MAX_DIMENSIONS, weights.shape[0] - 1, weights.shape[1] - 1)
    if c < 2:
        return None
    reduced = TruncatedSVD(c, n_iter=7, random_state=random_state).fit_transform(weights)
    norms = np.linalg.norm(reduced, axis=1, keepdims=True)
    scaled = np.divide(reduced, norms, out=np.zeros_like(reduced), where=norms > 0)
    return np.asarray(scaled, dtype=np.float32)[row_of]
