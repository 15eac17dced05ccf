"""Messages (3.3) and codes (3.7)."""

from dataclasses import dataclass

from .coding import NUMBER_LIMIT, Malformed, Reader, counted, sequence, text, varint
from .frames import frame

TIME_LIMIT = 2**47 - 1
LONGEST_TEXT = 512
LONGEST_STATEMENT = 2048
LONGEST_CHANGESET = (60 + 961) * 1024
MOST_ENTRIES = 20_000
LONGEST_WAIT = 86_400

FAILURES = (
    "unknown", "malformed", "version", "forbidden", "limit", "timeout", "busy", "storage", "invite", "fork", "defect",
    "unknown", "revoked")
DECLINATIONS = ("unknown", "cut")
REFUSALS = ("unknown", "clock", "gap", "signature", "context", "stamp", "permission", "quota", "malformed", "fork")


def fixed_time(time):
    return time.to_bytes(8, "big")


def read_time(reader):
    time = reader.fixed(8)
    if time > TIME_LIMIT:
        raise Malformed("not-allowed", "time")
    return time


def change(pair):
    return pair[0] + varint(pair[1])


def read_change(reader):
    return reader.take(16), reader.varint(NUMBER_LIMIT, 1)


def read_sequence(reader, least_size, read, limit=None):
    return tuple(read(reader) for _ in range(reader.count(least_size, limit)))


def known(code, names):
    """A code that this version does not know is read as 0."""
    return code if code < len(names) else 0


@dataclass(frozen=True)
class Hello:
    lowest: int
    highest: int
    capabilities: int
    workspace: bytes
    device: bytes
    time: int
    frontier_digest: bytes
    statement_digest: bytes
    token: bytes = b""
    statements: tuple = ()

    def payload(self):
        return (
            varint(self.lowest) + varint(self.highest) + varint(self.capabilities) + self.workspace + self.device
            + fixed_time(self.time) + self.frontier_digest + self.statement_digest + counted(self.token)
            + sequence(map(counted, self.statements))
        )

    @classmethod
    def read(cls, reader):
        lowest, highest = reader.varint(), reader.varint()
        if lowest > highest:
            raise Malformed("not-allowed", "versions")
        fields = (reader.varint(), reader.take(32), reader.take(16), read_time(reader), reader.take(32), reader.take(32))
        token = reader.counted(16)
        if len(token) not in (0, 16):
            raise Malformed("not-allowed", "token")
        return cls(lowest, highest, *fields, token, read_sequence(reader, 1, read_statement))


def read_statement(reader):
    return reader.counted(LONGEST_STATEMENT)


@dataclass(frozen=True)
class Welcome:
    version: int
    capabilities: int
    time: int
    frontier_digest: bytes
    statement_digest: bytes

    def payload(self):
        return (
            varint(self.version) + varint(self.capabilities) + fixed_time(self.time)
            + self.frontier_digest + self.statement_digest
        )

    @classmethod
    def read(cls, reader):
        return cls(reader.varint(), reader.varint(), read_time(reader), reader.take(32), reader.take(32))


@dataclass(frozen=True)
class Statements:
    statements: tuple

    def payload(self):
        return sequence(map(counted, self.statements))

    @classmethod
    def read(cls, reader):
        return cls(read_sequence(reader, 1, read_statement))


@dataclass(frozen=True)
class Frontier:
    entries: tuple
    """(device, number, chain hash), ascending by device."""

    def payload(self):
        return sequence(change(entry) + entry[2] for entry in self.entries)

    @classmethod
    def read(cls, reader):
        entries = read_sequence(reader, 49, lambda reader: (*read_change(reader), reader.take(32)), MOST_ENTRIES)
        if any(a[0] >= b[0] for a, b in zip(entries, entries[1:])):
            raise Malformed("out-of-order", "frontier")
        return cls(entries)


@dataclass(frozen=True)
class Changesets:
    changesets: tuple
    signatures: tuple
    """(device, number, signature)"""

    def payload(self):
        signatures = (change(entry) + entry[2] for entry in self.signatures)
        return sequence(map(counted, self.changesets)) + sequence(signatures)

    @classmethod
    def read(cls, reader):
        changesets = read_sequence(reader, 1, lambda reader: reader.counted(LONGEST_CHANGESET))
        return cls(changesets, read_sequence(reader, 81, lambda reader: (*read_change(reader), reader.take(64))))


@dataclass(frozen=True)
class Stored:
    changes: tuple
    """(device, number)"""

    def payload(self):
        return sequence(map(change, self.changes))

    @classmethod
    def read(cls, reader):
        return cls(read_sequence(reader, 17, read_change))


@dataclass(frozen=True)
class Refused:
    device: bytes
    number: int
    reason: int
    text: str

    @property
    def name(self):
        return REFUSALS[self.reason]

    def payload(self):
        return self.device + varint(self.number) + varint(self.reason) + text(self.text)

    @classmethod
    def read(cls, reader):
        return cls(*read_change(reader), known(reader.varint(), REFUSALS), reader.text(LONGEST_TEXT))


@dataclass(frozen=True)
class Declined:
    statements: tuple
    reason: int
    text: str

    def payload(self):
        return varint(len(self.statements)) + b"".join(self.statements) + varint(self.reason) + text(self.text)

    @classmethod
    def read(cls, reader):
        count = reader.varint()
        if count > reader.left // 32:
            raise Malformed("too-long", "statements")
        hashes = tuple(reader.take(32) for _ in range(count))
        return cls(hashes, known(reader.varint(), DECLINATIONS), reader.text(LONGEST_TEXT))


@dataclass(frozen=True)
class Succession:
    key: bytes

    def payload(self):
        return self.key

    @classmethod
    def read(cls, reader):
        return cls(reader.take(32))


@dataclass(frozen=True)
class CaughtUp:
    def payload(self):
        return b""

    @classmethod
    def read(cls, reader):
        return cls()


@dataclass(frozen=True)
class Ping:
    time: int

    def payload(self):
        return fixed_time(self.time)

    @classmethod
    def read(cls, reader):
        return cls(read_time(reader))


@dataclass(frozen=True)
class Goodbye:
    seconds: int

    def payload(self):
        return varint(self.seconds)

    @classmethod
    def read(cls, reader):
        return cls(min(reader.varint(), LONGEST_WAIT))


@dataclass(frozen=True)
class Failed:
    code: int
    text: str

    @property
    def name(self):
        return FAILURES[self.code]

    def payload(self):
        return varint(self.code) + text(self.text)

    @classmethod
    def read(cls, reader):
        return cls(known(reader.varint(), FAILURES), reader.text(LONGEST_TEXT))


@dataclass(frozen=True)
class Presence:
    device: bytes
    content: bytes

    def payload(self):
        return self.device + self.content

    @classmethod
    def read(cls, reader):
        device = reader.take(16)
        if reader.left > 1024:
            raise Malformed("too-long", "presence")
        return cls(device, reader.rest())


KINDS = {
    1: Hello, 2: Welcome, 3: Statements, 4: Frontier, 5: Changesets, 6: Stored, 7: Refused, 8: CaughtUp, 12: Declined, 13: Succession, 9: Ping,
    10: Goodbye, 11: Failed, 128: Presence,
}
NUMBERS = {message: kind for kind, message in KINDS.items()}


def encode(message):
    """The whole frame of a message."""
    return frame(NUMBERS[type(message)], message.payload())


def decode(kind, payload):
    """The message in a frame; None for a kind that may be passed over."""
    if kind not in KINDS:
        if kind > 127:
            return None
        raise Malformed("not-allowed", f"message kind {kind}")
    reader = Reader(payload)
    message = KINDS[kind].read(reader)
    reader.end()
    return message
