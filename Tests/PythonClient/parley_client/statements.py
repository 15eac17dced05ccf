"""Statements of membership (2.7.4)."""

import os
import re
from dataclasses import dataclass
from functools import cached_property

from .coding import NUMBER_LIMIT, Malformed, Reader, sequence, text, varint
from .labels import H, S, public_key, verifies

FORMAT = 1
FOUND, GRANT, ENROL, ROLE, REVOKE, EPOCH, SHARE = range(1, 8)
READER, ANALYST, ADMIN = 1, 2, 3
ROLES = {READER: "reader", ANALYST: "analyst", ADMIN: "admin"}
FURTHER_DEVICE = 0
ANALYST_WHOLE, DEVICES = 0, 1
MOST_CUTS = 64
MOST_PREVIOUS = 8
LONGEST = 2048
MOST_BASES = 16
TIME_LIMIT = 2**48 - 1
HANDLE = re.compile(rb"[a-z][a-z0-9_-]{0,31}")
NOT_IN_NAMES = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029/]")


@dataclass(frozen=True)
class Found:
    keys: bytes
    handle: str
    name: str
    salt: bytes
    time: int

    def encode(self):
        return self.keys + text(self.handle) + text(self.name) + self.salt + varint(self.time)


@dataclass(frozen=True)
class Grant:
    invite: bytes
    purpose: int
    handle: str
    until: int

    def encode(self):
        return self.invite + bytes([self.purpose]) + text(self.handle) + varint(self.until)


@dataclass(frozen=True)
class Enrol:
    keys: bytes
    handle: str
    time: int
    possession: bytes

    def encode(self):
        return self.keys + text(self.handle) + varint(self.time) + self.possession


def encode_cuts(cuts):
    return sequence(device + varint(number) for device, number in sorted(cuts))


@dataclass(frozen=True)
class Role:
    handle: str
    role: int
    cuts: tuple = ()
    """(device, number), ascending."""

    def encode(self):
        return text(self.handle) + bytes([self.role]) + encode_cuts(self.cuts)

    def puts_out(self, device):
        return False


@dataclass(frozen=True)
class Revoke:
    handle: str
    scope: int
    cuts: tuple = ()

    def encode(self):
        return text(self.handle) + bytes([self.scope]) + encode_cuts(self.cuts)

    def puts_out(self, device):
        """Whether it puts out this device of its analyst."""
        return self.scope == ANALYST_WHOLE or device in dict(self.cuts)


@dataclass(frozen=True)
class Epoch:
    key_hash: bytes
    time: int
    previous: tuple = ()
    """(hash of an earlier epoch, its wrapped key), ascending."""
    seals: tuple = ()
    """(device, encapsulated key, sealed key), ascending."""

    def encode(self):
        return (
            self.key_hash + varint(self.time) + sequence(map(b"".join, sorted(self.previous)))
            + sequence(map(b"".join, sorted(self.seals)))
        )


@dataclass(frozen=True)
class Share:
    epoch: bytes
    seals: tuple

    def encode(self):
        return self.epoch + sequence(map(b"".join, sorted(self.seals)))


@dataclass(frozen=True)
class Unknown:
    payload: bytes


@dataclass(frozen=True)
class Statement:
    data: bytes
    tag: int
    bases: tuple
    """The hashes of the statements it rests on."""
    signer: bytes
    content: object

    @cached_property
    def hash(self):
        return H("statement", self.data)

    @property
    def introduces(self):
        """The Ed25519 key that this statement gives a voice, if any."""
        if isinstance(self.content, Grant):
            return self.content.invite
        return self.content.keys[64:] if isinstance(self.content, (Found, Enrol)) else None


def read_handle(reader):
    handle = reader.text(32, 1)
    if not HANDLE.fullmatch(handle.encode()):
        raise Malformed("not-allowed", f"handle {handle!r}")
    return handle


def read_name(reader):
    name = reader.text(64, 1)
    if name.startswith(".") or NOT_IN_NAMES.search(name):
        raise Malformed("not-allowed", f"workspace name {name!r}")
    return name


def read_content(tag, payload, before):
    """Reads a payload; `before` are the bytes of the statement before the payload."""
    reader = Reader(payload)
    if tag == FOUND:
        content = Found(reader.take(96), read_handle(reader), read_name(reader), reader.take(16), reader.varint(TIME_LIMIT))
    elif tag == GRANT:
        content = Grant(reader.take(32), read_purpose(reader), read_handle(reader), reader.varint(TIME_LIMIT))
    elif tag == ENROL:
        keys, handle, time = reader.take(96), read_handle(reader), reader.varint(TIME_LIMIT)
        possessed = before + payload[:reader.at]
        content = Enrol(keys, handle, time, reader.take(64))
        if not verifies("possession", keys[64:], content.possession, possessed):
            raise Malformed("not-allowed", "possession")
    elif tag in READERS:
        content = READERS[tag](reader)
    else:
        content = Unknown(reader.rest())
    reader.end()
    return content


def ascending(items, what):
    """The items as a tuple, if their first components ascend strictly."""
    items = tuple(items)
    if any(a[0] >= b[0] for a, b in zip(items, items[1:])):
        raise Malformed("out-of-order", what)
    return items


def read_cuts(reader):
    count = reader.count(17, MOST_CUTS)
    return ascending(((reader.take(16), reader.varint(NUMBER_LIMIT)) for _ in range(count)), "cuts")


def read_role(reader):
    role = Role(read_handle(reader), reader.byte(), read_cuts(reader))
    if role.role not in ROLES or (role.cuts and role.role != READER):
        raise Malformed("not-allowed", "role")
    return role


def read_revoke(reader):
    revoke = Revoke(read_handle(reader), reader.byte(), read_cuts(reader))
    if revoke.scope > DEVICES or (revoke.scope == DEVICES and not revoke.cuts):
        raise Malformed("not-allowed", "scope")
    return revoke


def read_seals(reader):
    count = reader.count(96)
    return ascending(((reader.take(16), reader.take(32), reader.take(48)) for _ in range(count)), "seals")


def read_epoch(reader):
    key_hash, time = reader.take(32), reader.varint(TIME_LIMIT)
    count = reader.count(80, MOST_PREVIOUS)
    previous = ascending(((reader.take(32), reader.take(48)) for _ in range(count)), "previous")
    return Epoch(key_hash, time, previous, read_seals(reader))


def read_share(reader):
    share = Share(reader.take(32), read_seals(reader))
    if not share.seals:
        raise Malformed("not-allowed", "a share without seals")
    return share


READERS = {ROLE: read_role, REVOKE: read_revoke, EPOCH: read_epoch, SHARE: read_share}


def read_purpose(reader):
    purpose = reader.byte()
    if purpose > ADMIN:
        raise Malformed("not-allowed", "purpose")
    return purpose


def decode(data):
    """Reads a statement and checks its form and its signatures."""
    if len(data) > LONGEST:
        raise Malformed("too-long", "statement")
    reader = Reader(data)
    if reader.byte() != FORMAT:
        raise Malformed("not-allowed", "format")
    tag = reader.byte()
    count = reader.varint()
    if count > MOST_BASES:
        raise Malformed("too-long", "rests on")
    bases = tuple(reader.take(32) for _ in range(count))
    if any(a >= b for a, b in zip(bases, bases[1:])):
        raise Malformed("out-of-order", "rests on")
    if (count == 0) != (tag == FOUND):
        raise Malformed("not-allowed", "only a found rests on nothing")
    signer = reader.take(32)
    size = reader.length(LONGEST)
    start = reader.at
    payload = reader.take(size)
    signed = reader.data[:reader.at]
    signature = reader.take(64)
    reader.end()
    if not verifies("statement-signature", signer, signature, signed):
        raise Malformed("not-allowed", "signature")
    content = read_content(tag, payload, signed[:start])
    if tag == FOUND and content.keys[64:] != signer:
        raise Malformed("not-allowed", "signer of a found")
    return Statement(bytes(data), tag, bases, signer, content)


def prefix(tag, bases, signer, size):
    return bytes([FORMAT, tag]) + sequence(sorted(bases)) + signer + varint(size)


def make(tag, bases, secret, payload):
    """Signs a statement with the Ed25519 secret key of its signer."""
    signed = prefix(tag, bases, public_key(secret), len(payload)) + payload
    return decode(signed + S("statement-signature", secret, signed))


def found(identity, handle, name, time, salt=None):
    content = Found(identity.keys, handle, name, salt or os.urandom(16), time)
    return make(FOUND, [], identity.signing_secret, content.encode())


def grant(identity, bases, invite_key, purpose, handle, until):
    return make(GRANT, bases, identity.signing_secret, Grant(invite_key, purpose, handle, until).encode())


def sign(identity, bases, content):
    """A role, revocation, epoch or share by a device."""
    tag = {Role: ROLE, Revoke: REVOKE, Epoch: EPOCH, Share: SHARE}[type(content)]
    return make(tag, bases, identity.signing_secret, content.encode())


def enrol(identity, bases, secret, handle, time):
    """Enrols `identity`; `secret` is the signing secret of the invite, or of a device of the same analyst."""
    claim = identity.keys + text(handle) + varint(time)
    before = prefix(ENROL, bases, public_key(secret), len(claim) + 64)
    return make(ENROL, bases, secret, claim + identity.sign("possession", before + claim))
