"""Run in a process of its own: every config and split, by tag, with plain `load_dataset`."""

import json
import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import get_dataset_config_names, load_dataset

repo, expected = sys.argv[1], json.loads(sys.argv[2])  # tag → the release's directory
seen = {}
for tag, place in expected.items():
    files = {path.relative_to(place).as_posix(): path for path in Path(place).glob("*/*.parquet")}
    assert load_dataset(repo, revision=tag)["SHOP1"].num_rows > 0  # bare: products
    for config in get_dataset_config_names(repo, revision=tag):
        loaded = load_dataset(repo, config, revision=tag)
        streamed = load_dataset(repo, config, revision=tag, streaming=True)
        assert set(loaded) == set(streamed)
        for split, rows in loaded.items():
            table = pq.read_table(files.pop(f"{config}/{split}.parquet"))
            arrow = rows.with_format("arrow")[:]
            assert arrow.cast(table.schema).equals(table), (tag, config, split)
            batches = streamed[split].with_format("arrow").iter(batch_size=10_000)
            arrow = pa.concat_tables([batch.cast(table.schema) for batch in batches])
            assert arrow.equals(table), (tag, config, split, "streamed")
            if tag == "v2":  # the small one, as a user sees its rows
                wanted = table.to_pylist()
                assert rows.to_list() == wanted, (tag, config, split)
                assert list(streamed[split]) == wanted, (tag, config, split, "streamed")
            seen[f"{tag} {config}/{split}"] = len(table)
    assert not files, files
print(json.dumps(seen), flush=True)  # noqa: T201
# All was read. What Arrow keeps of a stream may abort a process that ends (apache/arrow#45214).
os._exit(0)
