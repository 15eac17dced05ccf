"""Frames (3.2)."""

LIMIT = 1024 * 1024
LIMIT_BEFORE_WELCOME = 4096


class Failure(Exception):
    """Why this end ends the session: the name of a code of 3.7."""

    def __init__(self, name, text=""):
        super().__init__(f"{name}: {text}" if text else name)
        self.name = name
        self.text = text


def frame(kind, payload=b""):
    return (len(payload) + 1).to_bytes(4, "big") + bytes([kind]) + payload


def take(buffer, limit=LIMIT):
    """Takes (kind, payload) from the front of a bytearray, or None where more must come first."""
    if len(buffer) < 4:
        return None
    length = int.from_bytes(buffer[:4], "big")
    if length == 0:
        raise Failure("malformed", "a frame of length 0")
    if length > limit:
        raise Failure("limit", f"a frame of {length} bytes")
    if len(buffer) < 4 + length:
        return None
    kind, payload = buffer[4], bytes(buffer[5:4 + length])
    del buffer[:4 + length]
    return kind, payload
