"""The table of all that is measured: name, function, sizes of each scale."""

from dataclasses import dataclass
from typing import Callable

from . import analyse, bulk, edits, live


@dataclass
class Workload:
    name: str
    measure: Callable
    """(bench, size) to figures."""
    sizes: dict


def sizes(tiny, quick, full):
    return {"tiny": tiny, "quick": quick, "full": full}


RECORDS = sizes([200], [1_000, 10_000], [10_000, 100_000])
ONE_FIELD = dict(changed=("title",))

WORKLOADS = [
    Workload("import csv", bulk.import_of("csv"), RECORDS),
    Workload("import jsonl", bulk.import_of("jsonl"), RECORDS),
    Workload("import stix", bulk.stix, sizes([200], [1_000, 5_000], [5_000, 20_000])),
    Workload("export", bulk.export, RECORDS),
    Workload("export md", bulk.export_markdown, sizes([100], [1_000, 2_000], [2_000, 10_000])),
    Workload("clone", bulk.clone, RECORDS),
    Workload("merge", bulk.merge, RECORDS),
    Workload("rebuild", bulk.rebuild, RECORDS),
    Workload("search", bulk.search, RECORDS),
    Workload("import again, nothing new", bulk.again("import again, nothing new"), RECORDS),
    Workload("import again, one field each", bulk.again("import again, one field each", **ONE_FIELD), RECORDS),
    Workload("scattered fields", bulk.again("scattered fields, one in ten", one_in=10, **ONE_FIELD), RECORDS),
    Workload("import, all refused", bulk.refused, RECORDS),
    Workload("import, texts of 60 KiB", bulk.long_texts, RECORDS),
    Workload("matrix and report", analyse.matrix, sizes([(10, 3, 2)], [(50, 4, 4), (200, 8, 10)], [(50, 4, 4), (200, 8, 10)])),
    Workload("lint", analyse.lint, RECORDS),
    Workload("one field to a replica", live.hop, RECORDS),
    Workload("live, 1 client", live.fan_out(1), sizes([1], [1], [1])),
    Workload("live, 100 clients", live.fan_out(100), sizes([5], [10, 100], [10, 100])),
    Workload("live, 1,000 clients", live.fan_out(1000), sizes([8], [300], [300, 1000])),
    Workload("10 replicas agree", edits.ten_replicas, sizes([5], [20], [100, 1000])),
    Workload("set", edits.set_alone, RECORDS),
    Workload("set --sync, sync; nothing to sync", edits.set_and_sync, RECORDS),
    Workload("bytes a write", edits.wire_bytes, sizes([200], [1000], [1000])),
    Workload("server memory", live.server_memory, sizes([(5, 200)], [(100, 10_000)], [(100, 100_000), (1000, 100_000)])),
    Workload("100 clients push", live.push, sizes([(4, 10)], [(20, 100)], [(20, 1000), (100, 1000)])),
]
