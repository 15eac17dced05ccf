"""Rows of bulk work: import and export, clone, merge, rebuild, search, and imports that go badly."""

import json
import sqlite3

from . import records
from .bench import Skipped
from .figures import Figure
from .machine import Failed, percentile, run
from .team import Tap

COLUMNS = ", ".join(f'"{name}"' for name in records.FIELDS)
EVIDENCE = f"CREATE TABLE evidence (id TEXT PRIMARY KEY, {COLUMNS});\n"
EXTRACTS = ", ".join(f"json_extract(line, '$.fields.{name}')" for name in records.FIELDS)
SHELL_IMPORTS = {
    "csv": EVIDENCE + ".import --csv --skip 1 {file} evidence\n",
    "jsonl": EVIDENCE + "CREATE TEMP TABLE raw (line);\n.mode ascii\n.separator \"\\037\" \"\\n\"\n"
             ".import {file} raw\nINSERT INTO evidence SELECT json_extract(line, '$.key'), " + EXTRACTS + " FROM raw;\n",
}


def rates(row, size, work, unit, cost, plain, **rest):
    """A figure of work per second, with the costs of plain programs; None where one has none."""
    first = next(iter(plain.values()), None)
    return Figure(row, f"{size:,}", work / cost.wall, unit, {name: work / other.wall for name, other in plain.items()},
                  cost.cpu, first and first.cpu, cost.mebibytes, cost.spread, **rest)


def with_memory(row, size, work, unit, cost, plain):
    """The rate, and the peak memory of it as a figure of its own, because there is a goal for it."""
    yield rates(row, size, work, unit, cost, plain)
    first = next(iter(plain.values()))
    yield Figure(f"{row}: memory", f"{size:,}", cost.mebibytes, "MiB", {next(iter(plain)): first.mebibytes})


def import_of(form):
    def workload(bench, size):
        file, rows = bench.file(form, size), bench.file("rows", size)
        words = ["import", file, "--source", "bench"] + (["--kind", "evidence"] if form == "csv" else [])
        cost = bench.best(lambda: imported(bench, words, size))
        plain = {
            "C": bench.best(lambda: bench.plain("import", rows, bench.fresh("plain") / "db")[1]),
            "shell": bench.best(lambda: bench.shell(bench.fresh("plain") / "db", SHELL_IMPORTS[form].format(file=file))[1]),
        }
        yield from with_memory(f"import {form}", size, size * records.VALUES, "values/s", cost, plain)
    return workload


def imported(bench, words, size):
    home, parley = bench.local("import")
    _, cost = parley(*words)
    store = next(home.glob("data/*/workspace.sqlite"))
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as db:
        if (count := db.execute("SELECT count(*) FROM evidence").fetchone()[0]) != size:
            raise Failed(f"{count} records were imported, not {size}")
    return cost


def stix(bench, size):
    """A bundle of indicators, in and out."""
    help_text, _ = run([bench.parley, "import", "--help"])
    if "stix" not in help_text.lower():
        raise Skipped("this parley does not import STIX (import --help names no such format)")
    path, out = bench.scratch / f"bundle-{size}.json", bench.scratch / "exported"
    path.write_text(json.dumps(stix_bundle(size)))
    parley = None

    def once():
        nonlocal parley
        _, parley = bench.local("stix")
        report, cost = parley("import", path, "--format", "stix", "--source", "bench", "--json")
        if (created := json.loads(report)["created"]) < size:
            raise Failed(f"{created} records came of {size} objects")
        return cost

    cost, rows, store = bench.best(once), bench.file("rows", size), bench.plain_store(size)
    plain = bench.best(lambda: bench.plain("import", rows, bench.fresh("plain") / "db")[1])
    yield rates("import stix", size, size, "objects/s", cost, {"C": plain}, note="indicators; plain: as many rows.")
    cost = bench.best(lambda: parley("export", "--format", "stix", "-o", out)[1])
    if (objects := len(json.loads(out.read_text())["objects"])) < size:
        raise Failed(f"{objects} objects were exported, not {size}")
    plain = bench.best(lambda: bench.plain("export", store, bench.scratch / "rows.out")[1])
    yield rates("export stix", size, size, "objects/s", cost, {"C": plain})


def stix_bundle(size):
    def thing(number, key, fields):
        uuid = records.identity(key)
        uuid = f"{uuid[:8]}-{uuid[8:12]}-4{uuid[13:16]}-8{uuid[17:20]}-{uuid[20:]}"
        return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid}", "name": fields["title"],
                "description": fields["text"],
                "pattern": f"[ipv4-addr:value = '10.0.{number // 250 % 250}.{number % 250}']",
                "pattern_type": "stix", "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z",
                "valid_from": "2026-11-01T00:00:00Z", "labels": [fields["type"]]}
    return {"type": "bundle", "id": "bundle--" + "0" * 8 + "-0000-4000-8000-" + "0" * 12,
            "objects": [thing(*entry) for entry in records.records(size)]}


def export(bench, size):
    team, out = bench.filled(size), bench.scratch / "exported"
    store = bench.plain_store(size)
    limit = bench.best(lambda: bench.plain("export", store, out)[1])
    for form, words in (("jsonl", []), ("csv", ["kind:evidence"])):
        cost = bench.best(lambda: team("olga", "export", *words, "--format", form, "-o", out)[1])
        if (lines := sum(1 for _ in open(out))) < size:
            raise Failed(f"{lines} lines were exported, not {size}")
        yield rates(f"export {form}", size, size * records.VALUES, "values/s", cost, {"C": limit})


def export_markdown(bench, size):
    """One assessment with all records under it."""
    home, parley = bench.local("markdown")
    parent = parley("new", "assessment", "title=All of it")[0].split()[0]
    whole = json.loads(parley("show", parent, "--json")[0])["id"]
    path = bench.scratch / f"under-{size}.jsonl"
    with open(path, "w") as file:
        for _, key, fields in records.records(size):
            line = {"fields": dict(fields, parent=whole), "key": key, "kind": "evidence"}
            file.write(json.dumps(line) + "\n")
    parley("import", path, "--source", "bench")
    store, out = bench.plain_store(size), bench.scratch / "exported"
    cost = bench.best(lambda: parley("export", parent, "--format", "md", "-o", out)[1])
    if (items := sum(line.startswith("### ") for line in open(out))) != size:
        raise Failed(f"{items} items are in the Markdown, not {size}")
    limit = bench.best(lambda: bench.plain("export", store, out)[1])
    yield rates("export md", size, size * records.VALUES, "values/s", cost, {"C": limit})


def clone(bench, size):
    filled, store, peaks, servers = bench.filled(size), bench.plain_store(size), [], []

    def once():
        with filled.copy(bench.scratch / "clone") as team:
            gauge = team.gauge()
            _, cost = team("ben", "join", (team.folder / "invite").read_text())
            peaks.append(gauge.mebibytes)
            servers.append(gauge.cpu)
            team.expect("ben", "SELECT count(*) FROM evidence", size)
            return cost

    cost, packed = bench.best(once), []

    def plain():
        out, limit = bench.plain("clone", store, bench.fresh("plain") / "db")
        packed.append(int(out))
        return limit

    limit = bench.best(plain)
    yield Figure("clone", f"{size:,}", cost.wall, "s", {"C": limit.wall}, cost.cpu + min(servers), limit.cpu,
                 cost.mebibytes, cost.spread, "`join` of a newcomer: 100,000 records are 75 MB; CPU of both ends.")
    yield Figure("clone: bytes", f"{size:,}", clone_bytes(bench, filled) / 1e6, "MB", {"C": packed[0] / 1e6},
                 note="All bytes from the server, encrypted; plain: one stream of zstd. The goal is for 100,000 records.")
    yield Figure("clone: memory", f"{size:,}", cost.mebibytes, "MiB", {"C": limit.mebibytes})
    yield Figure("clone: server memory", f"{size:,}", max(peaks), "MiB", {"C": limit.mebibytes})


def clone_bytes(bench, filled):
    with filled.copy(bench.scratch / "clone") as team:
        tap = Tap(team.port)
        invite = (team.folder / "invite").read_text().replace(team.address, tap.address)
        team("ben", "join", invite)
        return tap.received


MINE = ["title", "text", "speaker", "locator", "order"]
THEIRS = [name for name in records.FIELDS if name != "quote"]  # A quote is written once.


def merge(bench, size):
    """Ben takes ten changed values a record by Olga, and has changed five of them himself, apart from her."""
    base = bench.scratch / "merge-base"
    with bench.filled(size).copy(base) as team:
        team("ben", "join", (base / "invite").read_text())
        team("olga", "sync")
        team("ben", "sync")
        team("olga", "import", bench.file("jsonl", size, "theirs", only=THEIRS, changed=THEIRS), "--source", "bench")
        team("ben", "import", bench.file("jsonl", size, "mine", only=MINE, changed=MINE, version=2), "--source", "bench")
        team("olga", "sync")

    def once():
        with team.copy(bench.scratch / "merge") as copied:
            _, cost = copied("ben", "sync", "--pull")
            copied.expect("ben", "SELECT count(*) FROM aside", 5 * size)
            return cost

    rows = bench.file("rows", size, "theirs", changed=THEIRS)

    def plain():
        path = bench.fresh("plain") / "db"
        bench.plain("import", bench.file("rows", size), path)
        return bench.plain("merge", rows, path)[1]

    yield rates("merge, half conflicting", size, 10 * size, "writes/s", bench.best(once), {"C": bench.best(plain)},
                note="`sync --pull`; a million writes at 100,000 records. CPU is the client's.")


def rebuild(bench, size):
    home = bench.filled(size).copy(bench.scratch / "rebuild")
    cost = bench.best(lambda: home("olga", "doctor", "--rebuild")[1])
    home.expect("olga", "SELECT count(*) FROM evidence", size)
    plain = {"C": bench.best(lambda: bench.plain("import", bench.file("rows", size), bench.fresh("plain") / "db")[1])}
    yield rates("rebuild", size, size * records.VALUES, "values/s", cost, plain, note="plain: the rows written afresh.")


def search(bench, size):
    with bench.filled(size).copy(bench.scratch / "search") as home:
        home("ben", "join", (home.folder / "invite").read_text())
    words = [records.WORDS[place] for place in range(0, 20 * min(30, bench.rounds), 20)]
    first = home.index("ben", size)
    costs = [home("ben", "search", word)[1] for word in words]
    database = bench.fresh("plain") / "db"
    build = ("CREATE VIRTUAL TABLE texts USING fts5(title, text, quote);\n"
             f"ATTACH '{bench.plain_store(size)}' AS store;\nINSERT INTO texts SELECT c1, c2, c3 FROM store.record;\n")
    _, built = bench.shell(database, build)
    query = "SELECT rowid, title FROM texts WHERE texts MATCH '{}' ORDER BY rank LIMIT 50;\n"
    plain = [bench.shell(database, query.format(word))[1] for word in words]
    yield rates("search after a clone, until all is indexed", size, size, "records/s", first, {"shell": built},
                note="one search goes on with the index for a second at most, and finds what is in it.")
    yield Figure("search", f"{size:,}", median(costs), "ms", {"shell": median(plain)}, note="One word, the best 50; whole processes.")


def median(costs):
    return percentile([cost.wall for cost in costs], 0.5) * 1000


# Worst cases.

def again(name, **changes):
    """An import over what is there; plain rows are looked up, compared and written where they differ."""
    changed = tuple(changes.get("changed", ()))
    only = list(changed) or None

    def workload(bench, size):
        file = bench.file("jsonl", size, name, only, **changes)
        rows = bench.file("rows", size, name, **changes)
        filled, count = bench.filled(size), sum(1 for _ in open(rows))

        def once():
            team = filled.copy(bench.scratch / "again")
            before = team.ask("olga", "SELECT count(*) FROM changeset")
            out, cost = team("olga", "import", file, "--source", "bench", "--json")
            report = json.loads(out)
            key = "changed" if changed else "same"
            if report[key] != count or changed == () and team.ask("olga", "SELECT count(*) FROM changeset") != before:
                raise Failed(f"not what was to be measured: {out[:300]}")
            return cost

        def plain():
            path = bench.fresh("plain") / "db"
            path.write_bytes(bench.plain_store(size).read_bytes())
            return bench.plain("update", rows, path)[1]

        yield from with_memory(name, size, count, "records/s", bench.best(once), {"C": bench.best(plain)})
    return workload


def refused(bench, size):
    """Each row names an access that there is not."""
    path = bench.scratch / f"refused-{size}.csv"
    bad = ((number, key, dict(fields, access="nosuch")) for number, key, fields in records.records(size))
    records.write(path, "csv", bad)

    def once():
        out, cost = bench.local("refused")[1]("import", path, "--kind", "evidence", "--json", statuses=(3,))
        if json.loads(out)["refused"] != size:
            raise Failed(f"not all rows were refused: {out[:300]}")
        return cost

    check = EVIDENCE.replace('"access"', "access CHECK (access IN ('firsthand', 'secondhand', 'unknown'))")
    script = f"{check}.import --csv --skip 1 {path} evidence\n"
    plain = bench.best(lambda: bench.shell(bench.fresh("plain") / "db", script, statuses=(0, 1))[1])
    yield from with_memory("import, all refused", size, size, "rows/s", bench.best(once), {"shell": plain})


def long_texts(bench, size):
    """Texts of 60 KiB."""
    count = max(20, size // 100)
    files = {form: bench.scratch / f"long-{count}.{form}" for form in ("jsonl", "rows")}
    for form, path in files.items():
        records.write(path, form, long_records(count))
    cost = bench.best(lambda: bench.local("long")[1]("import", files["jsonl"], "--source", "bench")[1])
    plain = bench.best(lambda: bench.plain("import", files["rows"], bench.fresh("plain") / "db")[1])
    megabytes = files["rows"].stat().st_size / 1e6
    yield from with_memory("import, texts of 60 KiB", count, megabytes, "MB/s", cost, {"C": plain})


def long_records(count):
    for number, key, fields in records.records(count):
        text = fields["text"] + " "
        yield number, key, dict(fields, text=(text * (60 * 1024 // len(text) + 1))[:60 * 1024].strip())
