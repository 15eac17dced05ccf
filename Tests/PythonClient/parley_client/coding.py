"""Varints, fixed-width numbers, texts, and the reader that refuses what is not well formed (2.1)."""


class Malformed(Exception):
    """The bytes are refused. `reason` is one of the words that the beginning of Protocol.md lists."""

    def __init__(self, reason, text=""):
        super().__init__(f"{reason}: {text}" if text else reason)
        self.reason = reason


NUMBER_LIMIT = 2**63 - 1


def varint(number):
    """Encodes an unsigned number below 2^64 as LEB128 in its shortest form."""
    if not 0 <= number < 2**64:
        raise ValueError(f"no varint: {number}")
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def counted(data):
    """The length of the bytes, then the bytes."""
    return varint(len(data)) + data


def text(string):
    """The length in bytes, then UTF-8."""
    return counted(string.encode())


def sequence(items):
    """A count, then the encoded items."""
    items = list(items)
    return varint(len(items)) + b"".join(items)


class Reader:
    """Reads bytes from the front; every shortfall is `Malformed`."""

    def __init__(self, data):
        self.data = bytes(data)
        self.at = 0

    @property
    def left(self):
        return len(self.data) - self.at

    def take(self, size):
        if size > self.left:
            raise Malformed("truncated")
        self.at += size
        return self.data[self.at - size:self.at]

    def rest(self):
        return self.take(self.left)

    def byte(self):
        return self.take(1)[0]

    def fixed(self, size):
        """A big-endian number of so many bytes."""
        return int.from_bytes(self.take(size), "big")

    def varint(self, limit=2**64 - 1, least=0):
        number, shift = 0, 0
        while True:
            if shift == 70:
                raise Malformed("not-minimal", "more than ten bytes")
            byte = self.byte()
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if number >= 2**64 or (byte == 0 and shift > 7):
            raise Malformed("not-minimal")
        if not least <= number <= limit:
            raise Malformed("not-allowed", f"number {number}")
        return number

    def length(self, limit):
        """A length in bytes, checked against its limit before anything is taken."""
        length = self.varint()
        if length > limit:
            raise Malformed("too-long", f"{length} of at most {limit}")
        return length

    def count(self, least_size, limit=None):
        """A count of things that take at least `least_size` bytes each."""
        count = self.varint()
        if count * least_size > self.left or (limit is not None and count > limit):
            raise Malformed("too-long", f"count {count}")
        return count

    def counted(self, limit):
        return self.take(self.length(limit))

    def text(self, limit, least=0):
        data = self.counted(limit)
        if len(data) < least:
            raise Malformed("not-allowed", "empty text")
        return decode_utf8(data)

    def end(self):
        if self.left:
            raise Malformed("trailing", f"{self.left} bytes")


def decode_utf8(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not-utf8") from None


def whole(data, read, *rest):
    """Reads one thing that must use up all the bytes."""
    reader = Reader(data)
    value = read(reader, *rest)
    reader.end()
    return value
