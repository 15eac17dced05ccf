"""External keys and derived ids (1.9)."""

import hashlib
import unicodedata

from .coding import varint

NAMESPACE = bytes.fromhex("6e1b3a528c0d4f7e9a412d93b5f017c8")
LINK = 13
BLANKS = "\u0020\u0009\u000a\u000d"


def canonical(key):
    key = unicodedata.normalize("NFC", key).strip(BLANKS)
    system, colon, native = key.partition(":")
    if not colon:
        return key
    return "".join(c.lower() if c.isascii() else c for c in system) + colon + native


def uuid5(name):
    data = bytearray(hashlib.sha1(NAMESPACE + name).digest()[:16])
    data[6] = data[6] & 0x0F | 0x50
    data[8] = data[8] & 0x3F | 0x80
    return bytes(data)


def imported(kind, key):
    return uuid5(varint(kind) + b"\x00" + canonical(key).encode())


def link(origin, relation, target):
    return uuid5(varint(LINK) + b"\x00" + origin + relation.encode("ascii") + target)
