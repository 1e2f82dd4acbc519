"""All gates, in the order in which they are shown: one line each."""

from __future__ import annotations

from cse_bench.privacy.base import Gate
from cse_bench.privacy.ids import ID_ORDER, IDS
from cse_bench.privacy.membership import MEMBERSHIP
from cse_bench.privacy.order import ROW_ORDER, SHUFFLED
from cse_bench.privacy.queries import QUERY_SUPPORT, QUERY_TEXT
from cse_bench.privacy.recognition import CATALOGUE, EMBEDDINGS, OTHER_LOG
from cse_bench.privacy.rows import LENGTH, ONE_ROW, ROWS_PER_USER
from cse_bench.privacy.schema import RAW_VALUES, SCHEMA
from cse_bench.privacy.support import SUPPORT, TRAIN_ONLY
from cse_bench.privacy.unicity import UNICITY

GATES: dict[str, Gate] = {
    gate.name: gate
    for gate in (
        IDS,
        ID_ORDER,
        ROW_ORDER,
        SCHEMA,
        RAW_VALUES,
        SUPPORT,
        TRAIN_ONLY,
        QUERY_TEXT,
        QUERY_SUPPORT,
        ONE_ROW,
        LENGTH,
        ROWS_PER_USER,
        SHUFFLED,
        UNICITY,
        MEMBERSHIP,
        CATALOGUE,
        OTHER_LOG,
        EMBEDDINGS,
    )
}
