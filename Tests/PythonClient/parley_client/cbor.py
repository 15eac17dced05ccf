"""Values: deterministic CBOR (1.8).

Python's own types stand for what they can: None, bool, int (-2^64 to 2^64 - 1), bytes, str, list, float. The rest are the
classes below; a map is a list of pairs, because its keys may be any items.
"""

import math
import struct
from dataclasses import dataclass

from .coding import Malformed, decode_utf8, whole

DEEPEST = 8


@dataclass(frozen=True)
class Map:
    pairs: tuple


@dataclass(frozen=True)
class Tag:
    number: int
    value: object


@dataclass(frozen=True)
class Simple:
    """A simple value other than false, true and null; 23 is undefined."""
    number: int


def head(major, number):
    """Major type and number in the shortest form."""
    if number < 24:
        return bytes([major << 5 | number])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 256**size:
            return bytes([major << 5 | extra]) + number.to_bytes(size, "big")
    raise ValueError(f"too great for CBOR: {number}")


def encode_float(value):
    if math.isnan(value):
        return b"\xf9\x7e\x00"
    for first, form in ((0xF9, ">e"), (0xFA, ">f")):
        try:
            data = struct.pack(form, value)
        except OverflowError:
            continue
        if struct.unpack(form, data)[0] == value:
            return bytes([first]) + data
    return b"\xfb" + struct.pack(">d", value)


def encode(value, depth=0):
    """Encodes one item; `depth` is how many arrays, maps and tags it lies in."""
    if depth > DEEPEST:
        raise ValueError("too deep")
    if value is None:
        return b"\xf6"
    if value is False or value is True:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, (bytes, bytearray)):
        return head(2, len(value)) + bytes(value)
    if isinstance(value, str):
        data = value.encode()
        return head(3, len(data)) + data
    if isinstance(value, (list, tuple)):
        return head(4, len(value)) + b"".join(encode(item, depth + 1) for item in value)
    if isinstance(value, Map):
        pairs = sorted((encode(key, depth + 1), encode(item, depth + 1)) for key, item in value.pairs)
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key stands twice")
        return head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
    if isinstance(value, Tag):
        return head(6, value.number) + encode(value.value, depth + 1)
    if isinstance(value, Simple):
        return bytes([0xE0 | value.number]) if value.number < 24 else bytes([0xF8, value.number])
    if isinstance(value, float):
        return encode_float(value)
    raise TypeError(f"no value: {value!r}")


def argument(reader, extra):
    """The number that a head carries, refused unless in its shortest form."""
    if extra < 24:
        return extra
    if extra > 27:
        raise Malformed("not-allowed", "indefinite or reserved")
    size = 1 << extra - 24
    number = reader.fixed(size)
    if number < (24 if size == 1 else 256 ** (size // 2)):
        raise Malformed("not-minimal")
    return number


def read_float(reader, extra):
    size = 1 << extra - 24
    data = reader.take(size)
    value = struct.unpack({2: ">e", 4: ">f", 8: ">d"}[size], data)[0]
    if encode_float(value) != bytes([0xE0 | extra]) + data:
        raise Malformed("not-minimal", "float")
    return value


def read_other(reader, extra):
    """Major type 7: simple values and floats."""
    if extra == 24:
        number = reader.byte()
        if number < 32:
            raise Malformed("not-minimal", "simple value")
        return Simple(number)
    if extra in (25, 26, 27):
        return read_float(reader, extra)
    if extra > 27:
        raise Malformed("not-allowed", "break or reserved")
    return {20: False, 21: True, 22: None}.get(extra, Simple(extra))


def read(reader, depth=0):
    """Reads one item and refuses whatever is not its only encoding."""
    if depth > DEEPEST:
        raise Malformed("too-deep")
    first = reader.byte()
    major, extra = first >> 5, first & 31
    if major == 7:
        return read_other(reader, extra)
    number = argument(reader, extra)
    if major == 0:
        return number
    if major == 1:
        return -1 - number
    if major == 2:
        return reader.take(number)
    if major == 3:
        return decode_utf8(reader.take(number))
    if major == 4:
        check_count(reader, number)
        return [read(reader, depth + 1) for _ in range(number)]
    if major == 5:
        check_count(reader, number * 2)
        return Map(tuple(read_pairs(reader, number, depth + 1)))
    return Tag(number, read(reader, depth + 1))


def check_count(reader, least):
    if least > reader.left:
        raise Malformed("truncated")


def read_pairs(reader, count, depth):
    last = None
    for _ in range(count):
        start = reader.at
        key = read(reader, depth)
        encoded = reader.data[start:reader.at]
        if last is not None and encoded <= last:
            raise Malformed("out-of-order", "map keys")
        last = encoded
        yield key, read(reader, depth)


def decode(data):
    return whole(data, read)


def read_encoded(reader):
    """Reads one item and returns its bytes, which is how a value is kept."""
    start = reader.at
    read(reader)
    return reader.data[start:reader.at]
