"""The client's side of a session (3.4, 3.5), over a TCP socket and the encrypted channel (3.1)."""

import os
import select
import socket
import time
from typing import NamedTuple

from . import chains, channel, frames, messages, stamps
from .coding import Malformed
from .frames import Failure
from .replica import Fault

MESSAGE_SIZE = 128 * 1024
STATEMENTS_SIZE = 900 * 1024
BEAT = 20
SILENCE = 60
GREETING = 5


class Ended(Exception):
    """The other end ended the session: `name` is a failure code's name, `goodbye`, or `closed`."""

    def __init__(self, name, text=""):
        super().__init__(f"{name}: {text}" if text else name)
        self.name, self.text = name, text


class Address(NamedTuple):
    """Where a server is, and the channel key by which it is known."""
    host: str
    port: int
    key: bytes


class Connection:
    """Frames over a socket; it sends while it receives. `secret` is a device's channel secret; a stranger has any."""

    def __init__(self, address, secret=None, timeout=5):
        self.socket = socket.create_connection((address.host, address.port), timeout)
        self.socket.setblocking(False)
        self.channel = channel.Client(address.key, secret or os.urandom(32))
        self.incoming = bytearray()
        self.closed = False
        self.refusal = None
        """Why this end has ended the connection, where the channel's rules were broken."""
        self.last_sent = self.last_received = time.monotonic()
        deadline = time.monotonic() + timeout
        while not self.channel.is_open and not self.closed and time.monotonic() < deadline:
            self.pump(0.05)
        self.pump(0)

    @property
    def outgoing(self):
        return self.channel.outgoing

    def send(self, data):
        self.channel.send(data)
        self.last_sent = time.monotonic()
        self.pump(0)

    def pump(self, timeout):
        """Moves bytes for at most so many seconds, until something moved."""
        if self.closed:
            return
        writing = [self.socket] if self.outgoing else []
        readable, writable, _ = select.select([self.socket], writing, [], timeout)
        try:
            if writable:
                del self.outgoing[:self.socket.send(self.outgoing)]
            if readable:
                data = self.socket.recv(65536)
                self.incoming += self.channel.receive(data)
                self.closed = not data
        except channel.Refused as refusal:
            self.refusal, self.closed = refusal, True
        except OSError:
            self.closed = True

    def frame(self):
        """The next whole frame as (kind, payload), or None."""
        frame = frames.take(self.incoming)
        if frame:
            self.last_received = time.monotonic()
        return frame

    def flush(self, seconds=2):
        deadline = time.monotonic() + seconds
        while self.outgoing and not self.closed and time.monotonic() < deadline:
            self.pump(0.05)

    def finish(self):
        """Ends this direction of the stream; the other may still say something."""
        self.flush()
        if not self.closed:
            self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        """Closes once what was sent is out."""
        self.flush()
        self.socket.close()
        self.closed = True


def hello_of(replica, identity, introduction=(), token=b""):
    """What this device says first; a newcomer adds the statements, and an operator's token, that let it in."""
    return messages.Hello(
        1, 1, 0, replica.workspace, identity.device, stamps.now(), replica.frontier_digest, replica.roster.digest,
        token, tuple(statement.data for statement in introduction))


class Session:
    """One workspace, one device, one connection. `sent` and `received` keep the messages, for those who count."""

    def __init__(self, replica, identity, address, introduction=(), token=b""):
        self.replica, self.identity = replica, identity
        self.sent, self.received, self.refused, self.declined, self.announced = [], [], [], [], None
        self.stored = {}
        self.peer = None
        """The peer's frontier, once it is known."""
        self.open = self.caught_up = self.peer_caught_up = False
        self.connection = Connection(address, identity.channel_secret)
        self.hello = hello_of(replica, identity, introduction, token)
        self.send(self.hello)

    def send(self, message):
        self.sent.append(message)
        self.connection.send(messages.encode(message))

    # Receiving.

    def run(self, until, seconds=10):
        """Takes what arrives until `until(self)` holds; TimeoutError if that takes longer than so many seconds."""
        deadline = time.monotonic() + seconds
        while not until(self):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not reached; received {self.names(self.received)}")
            self._step()

    def _step(self):
        try:
            frame = self.connection.frame()
            if frame is None:
                return self._wait()
            message = messages.decode(*frame)
            if message is not None:
                self.received.append(message)
                self._handle(message)
        except Malformed as error:
            self._fail("malformed", str(error))
        except Failure as failure:
            self._fail(failure.name, failure.text)
        except Fault as fault:
            self._fail("fork" if fault.reason == "fork" else "malformed", str(fault))

    def _wait(self):
        if self.connection.closed:
            raise Ended("closed")
        now = time.monotonic()
        if now - self.connection.last_received > (SILENCE if self.open else GREETING):
            self._fail("timeout", "silence")
        if self.open and now - self.connection.last_sent > BEAT:
            self.send(messages.Ping(stamps.now()))
        self.connection.pump(0.05)

    def _fail(self, name, text):
        """Ends the session from this side."""
        if not self.connection.closed:
            self.send(messages.Failed(messages.FAILURES.index(name), text[:200]))
        self.connection.close()
        raise Failure(name, text)

    def _handle(self, message):
        kind = type(message)
        if kind is messages.Failed:
            self.connection.close()
            raise Ended(message.name, message.text)
        if kind is messages.Goodbye:
            self.connection.close()
            raise Ended("goodbye", str(message.seconds))
        if kind is messages.Ping:
            return
        handlers = OPEN if self.open else GREETING_ONLY
        if kind not in handlers:
            raise Failure("malformed", f"{kind.__name__} in this state")
        handlers[kind](self, message)

    def _welcome(self, welcome):
        if welcome.version != 1:
            raise Failure("version", f"version {welcome.version} was not offered")
        self.open = True
        self.welcome = welcome
        received = stamps.now()
        self.replica.offset = welcome.time - (self.hello.time + received) // 2
        if welcome.statement_digest != self.hello.statement_digest:
            self._send_statements()
        self.same_frontier = welcome.frontier_digest == self.hello.frontier_digest
        if self.same_frontier:
            self._know(self.replica.frontier)
        else:
            self.send(messages.Frontier(self.replica.frontier_entries))

    def _send_statements(self):
        part, size = [], 0
        for statement in self.replica.roster.statements.values():
            if size + len(statement.data) + 2 > STATEMENTS_SIZE:
                self.send(messages.Statements(tuple(part)))
                part, size = [], 0
            part.append(statement.data)
            size += len(statement.data) + 2
        self.send(messages.Statements(tuple(part)))

    def _frontier(self, frontier):
        if self.peer is not None or self.same_frontier:
            return  # A second one, or one that was not due.
        for device, number, chain_hash in frontier.entries:
            chain = self.replica.chains.get(device)
            if chain and number <= chain.number and chain.hashes[number] != chain_hash:
                self.leave()
                raise Fault("fork", device, number)
        self._know({device: number for device, number, _ in frontier.entries})

    def _know(self, peer):
        """The peer's frontier is known: send what it lacks, then `caughtUp`."""
        self.peer = dict(peer)
        self.push()
        self.caught_up = True
        self.send(messages.CaughtUp())

    def _changesets(self, message):
        self.replica.receive(message.changesets, message.signatures)
        for device, number, _ in message.signatures:
            self._holds(device, number)

    def _holds(self, device, number):
        """The peer is known to hold this."""
        if self.peer is not None:
            self.peer[device] = max(self.peer.get(device, 0), number)

    def _stored(self, message):
        for device, number in message.changes:
            self.stored[device] = max(self.stored.get(device, 0), number)

    # Sending changesets.

    def push(self):
        """Sends what the peer lacks, in the order of the log."""
        part, size = [], 0
        for change in self.replica.log:
            if covered(self.peer, change):
                continue
            part.append(change)
            size += len(change.data) + 4
            if size > MESSAGE_SIZE and self._may_cut(part):
                self._send_changes(part)
                part, size = [], 0
        if part:
            self._send_changes(part)

    def _may_cut(self, part):
        """A message may end only where its chains are signed; this device can sign its own anywhere."""
        last = {change.header.device: change.header.number for change in part}
        return all(d == self.identity.device or n in self.replica.chains[d].signatures for d, n in last.items())

    def _send_changes(self, part):
        first, last = {}, {}
        for change in part:
            first.setdefault(change.header.device, change.header.number)
            last[change.header.device] = change.header.number
        entries = [(d, n, self._signature(d, first[d], n)) for d, n in last.items()]
        self.send(messages.Changesets(tuple(change.data for change in part), tuple(entries)))
        for device, number in last.items():
            self._holds(device, number)

    def _signature(self, device, first, number):
        chain = self.replica.chains[device]
        if number not in chain.signatures:
            chain.signatures[number] = chains.sign(self.identity, self.replica.workspace, number, chain.hashes[number])
        return chain.signatures[number]

    # What people do.

    def sync(self, seconds=10):
        """Runs until both ends have caught up and everything of this device is stored."""
        device = self.identity.device
        sent = lambda: any(isinstance(m, messages.Changesets) for m in self.sent)
        own = lambda: self.replica.frontier.get(device, 0)
        done = lambda s: s.caught_up and s.peer_caught_up and (not sent() or s.stored.get(device, 0) >= own())
        self.run(done, seconds)
        return self

    def push_and_wait(self, seconds=10):
        """Sends this device's new changesets and waits until they are stored."""
        self.push()
        device = self.identity.device
        self.run(lambda s: s.stored.get(device, 0) >= self.replica.frontier[device], seconds)

    def leave(self, seconds=0):
        if not self.connection.closed:
            self.send(messages.Goodbye(seconds))
        self.connection.close()

    @staticmethod
    def names(list_of_messages):
        return [type(message).__name__ for message in list_of_messages]


def covered(frontier, change):
    return frontier.get(change.header.device, 0) >= change.header.number


def ignore(session, message):
    pass


def note_caught_up(session, message):
    session.peer_caught_up = True


GREETING_ONLY = {messages.Welcome: Session._welcome}
OPEN = {
    messages.Statements: lambda session, message: session.replica.add_statements(message.statements),
    messages.Frontier: Session._frontier,
    messages.Changesets: Session._changesets,
    messages.Stored: Session._stored,
    messages.Refused: lambda session, message: session.refused.append(message),
    messages.Declined: lambda session, message: session.declined.append(message),
    messages.Succession: lambda session, message: setattr(session, "announced", message.key),
    messages.CaughtUp: note_caught_up,
    messages.Presence: ignore,
}
