"""Invites (2.7.6)."""

import re
from dataclasses import dataclass

from . import crockford, statements
from .coding import Malformed, Reader, counted, sequence, text
from .labels import H, K, public_key

SCHEME = "parley://"
VERSION = 1
HOSTING, JOINING = 1, 2
HOST = re.compile(r"(?:[A-Za-z0-9._][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])\Z")
PORT = re.compile(r"0*[0-9]{1,5}\Z")


@dataclass(frozen=True)
class Hosting:
    """The operator's: whoever has it may found one workspace."""
    host: str
    port: int
    server: bytes
    token: bytes
    name: str
    handle: str

    def encode(self):
        return line(self.host, self.port, HOSTING, self.server + self.token + text(self.name) + text(self.handle))


@dataclass(frozen=True)
class Joining:
    """A member's: whoever has it may enrol one device."""
    host: str
    port: int
    server: bytes
    workspace: bytes
    seed: bytes
    grant: statements.Statement
    epochs: tuple = ()

    @property
    def secret(self):
        return K("invite-key", self.seed)

    def encode(self):
        epochs = sequence(name + key for name, key in self.epochs)
        content = self.server + self.workspace + self.seed + counted(self.grant.data) + epochs
        return line(self.host, self.port, JOINING, content)


def checked(content):
    return content + H("invite-check", content)[:4]


def line(host, port, kind, content):
    word = crockford.encode(checked(bytes([VERSION, kind]) + content))
    shown = f"[{host}]" if ":" in host else host
    return f"{SCHEME}{shown}:{port}/{word}"


def split(invite):
    """Host, port and the bytes of the word."""
    stripped = invite.strip()
    if stripped[:len(SCHEME)].lower() != SCHEME:
        raise Malformed("not-allowed", "scheme")
    address, slash, word = stripped[len(SCHEME):].partition("/")
    host, _, port = address.rpartition(":")
    if not slash or not HOST.match(host) or not PORT.match(port) or not 1 <= int(port) <= 65535:
        raise Malformed("not-allowed", "address")
    return host.strip("[]"), int(port), crockford.decode(word.replace("-", ""))


def decode(invite):
    host, port, data = split(invite)
    if len(data) < 6 or data != checked(data[:-4]):
        raise Malformed("not-allowed", "checksum: a typing error")
    reader = Reader(data[:-4])
    if reader.byte() != VERSION:
        raise Malformed("not-allowed", "a newer version")
    kind = reader.byte()
    if kind == HOSTING:
        invite = Hosting(host, port, reader.take(32), reader.take(16), statements.read_name(reader), statements.read_handle(reader))
    elif kind == JOINING:
        invite = read_joining(reader, host, port)
    else:
        raise Malformed("not-allowed", "kind of invite")
    reader.end()
    return invite


def read_joining(reader, host, port):
    server, workspace, seed = reader.take(32), reader.take(32), reader.take(32)
    grant = statements.decode(reader.counted(statements.LONGEST))
    count = reader.varint(4)
    epochs = tuple((reader.take(32), reader.take(32)) for _ in range(count))
    if grant.tag != statements.GRANT or grant.content.invite != public_key(K("invite-key", seed)):
        raise Malformed("not-allowed", "the grant is not this invite's")
    return Joining(host, port, server, workspace, seed, grant, epochs)
