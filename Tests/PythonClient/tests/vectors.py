"""Reads the vector blocks of Protocol.md."""

import re
from pathlib import Path

PROTOCOL = Path(__file__).resolve().parents[3] / "Protocol.md"
BLOCK = re.compile(r"^```vector (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Vector:
    """One block. It remembers which keys were read, so that a test cannot overlook a line."""

    def __init__(self, name, lines):
        self.name = name
        self.lines = [(key.strip(), value.strip()) for key, _, value in (line.partition("=") for line in lines)]
        self.read = set()

    def __contains__(self, key):
        return any(key == other for other, _ in self.lines)

    def all(self, key):
        """The values of a key, which may stand several times."""
        self.read.add(key)
        return [value for other, value in self.lines if other == key]

    def text(self, key, default=None):
        values = self.all(key)
        if not values and default is not None:
            return default
        assert len(values) == 1, f"{key} stands {len(values)} times"
        return values[0]

    def bytes(self, key):
        return bytes.fromhex(self.text(key))

    def number(self, key):
        return int(self.text(key))

    @property
    def unread(self):
        return {key for key, _ in self.lines} - self.read


def load():
    text = PROTOCOL.read_text(encoding="utf-8")
    found = [Vector(name, block.splitlines()) for name, block in BLOCK.findall(text)]
    assert len(found) == text.count("\n```vector "), "a vector block that is not closed"
    return found
