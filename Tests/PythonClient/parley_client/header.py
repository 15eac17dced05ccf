"""Changesets and their headers (2.2)."""

from dataclasses import dataclass, field

from .coding import NUMBER_LIMIT, Malformed, Reader, sequence, varint

FORMAT = 1
WHOLE, HAS_STATEMENT = 1, 2
LONGEST_HEADER = 60 * 1024
LONGEST_BODY = 961 * 1024


@dataclass(frozen=True)
class Header:
    device: bytes
    number: int
    time: int
    epoch: int = 0
    context: dict = field(default_factory=dict)
    """What the changeset lists: device to number."""
    statement: bytes | None = None
    size: int = 0

    def encode(self):
        flags = (WHOLE if self.number == 1 else 0) | (HAS_STATEMENT if self.statement else 0)
        entries = (device + varint(number) for device, number in sorted(self.context.items()))
        return (
            bytes([FORMAT, flags]) + self.device + varint(self.number) + self.time.to_bytes(8, "big") + varint(self.epoch)
            + sequence(entries) + (self.statement or b"") + varint(self.size)
        )


def read_context(reader, author):
    context, last = {}, None
    for _ in range(reader.count(17, LONGEST_HEADER // 17)):
        device, number = reader.take(16), reader.varint(NUMBER_LIMIT, 1)
        if device == author:
            raise Malformed("not-allowed", "the author's own device in the context")
        if last is not None and device <= last:
            raise Malformed("out-of-order", "context")
        context[device] = number
        last = device
    return context


def read_header(reader):
    start = reader.at
    if reader.byte() != FORMAT:
        raise Malformed("not-allowed", "format")
    flags = reader.byte()
    if flags > 3:
        raise Malformed("not-allowed", "flags")
    device = reader.take(16)
    number = reader.varint(NUMBER_LIMIT, 1)
    if (number == 1) != bool(flags & WHOLE):
        raise Malformed("not-allowed", "the first, and only the first, stands whole")
    time = reader.fixed(8)
    if time > NUMBER_LIMIT:
        raise Malformed("not-allowed", "time")
    epoch = reader.varint(NUMBER_LIMIT)
    context = read_context(reader, device)
    statement = reader.take(32) if flags & HAS_STATEMENT else None
    size = reader.length(LONGEST_BODY)
    if reader.at - start > LONGEST_HEADER:
        raise Malformed("too-long", "header")
    return Header(device, number, time, epoch, context, statement, size)


def read_changeset(data):
    """Splits a changeset into its header and its packed body."""
    reader = Reader(data)
    header = read_header(reader)
    body = reader.take(header.size)
    reader.end()
    return header, body


def changeset(header, body):
    """The bytes of a changeset; the header's size is taken from the body."""
    whole = Header(header.device, header.number, header.time, header.epoch, header.context, header.statement, len(body))
    return whole.encode() + body
