"""One run of an aligner: fitted and scored, or found in the cache."""

from __future__ import annotations

from cse_bench.aligners.base import Evidence
from cse_bench.aligners.source import AlignerSource
from cse_bench.harness.cache import extras_of, run_key
from cse_bench.harness.direction import Direction
from cse_bench.harness.evaluation import Run
from cse_bench.harness.sandbox.fit import Way
from cse_bench.harness.tracks import Track


def fit_and_score(
    aligner: AlignerSource,
    direction: Direction,
    track: Track,
    evidence: Evidence,
    run: int,
    seeds: int,
    way: Way,
    *,
    keep: bool = False,
    full: bool = True,
) -> Run:
    """Make and score one run, or take it from the cache.

    Parameters
    ----------
    aligner : AlignerSource
        The aligner.
    direction : Direction
        Where.
    track : Track
        Which track it is a run of.
    evidence : Evidence
        What the run is shown of it.
    run : int
        Its number: draw ``run % track.draws``, seed ``run % seeds``.
    seeds : int
        Seeds of a stochastic aligner; any other has seed 0.
    way : Way
        How it is run, and which cache.
    keep : bool
        Whether to keep the aligned vectors; such a run is always made anew.
    full : bool
        See `PreparedTask.score`; a full run has a diagnosis too.

    Returns
    -------
    Run
    """
    seed = run % seeds if aligner.info.stochastic else 0
    key = run_key(
        release=direction.release.manifest.fingerprint,
        split=direction.split,
        direction=[direction.source, direction.target],
        aligner=aligner.code_sha256(),
        extras=extras_of(aligner.text),
        parameters=aligner.parameters(),
        uses=sorted(aligner.info.uses),
        track=[track.name, track.n_pairs, track.draws],
        run=run,
        seed=seed,
        full=full,
        isolation=way.isolation,
        threads=way.threads,
    )
    known = None if keep else way.cache.load(key)
    if known is not None:
        own = (track.name, direction.source, direction.target, run % track.draws, seed)
        return Run(*own, *known)
    fit = way.fit(aligner, seed, direction, evidence, run)
    scores = direction.score(fit.aligned, full=full)
    diagnosis = direction.diagnose(fit.aligned) if full else None
    way.cache.save(key, fit.seconds, fit.peak_rss, scores, diagnosis)
    return Run(
        track=track.name,
        source=direction.source,
        target=direction.target,
        draw=run % track.draws,
        seed=seed,
        seconds=fit.seconds,
        peak_rss=fit.peak_rss,
        scores=scores,
        diagnosis=diagnosis,
        aligned=fit.aligned if keep else None,
    )
