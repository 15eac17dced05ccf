"""Packing of bodies (2.4)."""

import zstandard

from .coding import Malformed, Reader, varint

LONGEST_BODY = 960 * 1024
WORTH_PACKING = 512
LEVEL = 3
WIDEST_WINDOW = 8 * 1024 * 1024


def pack(body):
    """Packs with zstd where the protocol would have an author do so."""
    if len(body) > LONGEST_BODY:
        raise ValueError("too long a body")
    if len(body) > WORTH_PACKING:
        packed = b"\x01" + varint(len(body)) + zstandard.ZstdCompressor(LEVEL, write_content_size=True).compress(body)
        if len(packed) < len(body) + 1:
            return packed
    return b"\x00" + body


def unpack(data):
    reader = Reader(data)
    packing = reader.byte()
    if packing == 0:
        if reader.left > LONGEST_BODY:
            raise Malformed("too-long", "body")
        return reader.rest()
    if packing != 1:
        raise Malformed("not-allowed", "packing")
    size = reader.length(LONGEST_BODY)
    if size == 0:
        raise Malformed("not-allowed", "unpacked size 0")
    return unzstd(reader.rest(), size)


def unzstd(frame, size):
    """Exactly one zstd frame that states the size it has."""
    if not frame.startswith(zstandard.FRAME_HEADER):
        raise Malformed("not-allowed", "no zstd frame")
    try:
        parameters = zstandard.get_frame_parameters(frame)
        if parameters.dict_id or parameters.content_size != size or window(frame, size) > WIDEST_WINDOW:
            raise Malformed("not-allowed", "frame header")
        body = zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Malformed("not-allowed", str(error)) from None
    if len(body) != size:
        raise Malformed("not-allowed", "size")
    return body


def window(frame, size):
    """How far back the blocks of a frame may reach: RFC 8878, 3.1.1.1."""
    if frame[4] & 0x20:  # A single segment has no window but its content.
        return size
    base = 1 << (10 + (frame[5] >> 3))
    return base + base // 8 * (frame[5] & 7)
