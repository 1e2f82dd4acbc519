"""Which request goes where: one line each."""

from __future__ import annotations

import re

from tests.hub_server import discussing, reading, writing

_REPO = r"/api/(?P<kind>models|datasets|spaces)/(?P<name>[^/]+/[^/]+)"
_FILES = r"/(?:(?P<kind>datasets|spaces)/)?(?P<name>[^/]+/[^/]+)"
_OF = {
    "REPO": _REPO,
    "GIT": _FILES + r"\.git/info/lfs",
    "FILES": _FILES,
    "REV": r"(?P<revision>[^/]+)",
    "NUM": r"(?P<num>\d+)",
    "OID": r"(?P<oid>[0-9a-f]{64})",
}

_TABLE = [
    ("GET", "/api/whoami-v2", reading.whoami),
    ("POST", "/api/repos/create", writing.create),
    ("POST", "/api/validate-yaml", writing.validate_yaml),
    ("POST", "REPO/preupload/REV", writing.preupload),
    ("POST", "GIT/objects/batch", writing.lfs_batch),
    ("PUT", "/lfs/upload/OID", writing.lfs_put),
    ("POST", "/lfs/verify/OID", writing.lfs_verify),
    ("GET", "REPO/xet-write-token/REV", writing.xet_token),
    ("GET", "REPO/xet-read-token/REV", reading.xet_token),
    ("POST", "REPO/commit/REV", writing.commit),
    ("POST", "REPO/tag/REV", writing.tag),
    ("GET", "REPO/refs", reading.refs),
    ("GET", "REPO", reading.info),
    ("GET", "REPO/revision/REV", reading.info),
    ("GET", "REPO/tree/REV", reading.tree),
    ("GET", "REPO/tree/REV/(?P<folder>.+)", reading.tree),
    ("POST", "REPO/paths-info/REV", reading.paths_info),
    ("GET", "REPO/commits/REV", reading.commits),
    ("GET", "REPO/discussions", discussing.listed),
    ("POST", "REPO/discussions", discussing.opened),
    ("GET", "REPO/discussions/NUM", discussing.details),
    ("POST", "REPO/discussions/NUM/status", discussing.status),
    ("POST", "REPO/discussions/NUM/comment", discussing.comment),
    ("POST", "REPO/discussions/NUM/merge", discussing.merge),
    ("HEAD", "FILES/resolve/REV/(?P<path>.+)", reading.resolve),
    ("GET", "FILES/resolve/REV/(?P<path>.+)", reading.resolve),
    ("HEAD", "/lfs/OID", reading.large_file),
    ("GET", "/lfs/OID", reading.large_file),
]


def _pattern(text: str) -> re.Pattern[str]:
    for word, expression in _OF.items():
        text = re.sub(rf"\b{word}\b", lambda _, e=expression: e, text)
    return re.compile(text)


ROUTES = [(method, _pattern(text), route) for method, text, route in _TABLE]
"""Method, pattern of the path, function."""
