"""What the tests of reports share: what is scored first, and reading a page."""

from __future__ import annotations

import json
import re

PRIMARY = [
    ("next_event", "rendered", "auc"),
    ("next_event", "real", "auc"),
    ("translation", "cosine", "mrr"),
]


def data_of(text):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', text)[1]
    )


def seen_text(text):
    """What a reader sees, tags and scripts left out."""
    body = re.sub(r"<(script|style).*?</\1>", "", text, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))
