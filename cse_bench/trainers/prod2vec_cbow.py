"""prod2vec by continuous bag of words."""

from __future__ import annotations

from typing import ClassVar

from cse_bench.trainers.word2vec import Word2vec


class Prod2vecCbow(Word2vec):
    """Continuous bag of words: a product from the mean of those around it.

    Parameters are those of `Word2vec`.

    References
    ----------
    Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space", section
    3.1.
    """

    name = "prod2vec-cbow"
    description = "word2vec CBOW over sessions (gensim)"
    SKIP_GRAM: ClassVar[int] = 0
