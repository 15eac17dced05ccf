"""The run: what all workloads use, and one process per workload, so that none counts the memory of another."""

import os
import shutil
import traceback
from multiprocessing import get_context
from pathlib import Path

from . import records
from .machine import Failed, best, compiled, run
from .team import Team

FORK = get_context("fork")


class Skipped(Exception):
    """This row cannot be measured here; the text says why."""


class Bench:
    """`times` is how often each step is repeated, `rounds` of how many edits a latency is the median."""

    def __init__(self, parley, scratch, times, rounds):
        self.parley, self.scratch, self.times, self.rounds = parley, Path(scratch), times, rounds
        self.limit_program = compiled(scratch)

    def file(self, form, count, name="base", only=None, **changes):
        """A generated file, made once: the base records, or a changed version of them."""
        path = self.scratch / f"{name}-{count}.{form}"
        if not path.exists():
            records.write(path, form, records.records(count, **changes), only)
        return path

    def fresh(self, name):
        """An empty folder."""
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def best(self, make):
        return best(self.times, make)

    def plain(self, *words):
        """The limit program once; its cost."""
        return run([self.limit_program, *words])

    def plain_store(self, count):
        """A database of plain rows, made once."""
        path = self.scratch / f"plain-{count}.sqlite"
        if not path.exists():
            self.plain("import", self.file("rows", count), path)
        return path

    def plain_copy(self, count, name="own"):
        """A copy of it to write to, made once a workload."""
        path = self.scratch / f"{name}-{count}-{os.getpid()}.sqlite"
        if not path.exists():
            shutil.copy(self.plain_store(count), path)
        return path

    def shell(self, database, script, statuses=(0,)):
        """The sqlite3 program once, durable as the others are; its cost."""
        path = self.scratch / "script.sql"
        path.write_text("PRAGMA journal_mode=WAL;\nPRAGMA synchronous=FULL;\n" + script)
        out, cost = run(["sqlite3", database], stdin=path, statuses=statuses)
        return out, cost

    def local(self, name):
        """A workspace without a server, and the function that runs parley in it."""
        home = self.fresh(name)
        run([self.parley, "init", "bench", "--as", "olga"], home=home)
        return home, lambda *words, **rest: run([self.parley, *words], home=home, **rest)

    def filled(self, count):
        """A team with a base of so many records at Olga's and the server; copy it before use. Made once."""
        folder = self.scratch / f"team-{count}"
        port = folder / "port"
        if port.exists():
            return Team(self.parley, folder, int(port.read_text()))
        with Team(self.parley, folder) as team:
            team.found()
            team("olga", "import", self.file("jsonl", count), "--source", "bench")
            team("olga", "sync")
            (folder / "invite").write_text(team.invite("ben"))
        port.write_text(str(team.port))
        return team


def measure(workload, bench, size):
    """Runs a workload in a process of its own: its figures, or a sentence why there are none, and whether it failed."""
    receiver, sender = FORK.Pipe(duplex=False)
    child = FORK.Process(target=_attempt, args=(workload, bench, size, sender))
    child.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        return [], "its process has died", True
    finally:
        child.join()


def _attempt(workload, bench, size, sender):
    figures = []
    try:
        for figure in workload(bench, size):
            figures.append(figure)
        sender.send((figures, None, False))
    except Skipped as why:
        sender.send((figures, str(why), False))
    except Failed as why:
        sender.send((figures, str(why), True))
    except Exception:
        sender.send((figures, traceback.format_exc(limit=4), True))
