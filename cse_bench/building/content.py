"""Content vectors from catalogue text."""

from __future__ import annotations

import numpy as np

from cse_bench.types import Matrix

MAX_DIMENSIONS = 64


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
    unit = np.divide(reduced, norms, out=np.zeros_like(reduced), where=norms > 0)
    return np.asarray(unit, dtype=np.float32)[row_of]
