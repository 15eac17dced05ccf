"""A server under attack: attackers as processes of their own, honest people who go on working, and a gauge on the server."""

import multiprocessing
import os
import resource
import socket
import sqlite3
import struct
import threading
import time
import traceback
from pathlib import Path

from world import Member, Server, Terminal

from parley_client import messages
from parley_client.session import Connection, hello_of

FORK = multiprocessing.get_context("fork")

MEMORY = 256 * 1024
"""KiB that a server stays below with up to 256 sessions, as the protocol states (3.8)."""
DESCRIPTORS = 64 + 64 + 64 + 64
"""Of strangers: before the welcome, on their way out, accepted in one turn; and what the server has anyhow, well counted."""
DISPATCH = {"anon_inode:[eventfd]", "anon_inode:[timerfd]"}
"""What libdispatch opens for itself when the server first wakes a thread, and keeps; the server has none of its own."""


class Gauge:
    """The most memory and descriptors that a process had since the gauge was set on it."""

    def __init__(self, pid):
        self.folder, self.descriptors, self.over = Path(f"/proc/{pid}"), 0, threading.Event()
        (self.folder / "clear_refs").write_text("5")  # Sets the peak back to what it has now.
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self):
        while not self.over.wait(0.02):
            self.descriptors = max(self.descriptors, self.open)

    @property
    def open(self):
        try:
            return len(os.listdir(self.folder / "fd"))
        except FileNotFoundError:  # The process has gone.
            return 0

    @property
    def held(self):
        """Descriptors, but for those of libdispatch."""
        return sum(self._target(name) not in DISPATCH for name in os.listdir(self.folder / "fd"))

    def _target(self, name):
        try:
            return os.readlink(self.folder / "fd" / name)
        except FileNotFoundError:  # It has just been closed.
            return None

    @property
    def peak(self):
        """KiB."""
        for line in (self.folder / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
        raise AssertionError("no VmHWM in status")

    def close(self):
        self.over.set()
        self.thread.join()


class Attack:
    """Runs `act(stop, *arguments)` in a process of its own; it ends by itself, or soon after `stop` is set."""

    def __init__(self, act, arguments):
        self.stop = FORK.Event()
        self.results, sender = FORK.Pipe(duplex=False)
        self.process = FORK.Process(target=self._run, args=(act, arguments, sender), daemon=True)
        self.process.start()
        sender.close()

    def _run(self, act, arguments, sender):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))
        try:
            sender.send((True, act(self.stop, *arguments)))
        except BaseException:
            sender.send((False, traceback.format_exc()))

    @property
    def is_running(self):
        return self.process.is_alive() and not self.results.poll()

    def result(self, seconds=60):
        assert self.results.poll(seconds), "the attack did not end"
        went_well, what = self.results.recv()
        self.process.join(10)
        assert went_well, what
        return what


class Office:
    """A server, Olga and Ken at the real client, and members written in Python who misbehave."""

    def __init__(self, folder, checked, figures, descriptors=None):
        self.checked, self.figures, self.folder = checked, figures, folder
        self.server = Server(folder, descriptors)
        self.olga, self.ken = Terminal(folder / "olga"), Terminal(folder / "ken")
        self.olga("join", self.server.operator_invite("ports", "olga"))
        self.olga("sync")
        self.ken("join", self.olga("invite", "--for", "ken").strip())
        self.judgment = self.olga.new_judgment("Port closure at Riga")
        self.rounds = self.retries = 0

    @property
    def address(self):
        return self.server.address

    def member(self, handle):
        member = Member.join(self.olga("invite", "--for", handle).strip())
        self.olga("sync")
        member.sync()
        return member

    def work(self):
        """One writes, both sync, the other shows it; and the other way round."""
        self.rounds += 1
        for writer, reader, field in ((self.olga, self.ken, "basis"), (self.ken, self.olga, "criterion")):
            writer("set", self.judgment, f"{field}=Round {self.rounds}")
            self.sync(writer)
            self.sync(reader)
            shown = reader.show(self.judgment)["fields"][field]["value"]
            assert shown == f"Round {self.rounds}", f"{field} is shown as {shown!r} in round {self.rounds}"

    def sync(self, analyst):
        """On a machine that is busy with other things too, one may be told that the server is, and tries again."""
        for attempt in range(10):
            try:
                return analyst("sync")
            except AssertionError as failure:
                if "parley sync: 8" not in str(failure) or attempt == 9:
                    raise
                self.retries += 1
                time.sleep(0.1)

    def besieged(self, name, act, *arguments, seconds=4, attackers=1, descriptors=DESCRIPTORS):
        """Runs an attack while honest people work, at least three rounds of it; returns what the attackers report."""
        gauge = Gauge(self.server.process.pid)
        before, begun, rounds, self.retries = gauge.held, time.monotonic(), self.rounds, 0
        attacks = [Attack(act, arguments) for _ in range(attackers)]
        while any(attack.is_running for attack in attacks) or self.rounds < rounds + 3:
            self.work()
            if time.monotonic() > begun + seconds:
                for attack in attacks:
                    attack.stop.set()
        results = [attack.result() for attack in attacks]
        self.work()
        gauge.close()
        assert self.server.process.poll() is None, "the server is gone"
        self.checked(gauge.peak < MEMORY, f"{name}: {gauge.peak} KiB of memory")
        self.checked(gauge.descriptors <= descriptors, f"{name}: {gauge.descriptors} descriptors")
        self.checked(self._settles(gauge, before + 2), f"{name}: of {before} descriptors {gauge.held} stay open")
        syncs = 4 * (self.rounds - rounds)
        self.checked(self.retries * 8 <= syncs, f"{name}: honest people sync throughout, but for {self.retries} of {syncs}")
        self.figures.append((name, gauge.peak / 1024, gauge.descriptors, syncs, self.retries))
        return results[0] if attackers == 1 else results

    @staticmethod
    def _settles(gauge, most):
        deadline = time.monotonic() + 20
        while gauge.held > most and time.monotonic() < deadline:
            time.sleep(0.1)
        return gauge.held <= most

    def close(self):
        """Stops the server, and has every store verified."""
        status = self.server.stop()
        self.checked(status == 0, f"SIGTERM ends the server with 0, not {status}")
        for path in (self.server.data / "logs").glob("*.sqlite"):
            with sqlite3.connect(path) as log:
                (verdict,) = log.execute("PRAGMA integrity_check").fetchone()
            self.checked(verdict == "ok", f"{path.name}: {verdict}")
        for analyst in (self.olga, self.ken):
            analyst("doctor", "--verify")
            self.checked(True, "every chain, signature and table of an honest replica verifies")

    def log(self):
        return Path(self.server.errors.name).read_text()


# What attackers use.

def bare_socket(address, seconds=10):
    return socket.create_connection((address.host, address.port), seconds)


def reset(connection):
    """Closes without a goodbye, as a broken machine does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def greeted(address, member):
    """A connection of a member after the hello; what comes back is read by nobody yet."""
    connection = Connection(address, member.identity.channel_secret)
    connection.send(messages.encode(hello_of(member.replica, member.identity)))
    return connection


class Deaf(Connection):
    """Reads nothing once it is deaf, with as little room for what comes as the kernel lets it have."""
    is_deaf = False

    def deafen(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.is_deaf = True

    def pump(self, timeout):
        if not self.is_deaf:
            return super().pump(timeout)
        try:
            del self.outgoing[:self.socket.send(self.outgoing)]
        except BlockingIOError:
            time.sleep(min(timeout, 0.01))
        except OSError:
            self.closed = True


def ending(connection, seconds=30):
    """How the other end ends it: a failure's name, or `closed`."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        while (got := connection.frame()) is not None:
            last = messages.decode(*got)
        if connection.closed:
            return last.name if isinstance(last, messages.Failed) else "closed"
        connection.pump(0.05)
    return "open"


def answers(connection, kind, seconds=20):
    """The messages of a kind, at least one, until the other end has been quiet for a while, or has closed."""
    found, quiet = [], None
    deadline = time.monotonic() + seconds
    while time.monotonic() < min(quiet or deadline, deadline) and not connection.closed:
        while (got := connection.frame()) is not None:
            if isinstance(message := messages.decode(*got), kind):
                found.append(message)
                quiet = time.monotonic() + 3
        connection.pump(0.05)
    return found
