"""A result is read only if it is whole, ours, and follows from its ranks."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from cse_bench.errors import InputError
from cse_bench.harness.protocol import PROTOCOL_VERSION
from cse_bench.results.read import read_ranks, read_result, result_file
from cse_bench.results.rescore import PRIMARY, rescore
from cse_bench.tasks.registry import TASKS
from tests.results.conftest import SCORED, with_column

PLACE = ("pairs-50", "SHOP1", "SHOP2")


def is_score(row, metric="auc", variant="rendered"):
    place = (row["track"], row["source_shop"], row["target_shop"])
    return place == PLACE and (row["variant"], row["metric"]) == (variant, metric)


def primary(raw):
    return next(row for row in raw["scores"] if is_score(row))


@pytest.mark.parametrize("name", SCORED)
def test_what_was_written_is_read(written, name):
    path = written / name / "result.json"
    result = read_result(path)
    assert result.aligner.name == name
    assert json.loads(result.model_dump_json()) == json.loads(path.read_text())
    assert read_ranks(path).equals(pq.read_table(path.with_name("ranks.parquet")))


def test_the_primary_metrics_are_those_of_the_tasks():
    wanted = {(task.name, *pair) for task in TASKS for pair in task.primary}
    assert set(PRIMARY[PROTOCOL_VERSION]) == wanted


def test_a_path_that_is_no_file(written, tmp_path):
    with pytest.raises(InputError, match=r"there is no file .*absent\.json"):
        read_result(tmp_path / "absent.json")
    with pytest.raises(InputError, match=r"is a directory, and holds no result\.json"):
        read_result(tmp_path)


def test_a_directory_is_the_result_in_it(written, tmp_path):
    file = written / "ridge" / "result.json"
    assert result_file(written / "ridge") == file
    assert result_file(str(file)) == file
    assert result_file(tmp_path) == tmp_path, "told by who reads it"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b'{"schema_version": 1, "scores": [', "is cut short, or is not JSON"),
        (b'{"schema_version": 1, "scores": [NaN]}', "NaN is no number"),
        (b"PAR1\xff\xfe", "it is not text"),
        (b"[1, 2]", "is not a result of cse-bench"),
        (b'{"schema_version": 1, "name": "a manifest"}', "is not a result of cse-bench"),
        (b'{"schema_version": 2, "scores": []}', r"schema_version is 2, this package reads 1"),
        (b'{"scores": []}', "schema_version is None"),
        (b'{"schema_version": 1, "scores": []}', "the field 'protocol' is missing"),
    ],
)
def test_a_file_that_is_no_result(tmp_path, content, told):
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=told):
        read_result(path)


def test_a_result_that_was_cut_short(copied):
    path = copied().path
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"result\.json is cut short"):
        read_result(path)


def test_a_field_too_few_or_too_many_is_named(copied):
    def missing(raw):
        del raw["scores"][3]["ci_low"]

    def extra(raw):
        raw["scores"][2]["rank"] = 1

    def another_type(raw):
        raw["release"]["name"] = 7

    def a_number_as_text(raw):
        raw["scores"][0]["value"] = str(raw["scores"][0]["value"])

    with pytest.raises(
        InputError, match=r"the field 'value' in scores\.0: Input should be a valid"
    ):
        read_result(copied(to="e").record(a_number_as_text))
    with pytest.raises(InputError, match=r"the field 'ci_low' is missing in scores\.3"):
        read_result(copied(to="a").record(missing))
    with pytest.raises(InputError, match=r"the field 'rank' in scores\.2 is not known"):
        read_result(copied(to="b").record(extra))
    with pytest.raises(InputError, match="the field 'name' in release: Input should be a valid"):
        read_result(copied(to="c").record(another_type))
    with pytest.raises(InputError, match="holds no scores"):
        read_result(copied(to="d").record(lambda raw: raw.update(scores=[])))


def test_an_earlier_protocol_stays_readable(copied):
    def older(raw):
        raw["protocol"]["version"] = "0.9"

    assert read_result(copied().record(older)).protocol.version == "0.9"


def test_ranks_that_are_missing_or_cut_short(copied):
    result = copied()
    whole = result.ranks_path.read_bytes()
    for content in (whole[:-100], whole[:1000], b"", b"not Parquet"):
        result.ranks_path.write_bytes(content)
        with pytest.raises(InputError, match=r"ranks\.parquet is cut short or no Parquet file"):
            read_result(result.path)
    result.ranks_path.unlink()
    with pytest.raises(InputError, match=r"ranks\.parquet is missing"):
        read_result(result.path)
    assert read_result(result.path, check=False).scores


def test_a_score_that_was_edited(copied):
    def better(raw):
        primary(raw)["value"] += 1e-5

    def more(raw):
        primary(raw)["n"] += 1

    told = (
        r"pairs-50, SHOP1 → SHOP2, next_event, rendered, auc is 0\.\d+, but its ranks give 0\.\d+"
    )
    with pytest.raises(InputError, match=told):
        read_result(copied(to="a").record(better))
    with pytest.raises(InputError, match=r"n of pairs-50, .* is \d+, but its ranks hold \d+"):
        read_result(copied(to="b").record(more))


def test_ranks_that_were_edited(copied):
    def one_better(table):
        rank = table["rank"].to_numpy().copy()
        row = int(np.flatnonzero(rank > 5)[0])
        rank[row] -= 1
        return with_column(table, "rank", rank)

    def impossible(table):
        return with_column(table, "rank", np.zeros(len(table), np.float32))

    with pytest.raises(InputError, match="but its ranks give"):
        read_result(copied(to="a").ranks(one_better))
    with pytest.raises(InputError, match="an impossible place: rank 0"):
        read_result(copied(to="b").ranks(impossible))


def test_scores_without_ranks_and_ranks_without_scores(copied):
    def no_real(table):
        return table.filter(pc.not_equal(table["variant"], "real"))

    def no_score(raw):
        raw["scores"] = [row for row in raw["scores"] if not is_score(row)]

    def twice(raw):
        raw["scores"].append(primary(raw))

    with pytest.raises(InputError, match=r"next_event, real, auc \(test\) has no ranks"):
        read_result(copied(to="a").ranks(no_real))
    with pytest.raises(
        InputError, match=r"has ranks of pairs-50, SHOP1 → SHOP2.* there is no score"
    ):
        read_result(copied(to="b").record(no_score))
    with pytest.raises(InputError, match="stands in it twice"):
        read_result(copied(to="c").record(twice))


def test_a_run_that_was_left_out(copied):
    """The best of five draws is not the mean of five draws."""

    def first_draw(table):
        return table.filter(pc.equal(table["draw"], 0))

    def its_scores(result):
        cells = rescore(pq.read_table(result.ranks_path))

        def change(raw):
            for row in raw["scores"]:
                for cell, own in cells.items():
                    if all(row[name] == value for name, value in cell._asdict().items()):
                        row["value"] = float(np.nanmean(own.values))

        return change

    result = copied()
    result.ranks(first_draw)
    with pytest.raises(
        InputError, match=r"the runs of pairs-50, .* are not the runs of the record"
    ):
        read_result(result.record(its_scores(result)))


def test_columns_of_ranks(copied):
    def without(table):
        return table.drop_columns(["group"])

    def text(table):
        return table.set_column(
            table.column_names.index("rank"), "rank", table["rank"].cast(pa.string())
        )

    def holes(table):
        return with_column(table, "query", [None] * len(table))

    def uneven(table):
        return table.slice(1)

    for change, told in (
        (without, "have no column 'group'"),
        (text, "'rank' of the ranks is string, not a number"),
        (holes, "'query' of the ranks holds nulls"),
        (uneven, "do not hold the same queries"),
    ):
        with pytest.raises(InputError, match=told):
            read_result(copied(to=told.split()[-1]).ranks(change))


def stored_table(**columns):
    n = len(columns["query"])
    names = ("track", "source_shop", "target_shop", "split", "task", "variant", "metric")
    defaults = {name: ["x"] * n for name in names}
    defaults |= {name: [0] * n for name in ("draw", "seed", "item", "group")}
    defaults |= {name: pa.nulls(n, pa.int32()) for name in ("ties", "n_candidates")}
    defaults |= {"rank": pa.nulls(n, pa.float32()), "value": pa.nulls(n, pa.float32())}
    return pa.table(defaults | columns)


def test_what_is_no_function_of_a_rank_stands_in_value():
    (own,) = rescore(
        stored_table(query=[3, 1, 1], value=[0.5, 1.0, -2.0], metric=["bits"] * 3)
    ).values()
    assert own.query.tolist() == [1, 3]
    assert own.values.tolist() == [[-0.5], [0.5]]
    assert own.runs == ((0, 0),)
    assert rescore(stored_table(query=[3], metric=["unheard-of"])) == {}


def test_a_query_that_does_not_count_is_not_a_number():
    table = stored_table(query=[1, 2], value=[0.5, None], metric=["ratio"] * 2)
    (own,) = rescore(table).values()
    assert np.isnan(own.values[1, 0])
    assert own.values[0, 0] == 0.5
