"""A replica in memory: the log, its chains, the roster, and the registers that follow from them."""

from dataclasses import dataclass, field

from . import body, cbor, chains, header, packing, sealing, stamps, statements
from .coding import Malformed
from .merge import Head, Registers, covers, raise_to
from .roster import Roster
from .schema import is_each


class Fault(Exception):
    """A changeset that may not be taken; `reason` is a name of a refusal (3.7)."""

    def __init__(self, reason, device, number):
        super().__init__(f"{reason}: changeset {device.hex()} {number}")
        self.reason, self.device, self.number = reason, device, number


@dataclass(frozen=True)
class Change:
    header: header.Header
    data: bytes
    stored: bytes
    """The body as it is stored: packed, and sealed under the header's epoch."""
    context: dict
    """The whole context, the author's previous number included."""
    named: bytes | None
    """The statement that the last header up to this one names."""


@dataclass
class Chain:
    """What is held of one device."""
    hashes: list
    """h(0) to h(n)."""
    changes: list = field(default_factory=list)
    signatures: dict = field(default_factory=dict)
    context: dict = field(default_factory=dict)
    """The entry-wise maximum of all that its changesets list."""
    statement: bytes | None = None
    """The statement that was last named."""

    @property
    def number(self):
        return len(self.changes)

    @property
    def time(self):
        return self.changes[-1].header.time if self.changes else 0

    def copy(self):
        return Chain(list(self.hashes), list(self.changes), dict(self.signatures), dict(self.context), self.statement)

    def append(self, change):
        self.changes.append(change)
        self.hashes.append(chains.follow(self.hashes[-1], change.data))
        raise_to(self.context, change.header.context)
        self.statement = change.header.statement or self.statement


class Replica:
    def __init__(self, workspace, known_statements=(), identity=None):
        self.workspace = workspace
        self.identity = identity
        """Whose seals are opened; a replica without one reads nothing that is sealed."""
        self.keys = sealing.Keys()
        self.offset = 0
        """The server's clock minus this one's, in milliseconds."""
        self.log = []
        self.chains = {}
        self.registers = Registers()
        self.void = []
        """(device, number, why) of void changesets and writes."""
        self.waiting = []
        """(device, number) of changesets whose epoch, or its key, is not known."""
        self.roster = Roster(workspace, ())
        self.add_statements(known_statements)

    # Membership.

    def add_statements(self, encoded):
        """Takes statements whose form and signatures are right, and returns the new ones."""
        held, new = self.roster.statements, []
        for data in encoded:
            try:
                statement = statements.decode(data)
            except Malformed:
                continue
            if statement.hash not in held and statement.hash not in {other.hash for other in new}:
                new.append(statement)
        if new:
            self.roster = Roster(self.workspace, [*held.values(), *new])
            self.judge()
        return new

    def judge(self):
        """Computes everything anew that depends on statements and keys."""
        self.keys.gather(self.workspace, self.roster.statements.values(), self.identity)
        self.registers, self.void, self.waiting = Registers(), [], []
        for change in self.log:
            self._project(change)

    # Frontier.

    @property
    def frontier(self):
        return {device: chain.number for device, chain in self.chains.items() if chain.number}

    @property
    def frontier_entries(self):
        return tuple((d, self.chains[d].number, self.chains[d].hashes[-1]) for d in sorted(self.frontier))

    @property
    def frontier_digest(self):
        return chains.frontier_digest(self.frontier_entries)

    @property
    def greatest_time(self):
        return max((change.header.time for change in self.log), default=0)

    # Taking changesets (3.5).

    def receive(self, changesets, signatures):
        """Takes the changesets of one message, or none of them: then the fault is raised. Returns the new changes."""
        staged, new = {}, []
        for data in changesets:
            change = self._check(data, staged)
            if change is not None:
                new.append(change)
                staged[change.header.device].append(change)
        for device, chain in staged.items():
            self._check_signatures(device, chain, signatures)
        for change in new:
            self._commit(change, staged)
        return new

    def _chain(self, device, staged):
        """The chain as it stands after what was staged, for changing."""
        if device not in staged:
            held = self.chains.get(device)
            staged[device] = held.copy() if held else Chain([chains.start(self.workspace, device)])
        return staged[device]

    def _look(self, device, staged):
        return staged.get(device) or self.chains.get(device)

    def _check(self, data, staged):
        """Checks 1 to 5; None for a duplicate."""
        try:
            head, stored = header.read_changeset(data)
        except Malformed:
            raise Fault("malformed", bytes(16), 1) from None
        if self.roster.keys(head.device) is None:
            raise Fault("permission", head.device, head.number)
        held = self._look(head.device, staged)
        number = held.number if held else 0
        if head.number <= number:
            if held.changes[head.number - 1].data != data:
                raise Fault("fork", head.device, head.number)
            return None
        if head.number != number + 1:
            raise Fault("gap", head.device, head.number)
        self._check_context(head, held, staged)
        chain = self._chain(head.device, staged)
        context = dict(chain.context)
        raise_to(context, head.context)
        if head.number > 1:
            context[head.device] = head.number - 1
        return Change(head, bytes(data), stored, context, head.statement or chain.statement)

    def _check_context(self, head, held, staged):
        stamp = (head.time, head.device)
        if held and held.changes and head.time <= held.time:
            raise Fault("stamp", head.device, head.number)
        for device, number in head.context.items():
            chain = self._look(device, staged)
            if chain is None or chain.number < number:
                raise Fault("context", head.device, head.number)
            if stamp <= (chain.changes[number - 1].header.time, device):
                raise Fault("stamp", head.device, head.number)

    def _check_signatures(self, device, chain, signatures):
        """Check 8: every signed number verifies, and the last number is signed."""
        before = self.chains[device].number if device in self.chains else 0
        key = self.roster.keys(device)
        for signer, number, signature in signatures:
            if signer != device or not before < number <= chain.number:
                continue
            if not chains.signature_holds(key, signature, self.workspace, device, number, chain.hashes[number]):
                raise Fault("signature", device, number)
            chain.signatures[number] = signature
        if chain.number > before and chain.number not in chain.signatures:
            raise Fault("signature", device, chain.number)

    def _commit(self, change, staged):
        device = change.header.device
        self.chains[device] = staged[device]
        self.log.append(change)
        self._project(change)

    # Projecting registers (1.5, 1.6, 2.5).

    def _project(self, change):
        head = change.header
        fault = self.roster.fault(head.device, head.number, change.named)
        if not fault and not head.epoch and self.roster.must_seal(head.device, change.named):
            fault = "plain"
        try:
            packed = None if fault else self.packed(change)
            content = body.decode(packing.unpack(packed)) if packed is not None else None
        except Malformed as error:
            fault = str(error)
        if fault:
            self.void.append((head.device, head.number, fault))
            return
        if content is None:
            self.waiting.append((head.device, head.number))
            return
        author = self.roster.handle(head.device)
        for write in content.writes:
            if is_each(write.kind, write.field) and write.key is not None and not own_voice(write.key, author):
                self.void.append((head.device, head.number, "another analyst's key"))
                continue
            entry = Head(head.time, head.device, head.number, write.value)
            self.registers.write(write.register, entry, change.context)

    def packed(self, change):
        """The packed body; None while it waits."""
        head = change.header
        if not head.epoch:
            return change.stored
        return self.keys.open(head.epoch, head.device, change.data[:-head.size], change.stored)

    def records(self):
        """(kind, record) to {(field, key): the shown value}."""
        table = {}
        for kind, record, tag, key in self.registers:
            table.setdefault((kind, record), {})[tag, key] = self.value(kind, record, tag, key)
        return table

    def value(self, kind, record, tag, key=None):
        shown = self.registers.shown((kind, record, tag, key))
        return None if shown is None else cbor.decode(shown)

    # Writing.

    def compose(self, identity, writes, act=body.BY_HAND, attributes=None, **changed):
        """The next changeset of this device, not yet taken. `changed` replaces fields of the header, for tests."""
        chain = self.chains.get(identity.device) or Chain([chains.start(self.workspace, identity.device)])
        listed = {d: n for d, n in self.frontier.items() if d != identity.device and not covers(chain.context, d, n)}
        fields = {
            "device": identity.device,
            "number": chain.number + 1,
            "time": stamps.next_time(self.greatest_time, stamps.now() + self.offset),
            "context": listed,
            "statement": self.roster.newest if self.roster.newest != chain.statement else None,
        }
        packed = packing.pack(body.Body(act, attributes or {}, tuple(writes)).encode())
        epoch = next((name for name in reversed(self.roster.epochs) if name in self.keys.known), None)
        if epoch is None or "epoch" in changed:
            return header.changeset(header.Header(**(fields | changed)), packed)
        fields |= {"epoch": sealing.epoch_number(epoch), "size": sealing.sealed_size(len(packed))}
        head = header.Header(**(fields | changed))
        return head.encode() + sealing.seal_body(self.keys.known[epoch], head.device, head.encode(), packed)

    def write(self, identity, writes, **rest):
        """Composes, signs and takes a changeset of this device."""
        data = self.compose(identity, writes, **rest)
        return self.receive([data], [self.sign(identity, data)])[0]

    def sign(self, identity, data):
        """The signature at the changeset that follows what is held of this device's chain."""
        chain = self.chains.get(identity.device) or Chain([chains.start(self.workspace, identity.device)])
        number = chain.number + 1
        chain_hash = chains.follow(chain.hashes[-1], data)
        return (identity.device, number, chains.sign(identity, self.workspace, number, chain_hash))


def own_voice(key, author):
    return key.startswith(b"~") or key == (author or "").encode()
