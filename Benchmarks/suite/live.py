"""Rows of the live session: one field to a replica, to many clients; the server's memory; many who push at once."""

import sqlite3
import time

from . import light
from .figures import Figure
from .machine import Failed, percentile

RECORDS = 1_000


def hop(bench, size):
    """A light client commits its changeset in SQLite and sends it; the server stores it; `watch` of a real replica
    commits it and prints it."""
    with bench.filled(size).copy(bench.scratch / "hop") as team:
        team("ben", "join", (team.folder / "invite").read_text())
        writer = light.joined(team, "writer", reads=False)
        record, own = team.ids("ben", 1)[0], sqlite3.connect(team.folder / "own.sqlite", isolation_level=None)
        own.execute("PRAGMA journal_mode = WAL")
        own.execute("PRAGMA synchronous = FULL")
        own.execute("CREATE TABLE log (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")
        busy = [*hops(team, writer, record, own, bench.rounds)]
        team.index("ben", size)
        times = [*hops(team, writer, record, own, bench.rounds)]
    out, _ = bench.plain("hop", bench.rounds, bench.fresh("plain"))
    plain = [float(word) / 1000 for word in out.split()]
    yield Figure("one field to a replica", f"{size:,}", percentile(times, 0.5), "ms", {"C": plain[0]},
                 note="p50 of a light writer's commit, the server's, and that of a real `watch`, until its line is here.")
    yield Figure("one field to a replica, p99", f"{size:,}", percentile(times, 0.99), "ms", {"C": plain[1]})
    yield Figure("one field to a fresh clone, p99", f"{size:,}", percentile(busy, 0.99), "ms", {"C": plain[1]},
                 note="the same while that `watch` still makes its search index.")


def hops(team, writer, record, own, rounds):
    session = writer.session().sync(120)
    watching = light.Watching(team, "ben")
    try:
        for number in range(rounds):
            title = f"Hop number {number} at {time.monotonic()}"
            message = light.Message(writer, record, title)
            session.connection.pump(0)
            began = time.monotonic()
            own.execute("INSERT INTO log (bytes) VALUES (?)", (message.data,))
            session.connection.send(message.frame)
            yield (watching.until(f'"{title}"'.encode()) - began) * 1000
    finally:
        watching.close()
        session.leave()


def fan_out(clients):
    def workload(bench, size):
        count = min(clients, size)
        rounds = max(10, bench.rounds // (1 if count < 1000 else 4))
        with bench.filled(RECORDS).copy(bench.scratch / "live") as team:
            writer = light.joined(team, "writer", reads=False)
            crowd = light.Crowd(team, count)
            record, session = team.ids("olga", 1)[0], writer.session().sync(120)
            fan(crowd, session, light.Message(writer, record, "The first opens files and is not counted"))
            gauge = team.gauge()
            times = [fan(crowd, session, light.Message(writer, record, f"Fan number {number}")) for number in range(rounds)]
            session.leave()
            crowd.close()
            out, _ = bench.plain("fan", count, rounds, bench.fresh("plain"))
            plain = [float(word) / 1000 for word in out.split()]
            name = f"live, {clients:,} client{'s' if clients > 1 else ''}"
            yield Figure(name, f"{count:,}", percentile(times, 0.5), "ms", {"C": plain[0]}, gauge.cpu / rounds,
                         mebibytes=gauge.mebibytes, note="p50 at the sockets of light clients in one process, 60 a device, "
                         "stored at the server first; CPU is the server's for one edit, MiB the server's.")
            yield Figure(f"{name}, p99", f"{count:,}", percentile(times, 0.99), "ms", {"C": plain[1]})
    return workload


def fan(crowd, session, message):
    """Milliseconds until the last has it."""
    crowd.drain(0.005)
    session.connection.pump(0)
    began = time.monotonic()
    session.connection.send(message.frame)
    got, ended = crowd.await_all()
    crowd.decipher(got, message.data)
    return (ended - began) * 1000


def server_memory(bench, size):
    """So many idle clients, and one who joins a workspace of as many records as `bench` fills."""
    clients, records = size
    with bench.filled(records).copy(bench.scratch / "memory") as team:
        before = team.gauge().mebibytes
        crowd = light.Crowd(team, clients)
        gauge = team.gauge()
        team("ben", "join", (team.folder / "invite").read_text())
        peak = gauge.mebibytes
        crowd.close()
    yield Figure("server memory, idle clients and a clone", f"{clients:,}, {records:,}", peak, "MiB",
                 note=f"light clients of {light.SESSIONS} sessions a device; an idle server has {before:.0f} MiB.")


def push(bench, size):
    """Clients that each push a chain of their own; then a newcomer clones what that gave."""
    clients, each = size
    with bench.filled(RECORDS).copy(bench.scratch / "push") as team:
        members = light.enrolled(team, [f"pusher{number}" for number in range(clients)])
        records = [light.world.raw_id(id) for id in team.ids("olga", RECORDS)]
        for member in members:
            member.session().sync(120).leave()
        pushers = [light.Pusher(member, records[number * 7 % 500:], each) for number, member in enumerate(members)]
        gauge, began = team.gauge(), time.monotonic()
        for pusher in pushers:
            pusher.session.connection.pump(0)
        for pusher in pushers:
            pusher.wait(300)
        wall, cpu, peak = time.monotonic() - began, gauge.cpu, gauge.mebibytes
        for pusher in pushers:
            pusher.session.leave()
        check_stored(team, clients * each)
        out, limit = bench.plain("push", clients, each, bench.fresh("plain"))
        name, count = f"{clients:,} x {each:,}", clients * each
        yield Figure("100 clients push", name, count / wall, "changesets/s", {"C": count / float(out)}, cpu,
                     limit.cpu, peak, note="light clients; CPU and MiB are the server's.")
        _, cost = team("ben", "join", (team.folder / "invite").read_text())
        team.expect("ben", "SELECT count(*) >= %d FROM changeset" % count, 1)
    yield Figure("clone of many chains: memory", name, cost.mebibytes, "MiB", {"C": limit.mebibytes})
    yield Figure("clone of many chains of single edits", name, count / cost.wall, "changesets/s",
                 {"C": count / float(out)}, cost.cpu, limit.cpu, cost.mebibytes, note="each record has the heads "
                 "of many writers who have not seen each other; plain: as many appended.")


def check_stored(team, count):
    path, = (team.folder / "server/logs").glob("*.sqlite")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        stored = db.execute("SELECT count(*) FROM changeset").fetchone()[0]
    if stored < count:
        raise Failed(f"the server holds {stored} changesets, not {count}")
