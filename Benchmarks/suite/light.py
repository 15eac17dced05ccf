"""Light clients: many connections in one process, by the independent client of Tests/PythonClient. They greet, catch up
and stay; what a live client is sent is counted at its socket and deciphered afterwards, so that its own work does not
stand in the figure."""

import os
import resource
import select
import subprocess
import sys
import threading
import time

from .bench import Skipped
from .figures import ROOT
from .machine import Failed

CLIENT = ROOT / "Tests/PythonClient"
SESSIONS = 60
"""Sessions a device; the server lets it have 64."""
SHORTEST = 120
"""Bytes of the shortest changeset on the wire; presence and pings are shorter."""
EVIDENCE, TITLE = 8, 1

sys.path[:0] = [str(CLIENT), str(CLIENT / "tests")]
sys.path += map(str, (ROOT / ".build/python-venv/lib").glob("python3*/site-packages"))
try:
    import world
    from parley_client import body, cbor, header, messages, packing, sealing, stamps
    from parley_client.chains import follow, sign, start
    from parley_client.session import Session
except ImportError as missing:
    world, MISSING, Session = None, missing, object


def newcomer(invite, reads=True):
    """A member that has come in by an invite; one that does not read holds the log, and merges nothing."""
    if world is None:
        raise Skipped(f"{MISSING}: the light client's environment is made by Tests/PythonClient/run")
    member, introduction = world.Member.newcomer(invite)
    if not reads:
        member.replica._project = lambda change: None
    return member, introduction


def joined(team, handle, reads=True):
    """A member that holds all there is, with its own device under the present key."""
    member, introduction = newcomer(team.invite(handle), reads)
    member.session(introduction).sync(120).leave()
    team("olga", "sync")
    member.session().sync(120).leave()
    return member


def enrolled(team, handles):
    """Members that have come in, and hold nothing but the statements of their own invites."""
    invites = [team("olga", "invite", "--for", handle)[0].strip() for handle in handles]
    team("olga", "sync")
    members = []
    for invite in invites:
        member, introduction = newcomer(invite, reads=False)
        session = member.session(introduction)
        session.run(lambda session: session.open)
        session.leave()
        members.append(member)
    team("olga", "sync")
    return members


class Message:
    """A changeset of a member, signed and framed, ready to be sent."""

    def __init__(self, member, record, value):
        write = world.write(EVIDENCE, world.raw_id(record), TITLE, value)
        member.write(write)
        head = member.replica.chains[member.identity.device]
        signature = (member.identity.device, head.number, head.signatures[head.number])
        self.data = head.changes[-1].data
        self.frame = messages.encode(messages.Changesets((self.data,), (signature,)))


class Crowd:
    """So many live connections that have caught up; one replica of the log serves them all."""

    def __init__(self, team, count):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        devices = -(-count // SESSIONS)
        others = enrolled(team, [f"crowd{number}" for number in range(1, devices)])
        first = joined(team, "crowd", reads=False)
        first.session().sync(120).leave()
        self.replica, members = first.replica, [first, *others]
        self.sessions = []
        for number in range(count):
            self.sessions.append(Session(first.replica, members[number // SESSIONS].identity, first.address))
            if number % 50 == 49:
                self.settle()
        self.settle()
        self.poll = select.epoll()
        self.connections = {session.connection.socket.fileno(): session.connection for session in self.sessions}
        for descriptor in self.connections:
            self.poll.register(descriptor, select.EPOLLIN)

    def settle(self):
        for session in self.sessions:
            session.run(lambda session: session.caught_up and session.peer_caught_up, 60)

    def drain(self, seconds):
        """Lets what is on its way come in, presence of those who came last."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._take(0.02, {})

    def _take(self, timeout, got):
        for descriptor, _ in self.poll.poll(timeout):
            data = self.connections[descriptor].socket.recv(65536)
            if not data:
                raise Failed("the server has closed the connection of a live client")
            got.setdefault(descriptor, []).append(data)

    def await_all(self, seconds=20):
        """Waits until each has been sent a changeset; returns what each got, and when the last had it."""
        got, missing, deadline = {}, set(self.connections), time.monotonic() + seconds
        while missing:
            if time.monotonic() > deadline:
                raise Failed(f"{len(missing)} of {len(self.connections)} live clients were sent nothing in {seconds} s")
            fresh = {}
            self._take(0.5, fresh)
            for descriptor, parts in fresh.items():
                got.setdefault(descriptor, []).extend(parts)
                if sum(map(len, got[descriptor])) >= SHORTEST:
                    missing.discard(descriptor)
        return got, time.monotonic()

    def decipher(self, got, data):
        """Checks that everybody was sent these very bytes; returns how many."""
        for descriptor, parts in got.items():
            connection = self.connections[descriptor]
            if data not in connection.channel.receive(b"".join(parts)):
                raise Failed("a live client was sent something else than the changeset")
        return len(got)

    def close(self):
        for session in self.sessions:
            session.connection.socket.close()


class Quiet(Session):
    """Says nothing after its greeting by itself."""

    def _welcome(self, welcome):
        self.open = True


class Pusher:
    """A client that only sends: it keeps its frontier to itself, so that it is sent nothing."""

    def __init__(self, member, records, count):
        self.device, self.count = member.identity.device, count
        changes, signature = chain(member, records, count)
        parts = [changes[place:place + 500] for place in range(0, count, 500)]
        frames = [messages.encode(messages.Changesets(tuple(part), signature(place * 500 + len(part))))
                  for place, part in enumerate(parts)]
        self.session = Quiet(member.replica, member.identity, member.address)
        self.session.run(lambda session: session.open)
        self.session.connection.channel.send(b"".join(frames))

    def is_stored(self, session):
        return session.stored.get(self.device, 0) >= self.count

    def wait(self, seconds):
        self.session.run(self.is_stored, seconds)


def chain(member, records, count):
    """So many changesets of one write each, to these records in turn, and the function that signs at a number."""
    replica, device = member.replica, member.identity.device
    if replica.chains.get(device):
        raise Failed("this device has written already")
    name = next(name for name in reversed(replica.roster.epochs) if name in replica.keys.known)
    time_now, last, changes = stamps.now(), replica.greatest_time, []
    hashes = [start(replica.workspace, device)]
    for number in range(1, count + 1):
        last = stamps.next_time(last, time_now)
        write = world.write(EVIDENCE, records[number % len(records)], TITLE, f"Edit {number} by a client")
        content = body.Body(body.BY_HAND, {}, (write,))
        packed = packing.pack(content.encode())
        head = header.Header(
            device, number, last, sealing.epoch_number(name), dict(replica.frontier) if number == 1 else {},
            replica.roster.newest if number == 1 else None, sealing.sealed_size(len(packed)))
        data = head.encode() + sealing.seal_body(replica.keys.known[name], device, head.encode(), packed)
        changes.append(data)
        hashes.append(follow(hashes[-1], data))
    signed = lambda number: ((device, number, sign(member.identity, replica.workspace, number, hashes[number])),)
    return changes, signed


class Watching:
    """`parley watch` of a real replica, and when each of its lines came."""

    def __init__(self, team, who):
        self.child = subprocess.Popen(
            [team.parley, "watch"], env=dict(os.environ, PARLEY_HOME=str(team.home(who))),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.came = [], threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        for line in self.child.stderr:
            if line.startswith(b"connected"):
                break

    def _read(self):
        for line in self.child.stdout:
            moment = time.monotonic()
            with self.came:
                self.lines.append((moment, line))
                self.came.notify()

    def until(self, text, seconds=20):
        """When the line that holds this text came."""
        find = lambda: next((moment for moment, line in reversed(self.lines) if text in line), None)
        with self.came:
            if not self.came.wait_for(find, seconds):
                raise Failed(f"watch printed no line with {text.decode()} in {seconds} s")
            return find()

    def close(self):
        self.child.terminate()
        self.child.wait(20)


def is_change(message):
    return isinstance(message, messages.Changesets)


def on_the_wire(message):
    """Bytes of a message with its frame and the record of the channel: two of length, sixteen of proof."""
    return len(messages.encode(message)) + 18


def overhead(replica, changes):
    """Bytes a write beyond its value, before compression; and all stored bytes a write."""
    writes = values = whole = stored = 0
    for change in changes:
        packed = replica.packed(change)
        if packed is None:
            continue
        plain = packing.unpack(packed)
        found = body.decode(plain).writes
        writes += len(found)
        values += sum(value_size(write) for write in found)
        whole += len(change.data) - len(packed) + len(plain)
        stored += len(change.data)
    if not writes:
        raise Failed("no write of these changesets can be read")
    return (whole - values) / writes, stored / writes


def value_size(write):
    """A text's own bytes, or a set member's; other values as they are encoded."""
    value = cbor.decode(write.value)
    if write.key is not None and value is True:
        return len(write.key)
    return len(value.encode()) if isinstance(value, str) else len(value) if isinstance(value, bytes) else len(write.value)
