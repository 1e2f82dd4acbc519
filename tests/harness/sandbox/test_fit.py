"""Fits in the sandbox: the same scores as in the open, inputs not copied, limits kept."""

from __future__ import annotations

import os

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from cse_bench import api
from cse_bench.aligners.loading import find_aligner, read_aligner
from cse_bench.aligners.registry import ALIGNERS
from cse_bench.errors import AlignerError
from cse_bench.harness.direction import Direction
from cse_bench.harness.sandbox.backends import BACKENDS
from cse_bench.harness.sandbox.fit import Sandbox, fit_in_the_open
from cse_bench.harness.sandbox.limits import Limits
from cse_bench.harness.sandbox.memory import SealedArrays, fixed_memory, plain
from tests.conftest import need
from tests.harness.sandbox.prey import HOSTILE

TOLERANCE = 1e-6
LIMITS = Limits(seconds=120, threads=1)


@pytest.fixture(scope="module")
def direction(small_release):
    return Direction.prepare(small_release, "validation", "SHOP1", "SHOP2")


@pytest.fixture
def sandbox(backend):
    found = Sandbox(BACKENDS[backend], LIMITS)
    yield found
    found.close()


def means(direction, fit):
    return {
        (task, scored.variant, metric): np.nanmean(values)
        for task, variants in direction.score(fit.aligned).items()
        for scored in variants
        for metric, values in scored.metrics.items()
        if not np.isnan(values).all()
    }


@pytest.mark.parametrize("name", ALIGNERS)
def test_a_reference_aligner_scores_the_same_in_and_out_by_name_and_by_path(
    name, direction, tmp_path
):
    if "gromov" in name:
        need("ot")
    source = find_aligner(name)
    copied = tmp_path / f"{name}.py"
    copied.write_text(source.text)
    with threadpool_limits(LIMITS.threads):  # another number of threads rounds otherwise
        fitted = fit_in_the_open(source, 3, direction, direction.evidence, 0)
    expected = means(direction, fitted)
    # One backend by name and the other by path: both are both, at half the time.
    for backend, given in zip(BACKENDS, (source, read_aligner(copied)), strict=True):
        sandbox = Sandbox(BACKENDS[backend], LIMITS)
        try:
            found = means(direction, sandbox.fit(given, 3, direction, direction.evidence, 0))
        finally:
            sandbox.close()
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert found[key] == pytest.approx(value, abs=TOLERANCE), (backend, key)


LOOK = """
import re
import numpy as np
from cse_bench import Aligner

def refused(array):
    try:
        array.flags.writeable = True
    except ValueError:
        return True

class Looks(Aligner):
    name = "looks"
    uses = frozenset({"pairs", "cross_sessions", "content"})
    def fit(self, source, target, evidence):
        arrays = [source.vectors, target.vectors, source.popularity, target.content]
        arrays += [evidence.pairs, evidence.cross_sessions[0].values]
        for array in arrays:
            owner = array
            while isinstance(owner, np.ndarray):
                assert not owner.flags.owndata and not owner.flags.writeable and refused(owner)
                owner = owner.base
            at = array.__array_interface__["data"][0]
            found = self.mapping(at)
            assert "memfd:inputs" in found[0], found[0]
            assert sum(array) is not None  # every page is touched, and none is its own
            private = [l for l in self.mapping(at) if l.startswith("Anonymous:")]
            assert all(int(l.split()[1]) == 0 for l in private), private
        return self
    def mapping(self, at):
        lines = open("/proc/self/smaps").read().splitlines()
        heads = [i for i, l in enumerate(lines) if re.match("[0-9a-f]+-[0-9a-f]+ ", l)]
        for i in heads:
            low, high = (int(x, 16) for x in lines[i].split()[0].split("-"))
            if low <= at < high:
                return lines[i:i + 24]
    def transform(self, shop):
        return shop.vectors * 2
"""


def test_inputs_are_not_copied_and_are_written_once_a_run(sandbox, direction, tmp_path):
    (tmp_path / "looks.py").write_text(LOOK)
    source = find_aligner(str(tmp_path / "looks.py"))
    for run in (0, 1, 0):
        fit = sandbox.fit(source, 0, direction, direction.evidence, run)
        expected = direction.release.shops["SHOP1"].vectors * 2
        np.testing.assert_array_equal(fit.aligned.source, expected)
    assert list(sandbox._shops) == [(0, True), (1, True)]


THREADS = """
import numpy as np
from cse_bench import Aligner
class Threads(Aligner):
    name = "threads"
    def fit(self, source, target, evidence):
        from sklearn.cluster import KMeans
        from threadpoolctl import threadpool_info
        KMeans(3, n_init=1, random_state=0).fit(source.vectors)
        a = np.ones((1500, 1500))
        (a @ a).sum()
        print([library["num_threads"] for library in threadpool_info()])
        print([line for line in open("/proc/self/status") if line.startswith("Threads")])
        return self
    def transform(self, shop):
        return shop.vectors * 2
"""


def test_a_calibration_may_ask_for_more_threads_than_cores(direction, tmp_path, capfd):
    (tmp_path / "threads.py").write_text(THREADS)
    wanted = 2 * os.cpu_count()
    sandbox = Sandbox(BACKENDS["landlock"], Limits(seconds=60, threads=wanted))
    sandbox.fit(find_aligner(str(tmp_path / "threads.py")), 0, direction, direction.evidence, 0)
    sandbox.close()
    assert f"threads | [{wanted}, {wanted}" in capfd.readouterr().err


def test_libraries_run_on_several_threads(backend, direction, tmp_path, capfd):
    (tmp_path / "threads.py").write_text(THREADS)
    source = find_aligner(str(tmp_path / "threads.py"))
    sandbox = Sandbox(BACKENDS[backend], Limits(seconds=60, threads=2))
    fit = sandbox.fit(source, 0, direction, direction.evidence, 0)
    sandbox.close()
    said = capfd.readouterr().err
    assert "threads | [2, 2" in said
    assert "Threads:\\t1\\n" not in said
    assert "Warning" not in said
    assert 10 << 20 < fit.peak_rss < 2 << 30
    assert 0 < fit.seconds < 60


def test_pot_brings_no_torch_for_a_file_that_names_none(direction, tmp_path, capfd):
    """To import it takes seconds, in every fit."""
    need("ot")
    need("torch")
    look = (
        "        import ot, sys; print('brought:', 'tor' 'ch' in sys.modules)\n        return self"
    )
    for more, brought in (("", False), ("  # of torch", True)):
        path = tmp_path / "transport.py"
        path.write_text(THREADS.replace("        return self", look) + more)
        sandbox = Sandbox(BACKENDS["landlock"], LIMITS)
        sandbox.fit(find_aligner(str(path)), 0, direction, direction.evidence, 0)
        sandbox.close()
        assert f"brought: {brought}" in capfd.readouterr().err


def test_torch_runs(backend, direction, tmp_path):
    need("torch")
    text = THREADS.replace(
        "        return self",
        "        import torch\n"
        "        layer = torch.nn.Linear(4, 4)\n"
        "        step = torch.optim.Adam(layer.parameters())\n"
        "        layer(torch.ones(4)).sum().backward(); step.step()\n"
        "        return self",
    )
    (tmp_path / "torches.py").write_text(text)
    sandbox = Sandbox(BACKENDS[backend], LIMITS)
    source = find_aligner(str(tmp_path / "torches.py"))
    sandbox.fit(source, 0, direction, direction.evidence, 0)
    sandbox.close()


def test_an_error_names_the_line_of_the_file(sandbox, direction, tmp_path):
    (tmp_path / "raises.py").write_text(LOOK.replace("arrays = [", "arrays = 1 / 0, ["))
    with pytest.raises(AlignerError, match=r"raised ZeroDivisionError[^$]*raises\.py, line 16"):
        sandbox.fit(find_aligner(str(tmp_path / "raises.py")), 0, direction, direction.evidence, 0)


def test_results_and_cached_runs_know_how_they_were_made(small_release, tmp_path, monkeypatch):
    monkeypatch.setenv("CSE_BENCH_CACHE", str(tmp_path))
    path = HOSTILE / "honest.py"
    runs = tmp_path / "runs"
    counts = []
    for isolation in ("none", *BACKENDS, "none", *BACKENDS):
        result = api.evaluate(path, small_release, split="validation", isolation=isolation)
        assert result.isolation.backend == isolation
        assert result.isolation.official == (isolation != "none")
        counts.append(len(list(runs.iterdir())))
    first, *_ = counts
    assert counts == [first, first + 2, first + 4, first + 4, first + 4, first + 4]


def test_sealed_memory_cannot_be_changed():
    arrays = SealedArrays({"a": np.arange(5), "b": np.empty((0, 2)), "c": np.ones(3, np.float32)})
    assert [a.offset % 64 for a in arrays.table.values()] == [0, 0, 0]
    with pytest.raises(PermissionError):
        os.pwrite(arrays.handle, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(arrays.handle, 1)
    arrays.close()
    output = fixed_memory("output", 100)
    assert os.pwrite(output, b"x" * 100, 0) == 100
    for size in (99, 101):
        with pytest.raises(PermissionError):
            os.ftruncate(output, size)
    os.close(output)


def test_text_of_a_stranger_is_plain():
    assert plain(b"a\x1b[31mb\r\x07\xff\xe2\x80\xaec\n\td\0") == "a[31mb\ufffdc\n    d"
