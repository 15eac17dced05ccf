"""Rows of the analyst's methods: the matrix of hypotheses, its ranking, a report, lint of a whole workspace."""

import json
import random

from .figures import Figure
from .machine import Failed, run
from .records import SEED, WORDS

RATINGS = ["II", "I", "N", "C", "CC"]


def matrix(bench, size):
    """An assessment of so many items of evidence by hypotheses, each cell rated by so many analysts."""
    items, hypotheses, analysts = size
    home, parley = bench.local("matrix")
    path = bench.scratch / "matrix.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in assessment(items, hypotheses, analysts)))
    parley("import", path, "--source", "bench")
    address = json.loads(parley("list", "kind:assessment", "--json")[0])[0]["id"]
    label = f"{items} x {hypotheses} x {analysts}"
    page = bench.scratch / "report.html"
    commands = {
        "ach": ["ach", address], "ach rank": ["ach", "rank", address],
        "report": ["report", address, "-o", page],
    }
    for row, words in commands.items():
        cost = bench.best(lambda: parley(*words)[1])
        yield Figure(row, label, cost.wall * 1000, "ms", {}, cost.cpu, None, cost.mebibytes, cost.spread)
    if page.stat().st_size < 100 * items:
        raise Failed(f"the report has only {page.stat().st_size} bytes")


def assessment(items, hypotheses, analysts):
    dice = random.Random(SEED)
    text = lambda count: " ".join(dice.choice(WORDS) for _ in range(count))
    record = lambda kind, key, **fields: {"kind": kind, "key": key, "fields": fields}
    yield record("assessment", "m:a", title=text(5), question=text(9), bluf=text(30))
    yield record("judgment", "m:j", title=text(12), parent="m:a", likelihood="likely", confidence="low")
    for number in range(hypotheses):
        yield record("hypothesis", f"m:h{number}", title=text(8), parent="m:a", standing="live")
    for number in range(items):
        yield record("evidence", f"m:e{number}", title=text(8), parent="m:a", text=text(40), type="report")
        for column in range(hypotheses):
            ratings = {f"rating@~n{who}": [dice.choice(RATINGS), text(4)] for who in range(analysts)}
            ends = {"from": f"m:e{number}", "rel": "bears_on", "to": f"m:h{column}"}
            yield {"kind": "link", "fields": ends | ratings}


def lint(bench, size):
    """All rules over a workspace of so many records of evidence; its findings are many, and counted."""
    home, parley = bench.local("lint")
    parley("import", bench.file("jsonl", size), "--source", "bench")
    cost = bench.best(lambda: run([bench.parley, "lint", "--json"], home=home, statuses=(0, 6))[1])
    yield Figure("lint", f"{size:,}", cost.wall * 1000, "ms", {}, cost.cpu, None, cost.mebibytes, cost.spread,
                 note="all records of a workspace at once; of one assessment it takes what `report` takes.")
