"""prod2vec by skip-gram."""

from __future__ import annotations

from typing import ClassVar

from cse_bench.trainers.word2vec import Word2vec


class Prod2vecSgns(Word2vec):
    """Skip-gram: from a product those around it, one by one.

    Parameters are those of `Word2vec`.

    References
    ----------
    Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space", section
    3.2, with negative sampling as in Mikolov et al. 2013b.
    """

    name = "prod2vec-sgns"
    description = "word2vec skip-gram over sessions (gensim)"
    SKIP_GRAM: ClassVar[int] = 1
