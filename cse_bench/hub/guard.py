"""What may not be published is not: licence, consent, and privacy gates. No option overrides it."""

from __future__ import annotations

from cse_bench.errors import InputError
from cse_bench.privacy.base import Subject
from cse_bench.privacy.registry import GATES
from cse_bench.privacy.report import PrivacyReport, examine, read_report
from cse_bench.release.manifest import PRIVACY_REPORT, Manifest
from cse_bench.release.read import Release

CONSENTS = ("consent", "public")
"""On what basis gold pairs may be shown: both shops' consent, which a build records, or because
what they say is public already."""

AGAIN = "build the release again with this version of cse-bench"


def guard(release: Release) -> PrivacyReport:
    """Refuse a release that may not be made public.

    What the build reported must be there for every gate, of just these tables, and with none
    failed; and what needs neither log nor key is measured again, since a report is only a file.

    Parameters
    ----------
    release : Release
        Verified against its manifest.

    Returns
    -------
    PrivacyReport
        The build's.

    Raises
    ------
    InputError
        Saying which rule is broken.
    """
    manifest = release.manifest
    _allowed(manifest)
    report = read_report(release.path, manifest.fingerprint)
    if report is None:
        raise InputError(
            f"{release.path} has no {PRIVACY_REPORT}: nobody knows what it tells of its shoppers",
            AGAIN,
        )
    waivers = manifest.build.get("waivers", {})
    found = {gate.name: gate for gate in report.gates}
    for name in GATES:
        if name not in found or found[name].verdict in ("not checked", "by the build"):
            raise InputError(f"the privacy gate {name!r} is unreported", AGAIN)
        if found[name].verdict == "waived" and name not in waivers:
            raise InputError(f"the privacy gate {name!r} is waived, but not by the manifest", AGAIN)
    now = examine(Subject(release, None), waivers, earlier=report)
    failed = sorted({gate.name for gate in (*report.failed, *now.failed)})
    if failed:
        raise InputError(
            f"the release fails its privacy gates: {', '.join(failed)}",
            f"cse-bench audit {release.path} says why",
        )
    return report


def _allowed(manifest: Manifest) -> None:
    """Licence and consent."""
    if not manifest.redistributable:
        raise InputError(
            f"{manifest.name} may not be passed on (redistributable: false, {manifest.licence})",
            "its licence forbids it, so there is no option for it",
        )
    has_pairs = any(path.startswith(("pairs/", "rendered/")) for path in manifest.files)
    if has_pairs and manifest.pairs_basis not in CONSENTS:
        raise InputError(
            f"{manifest.name} holds gold pairs without both shops' recorded consent",
            "build it without pairs, or, if both shops consent, with --pairs-basis consent",
        )
