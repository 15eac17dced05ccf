"""Rows of single edits: `set` as a process, a sync of nothing, ten who edit apart, and bytes."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from . import light, records
from .bulk import MINE
from .figures import Figure
from .machine import Failed, percentile, plus
from .team import Tap


def set_alone(bench, size):
    team = bench.filled(size).copy(bench.scratch / "set")
    ids = team.ids("olga", bench.rounds)
    costs = [team("olga", "set", id, f"title=Set {number}")[1] for number, id in enumerate(ids)]
    plain = [shell_update(bench, bench.plain_copy(size), number) for number in range(len(ids))]
    yield processes("set", size, costs, plain)
    slowest = lambda of: percentile([cost.wall * 1000 for cost in of], 0.99)
    yield Figure("set, p99", f"{size:,}", slowest(costs), "ms", {"shell": slowest(plain)})


def processes(row, size, costs, plain, **rest):
    """The median of whole processes."""
    middle = lambda name, of: percentile([getattr(cost, name) for cost in of], 0.5)
    return Figure(row, f"{size:,}", middle("wall", costs) * 1000, "ms", {"shell": middle("wall", plain) * 1000},
                  middle("cpu", costs), middle("cpu", plain), middle("mebibytes", costs), **rest)


def shell_update(bench, database, number):
    return bench.shell(database, f"UPDATE record SET c1 = 'Set {number}' WHERE rowid = {number + 1};\n")[1]


def set_and_sync(bench, size):
    """`set --sync` by Olga, `sync` by Ben; then a sync of nothing, and its bytes."""
    with bench.filled(size).copy(bench.scratch / "set") as team:
        team("ben", "join", (team.folder / "invite").read_text())
        for who in ("olga", "ben", "olga"):
            team(who, "sync")
        ids = team.ids("olga", max(5, bench.rounds // 4))
        costs = [plus(team("olga", "set", id, f"title=Set {number}", "--sync")[1], team("ben", "sync")[1])
                 for number, id in enumerate(ids)]
        team.expect("ben", "SELECT count(*) FROM evidence WHERE title LIKE 'Set %'", len(ids))
        team("olga", "sync")
        nothing = [team("olga", "sync")[1] for _ in ids]
        tap = Tap(team.port)
        team("olga", "sync", "--server", tap.address)
        time.sleep(0.1)
    plain = [plus(*(shell_update(bench, bench.plain_copy(size, name), number) for name in "ab"))
             for number in range(len(ids))]
    yield processes("set --sync, sync", size, costs, plain, note="two processes one after the other, by two analysts.")
    yield processes("nothing to sync", size, nothing, [bench.shell(bench.plain_copy(size), "SELECT 1;\n")[1] for _ in ids])
    yield Figure("nothing to sync: bytes", f"{size:,}", tap.sent + tap.received, "B", note="both ways, all of them: "
                 "the channel's handshake (160 B of Noise messages), greetings and farewells.")
    yield Figure("nothing to sync: round trips", f"{size:,}", tap.turns // 2 - 1, "", note="after the channel's handshake.")


def ten_replicas(bench, size):
    """Ten analysts set so many fields each, apart; then all sync in turn until all agree."""
    names = ["olga"] + [f"analyst{number}" for number in range(1, 10)]
    base = max(200, 2 * size)
    with bench.filled(base).copy(bench.scratch / "ten") as team:
        for name in names[1:]:
            team.join(name)
        for name in names:
            team(name, "sync")
        ids = team.ids("olga", base)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: scatter(team, name, ids, size), names))
        began, costs = time.monotonic(), []
        for name in names + names[:-1]:
            costs.append(team(name, "sync")[1])
        wall = time.monotonic() - began
        agree(team, names)
        conflicts = team.ask("olga", "SELECT count(*) FROM aside")
    rows = bench.scratch / f"scattered-{size}.rows"
    changed = [entry for name in range(10) for entry in records.records(base, ("title",), name + 1, 2)][:10 * size]
    records.write(rows, "rows", changed)
    limits = [bench.plain("update", rows, bench.plain_copy(base, f"replica{place}"))[1] for place in range(10)]
    yield Figure("10 replicas agree", f"10 x {size:,}", wall, "s", {"C": sum(cost.wall for cost in limits)},
                 sum(cost.cpu for cost in costs), sum(cost.cpu for cost in limits), max(cost.mebibytes for cost in costs),
                 note=f"19 `sync` one after the other, a changeset per edit; {conflicts} values set aside on each. "
                 "plain: ten stores that write as many rows. CPU without the server's.")


def scatter(team, name, ids, count):
    chance = random.Random(name)
    for number, id in enumerate(chance.sample(ids, count)):
        team(name, "set", id, f"{chance.choice(MINE[:4])}=By {name}, number {number}")


def agree(team, names):
    exports = {name: team(name, "export")[0] for name in names}
    if len(set(exports.values())) != 1:
        raise Failed("after all syncs the ten do not agree")


def wire_bytes(bench, size):
    """What a write costs beyond its value: read from the log by the independent client."""
    with bench.filled(size).copy(bench.scratch / "bytes") as team:
        reader = light.joined(team, "reader")
        changed = records.records(size, ("title",), 3, max(1, size // 64))
        path = records.write(bench.scratch / "edits.jsonl", "jsonl", islice(changed, 64), ["title"])
        held = len(reader.replica.log)
        team("olga", "import", path, "--source", "bench")
        team("olga", "sync")
        session = reader.session().sync(60)
        scattered = reader.replica.log[held:]
        session.received.clear()
        team("olga", "set", team.ids("olga", 1)[0], "title=ab", "--sync")
        session.run(lambda s: any(light.is_change(message) for message in s.received), 10)
        message = next(filter(light.is_change, session.received))
        session.leave()
    bulk = light.overhead(reader.replica, reader.replica.log[:held])
    spread = light.overhead(reader.replica, scattered)
    yield Figure("bytes a write, bulk", f"{size:,}", bulk[0], "B", note="header, seal and body before compression, "
                 f"less the values' own bytes; as they are stored, compressed, a write takes {bulk[1]:.1f} B with its value.")
    yield Figure("bytes a write, 64 scattered", f"{size:,}", spread[0], "B")
    yield Figure("bytes of one edit", f"{size:,}", light.on_the_wire(message) - 2, "B", note="`set title=ab`, as it reaches "
                 "another client: channel, frame, signature, sealed changeset, less two bytes of value.")
