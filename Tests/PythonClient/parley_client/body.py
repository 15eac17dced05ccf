"""Bodies (2.3)."""

from dataclasses import dataclass, field
from itertools import groupby

from . import cbor
from .coding import Malformed, counted, sequence, varint, whole

BY_HAND, IMPORT, UNDO, REDO, RESOLVE, RESTORE = range(1, 7)
NOTE, TOOL, SOURCE, DIGEST, BATCH, PART, LAST, TARGET = range(1, 9)
TAG_LIMIT = 2**32 - 1
LONGEST_KEY = 512
LONGEST_BODY = 960 * 1024


@dataclass(frozen=True)
class Write:
    kind: int
    record: bytes
    field: int
    key: bytes | None
    value: bytes
    """One encoded CBOR item."""

    @property
    def register(self):
        return (self.kind, self.record, self.field, self.key)

    @property
    def order(self):
        """Ascending by kind, record, field, then no key before any key."""
        return (self.kind, self.record, self.field, self.key is not None, self.key or b"")


@dataclass(frozen=True)
class Body:
    act: int = BY_HAND
    attributes: dict = field(default_factory=dict)
    """Tag to encoded value."""
    writes: tuple = ()
    said: tuple = ()

    def encode(self):
        attributes = (varint(tag) + value for tag, value in sorted(self.attributes.items()))
        return varint(self.act) + sequence(attributes) + encode_groups(self.writes) + encode_groups(self.said)


def encode_groups(writes):
    ordered = sorted(writes, key=lambda write: write.order)
    groups = groupby(ordered, key=lambda write: (write.kind, write.record))
    return sequence(encode_group(kind, record, list(group)) for (kind, record), group in groups)


def encode_group(kind, record, writes):
    count = len(writes)
    head = varint(kind * 8 + count) if count < 8 else varint(kind * 8) + varint(count)
    return head + record + b"".join(map(encode_write, writes))


def encode_write(write):
    if write.key is None:
        return varint(write.field * 2) + write.value
    return varint(write.field * 2 + 1) + counted(write.key) + write.value


def read_body(reader):
    act = reader.varint()
    attributes, last = {}, -1
    for _ in range(reader.count(2)):
        tag = reader.varint()
        if tag <= last:
            raise Malformed("out-of-order", "attributes")
        attributes[tag] = cbor.read_encoded(reader)
        last = tag
    return Body(act, attributes, read_groups(reader), read_groups(reader))


def read_groups(reader):
    writes, last = [], None
    for _ in range(reader.count(17)):
        kind, count = read_group_head(reader)
        record = reader.take(16)
        if last is not None and (kind, record) <= last:
            raise Malformed("out-of-order", "groups")
        last = (kind, record)
        writes += read_writes(reader, kind, record, count)
    return tuple(writes)


def read_group_head(reader):
    kind, count = divmod(reader.varint(), 8)
    if kind > TAG_LIMIT:
        raise Malformed("not-allowed", "kind tag")
    if count == 0:
        count = reader.count(2)
        if count < 8:
            raise Malformed("not-minimal", "group head")
    return kind, count


def read_writes(reader, kind, record, count):
    last = None
    for _ in range(count):
        field_tag, keyed = divmod(reader.varint(), 2)
        if field_tag > TAG_LIMIT:
            raise Malformed("not-allowed", "field tag")
        key = reader.text(LONGEST_KEY, 1).encode() if keyed else None
        write = Write(kind, record, field_tag, key, cbor.read_encoded(reader))
        if last is not None and write.order <= last.order:
            raise Malformed("out-of-order", "writes")
        last = write
        yield write


def decode(data):
    return whole(data, read_body)
