"""The merge law (1.5): each register has heads, and the one with the greatest stamp is shown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Head:
    time: int
    device: bytes
    number: int
    value: bytes

    @property
    def stamp(self):
        return (self.time, self.device)


def covers(context, device, number):
    return context.get(device, 0) >= number


def raise_to(context, entries):
    """Raises a context, entry by entry, to at least `entries`."""
    for device, number in entries.items():
        context[device] = max(context.get(device, 0), number)


class Registers:
    """Heads by address: (kind, record, field, key)."""

    def __init__(self):
        self._heads = {}

    def __iter__(self):
        return iter(self._heads)

    def write(self, register, head, context):
        """M2: a write arrives that had seen `context`."""
        rest = [old for old in self._heads.get(register, ()) if not covers(context, old.device, old.number)]
        self._heads[register] = rest + [head]

    def heads(self, register):
        """The heads of a register, the shown one first."""
        return sorted(self._heads.get(register, ()), key=lambda head: head.stamp, reverse=True)

    def shown(self, register):
        """The encoded value shown, None where nothing was ever written."""
        heads = self.heads(register)
        return heads[0].value if heads else None

    def aside(self, register):
        """The heads whose value differs from the shown one."""
        heads = self.heads(register)
        return [head for head in heads[1:] if head.value != heads[0].value]
