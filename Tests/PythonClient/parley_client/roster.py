"""Who is in a workspace, computed from the set of its statements (2.7.5)."""

from dataclasses import dataclass

from .identity import device_id
from .labels import H
from .statements import (
    ADMIN, ANALYST, ANALYST_WHOLE, ENROL, EPOCH, FOUND, FURTHER_DEVICE, GRANT, READER, REVOKE, ROLE, ROLES, SHARE,
)

LATEST = float("inf")


@dataclass(frozen=True)
class Device:
    keys: bytes
    handle: str
    statement: bytes
    """Hash of the enrolment, or of the founding."""

    @property
    def id(self):
        return device_id(self.keys)

    @property
    def signing(self):
        return self.keys[64:]


def device_of(statement):
    """The device that a founding or an enrolment brings in; None for anything else."""
    if statement.tag not in (FOUND, ENROL):
        return None
    return Device(statement.content.keys, statement.content.handle, statement.hash)


def digest(statements):
    """The digest of a set of statements, whatever they are worth."""
    return H("statement-set", b"".join(sorted({statement.hash for statement in statements})))


def depths(statements):
    """The depth of each statement by its hash; one that waits is left out."""
    known, left = {}, {statement.hash: statement for statement in statements}
    while True:
        ready = [s for s in left.values() if all(base in known for base in s.bases)]
        if not ready:
            return known
        for statement in ready:
            known[statement.hash] = 1 + max((known[base] for base in statement.bases), default=-1)
            del left[statement.hash]


class Void(Exception):
    """Why a statement does not count."""


class Judgement:
    """What counts while `force`, hashes of removals, are in force."""

    def __init__(self, law, force):
        self.law, self.force = law, force
        self.counts = set(force)
        self.void = {}
        self.devices = {}
        self.admissions = {}
        """Handle to (the role that it came in with, the hash of the statement)."""
        self.used_grants = set()
        for statement in law.order:
            if statement.tag in (ROLE, REVOKE):
                continue
            try:
                self._judge(statement)
                self.counts.add(statement.hash)
            except Void as void:
                self.void[statement.hash] = str(void)

    # Roles.

    def about(self, handle):
        """The removals in force about an analyst."""
        found = (self.law.statements[hash] for hash in self.force)
        return [removal for removal in found if removal.content.handle == handle]

    def is_out(self, device, within):
        return any(r.hash in within and r.content.puts_out(device.id) for r in self.about(device.handle))

    def role(self, handle, within):
        """The lowest of the roles given within some statements that no other of them rests on."""
        role, admission = self.admissions[handle]
        given = {admission: role}
        given |= {r.hash: r.content.role for r in self.about(handle) if r.tag == ROLE and r.hash in within}
        return min(role for hash, role in given.items() if not any(hash in self.law.past[other] for other in given))

    def takes(self, removal, device, needs):
        """Whether a removal about the device's analyst takes a role; 0 is to be in at all."""
        return removal.content.role < needs if removal.tag == ROLE else removal.content.puts_out(device.id)

    def has_admin(self):
        return any(
            self.role(device.handle, self.law.past.keys()) == ADMIN and not self.is_out(device, self.law.past.keys())
            for device in self.devices.values()
        )

    # Rules.

    def authority(self, statement):
        authority = self.law.authority(statement)
        if authority is None:
            raise Void("no-authority")
        if authority.hash not in self.counts:
            raise Void("authority-void")
        return authority

    def signer(self, statement, needs=0):
        """The device that signed, by L1 and L2."""
        device = device_of(self.authority(statement))
        if device is None:
            raise Void("no-authority")
        past = self.law.past[statement.hash]
        if self.is_out(device, past):
            raise Void("revoked")
        if needs and self.role(device.handle, past) != needs:
            raise Void("not-admin")
        taking = [
            r for r in self.about(device.handle)
            if self.takes(r, device, needs) and self.law.are_concurrent(r.hash, statement.hash)
        ]
        if taking:
            raise Void("revoked" if any(r.tag == REVOKE for r in taking) else "not-admin")
        return device

    def _judge(self, statement):
        content = statement.content
        if statement.tag == FOUND:
            if statement.hash != self.law.workspace:
                raise Void("other-workspace")
            self._admit(statement, ADMIN)
        elif statement.tag == GRANT:
            is_further = content.purpose == FURTHER_DEVICE
            if self.signer(statement, 0 if is_further else ADMIN).handle != content.handle and is_further:
                raise Void("wrong-handle")
        elif statement.tag == ENROL:
            self._enrol(statement)
        elif statement.tag == EPOCH:
            self.signer(statement, ADMIN)
        elif statement.tag == SHARE:
            self.signer(statement)
            named = self.law.statements.get(content.epoch)
            if content.epoch not in statement.bases or named.tag != EPOCH:
                raise Void("unknown-epoch")
        elif self.authority(statement).tag != GRANT:
            self.signer(statement)

    def _enrol(self, statement):
        authority, content = self.authority(statement), statement.content
        if authority.tag != GRANT:
            if self.signer(statement).handle != content.handle:
                raise Void("wrong-handle")
            self._bar(statement)
            return self._admit(statement)
        grant = authority.content
        if grant.handle != content.handle:
            raise Void("wrong-handle")
        if content.time > grant.until:
            raise Void("grant-expired")
        is_new = grant.purpose != FURTHER_DEVICE
        issuer = device_of(self.law.authority(authority))
        for removal in self.about(issuer.handle):
            unseen = removal.hash not in self.law.past[authority.hash] and statement.hash not in self.law.past[removal.hash]
            if unseen and self.takes(removal, issuer, ADMIN if is_new else 0):
                raise Void("grant-revoked")
        self._bar(statement)
        if authority.hash in self.used_grants:
            raise Void("grant-used")
        if is_new and content.handle in self.admissions:
            raise Void("handle-taken")
        self._admit(statement, grant.purpose if is_new else None)
        self.used_grants.add(authority.hash)

    def _bar(self, statement):
        device = device_of(statement)
        for removal in self.about(device.handle):
            if removal.content.puts_out(device.id) and statement.hash not in self.law.past[removal.hash]:
                raise Void("revoked")

    def _admit(self, statement, role=None):
        device = device_of(statement)
        if any(device.signing == other.signing for other in self.devices.values()):
            raise Void("device-taken")
        if role:
            self.admissions[device.handle] = (role, statement.hash)
        self.devices[device.id] = device

    def refusal(self, removal):
        """Why a removal that is not in force may not be; None if it may."""
        try:
            self.signer(removal, ADMIN)
        except Void as void:
            return str(void)
        _, admission = self.admissions.get(removal.content.handle, (None, None))
        if removal.tag == ROLE and admission not in self.law.past[removal.hash]:
            return "unknown-analyst"
        return None


class Roster:
    """Analysts and devices. Statements are named by their hashes."""

    def __init__(self, workspace, statements):
        self.workspace = workspace
        self.statements = {statement.hash: statement for statement in statements}
        self._depths = depths(self.statements.values())
        self.order = sorted((s for s in self.statements.values() if s.hash in self._depths), key=self._order)
        self._places = {statement.hash: place for place, statement in enumerate(self.order)}
        self.past = {}
        for statement in self.order:
            self.past[statement.hash] = set(statement.bases).union(*(self.past[base] for base in statement.bases))
        self._decide()

    def _order(self, statement):
        return (self._depths[statement.hash], statement.hash)

    # What does not depend on what counts.

    def authority(self, statement):
        """The one statement that introduced the signer."""
        bases = [self.statements[base] for base in statement.bases]
        found = [base for base in bases if base.introduces == statement.signer]
        return found[0] if len(found) == 1 else None

    def are_concurrent(self, one, other):
        return one != other and one not in self.past[other] and other not in self.past[one]

    def _seniority(self, statement):
        """The place of the admission of who signed, along authorities."""
        if statement.tag == FOUND:
            return self._places[statement.hash] if statement.hash == self.workspace else LATEST
        authority = self.authority(statement)
        above = self._seniority(authority) if authority else LATEST
        brings_in = statement.tag == ENROL and authority and authority.tag == GRANT and authority.content.purpose
        return self._places[statement.hash] if brings_in and above != LATEST else above

    # Deciding.

    def _decide(self):
        rank = {s.hash: (self._seniority(s), place) for place, s in enumerate(self.order) if s.tag in (ROLE, REVOKE)}
        force, refused, left = set(), {}, set(rank)
        judged = Judgement(self, force)
        while left:
            next = min(left, key=rank.get)
            while before := left & self.past[next]:
                next = min(before, key=rank.get)
            left.remove(next)
            fault = judged.refusal(self.statements[next])
            after = None if fault else Judgement(self, force | {next})
            if fault or not after.has_admin():
                refused[next] = fault or "last-admin"
            else:
                force, judged = force | {next}, after
        self.judged, self.force = judged, force
        self.void = judged.void | refused
        """Hash to why."""
        self.counting = [s for s in self.order if s.hash in judged.counts and s.tag <= SHARE and s.tag]
        self.unknown = [s for s in self.order if s.hash in judged.counts and not 1 <= s.tag <= SHARE]

    # Answers.

    @property
    def analysts(self):
        """Handle to role, of those who are in."""
        out = {self.statements[hash].content.handle for hash in self.force if self._is_whole(hash)}
        return {h: self.judged.role(h, self.past.keys()) for h in self.judged.admissions if h not in out}

    def _is_whole(self, hash):
        removal = self.statements[hash]
        return removal.tag == REVOKE and removal.content.scope == ANALYST_WHOLE

    @property
    def devices(self):
        """Device id to Device, of those that came in, also of those that are out."""
        return self.judged.devices

    def keys(self, device):
        """The signing key of a device of which an enrolment is held, whether it counts or not."""
        if device in self.devices:
            return self.devices[device].signing
        held = (device_of(s) for s in self.order if s.tag == ENROL and self._seniority(s) != LATEST)
        return next((entry.signing for entry in held if entry.id == device), None)

    @property
    def out(self):
        """Ids of devices that came in and are out."""
        return {id for id, device in self.devices.items() if self.judged.is_out(device, self.past.keys())}

    @property
    def waiting(self):
        return [hash for hash in self.statements if hash not in self._depths]

    @property
    def digest(self):
        return digest(self.statements.values())

    @property
    def newest(self):
        """The hash of the newest statement that counts."""
        return self.counting[-1].hash if self.counting else None

    @property
    def heads(self):
        """Hashes of what a new statement should rest on, the greatest by (depth, hash) first."""
        live = self.counting + self.unknown
        covered = {base for statement in live for base in statement.bases}
        return [s.hash for s in sorted(live, key=self._order, reverse=True) if s.hash not in covered]

    def may_write(self, device):
        entry = self.devices.get(device)
        return entry is not None and device not in self.out and self.analysts.get(entry.handle, READER) >= ANALYST

    def handle(self, device):
        entry = self.devices.get(device)
        return entry.handle if entry else None

    def voice(self, signing_key):
        """The hash of the counting statement that introduced a signing key."""
        return next((s.hash for s in self.counting if s.introduces == signing_key), None)

    def roles(self):
        return {handle: ROLES[role] for handle, role in self.analysts.items()}

    # Epochs.

    @property
    def epochs(self):
        """Hashes of the epochs that count, the newest last."""
        return [statement.hash for statement in self.counting if statement.tag == EPOCH]

    def sealed_to(self, epoch):
        """Ids of the devices to which the key of an epoch is sealed."""
        shares = [s.content for s in self.counting if s.tag == SHARE and s.content.epoch == epoch]
        return {seal[0] for content in [self.statements[epoch].content, *shares] for seal in content.seals}

    # Changesets.

    def _known(self, device, named):
        """K and A together."""
        own = self.devices[device].statement
        known = {own} | self.past[own]
        return known | {named} | self.past[named] if named in self.past else known

    def _writes(self, device, within):
        return not self.judged.is_out(device, within) and self.judged.role(device.handle, within) >= ANALYST

    def fault(self, device, number, named):
        """`role` or `cut` for a changeset that is void by C1 or C2, else None; `named` is what its header names."""
        entry = self.devices.get(device)
        if entry is None or not self._writes(entry, self._known(device, named)):
            return "role"
        ends = [r for r in self.judged.about(entry.handle) if self.judged.takes(r, entry, ANALYST)]
        corrected = {hash for r in ends if not self._writes(entry, self.past[r.hash]) for hash in self.past[r.hash]}
        for removal in ends:
            seen = removal.hash in corrected or removal.hash in self._known(device, named)
            if not seen and number > dict(removal.content.cuts).get(device, 0):
                return "cut"
        return None

    def must_seal(self, device, named):
        """Whether a plain body is void by C3."""
        return device in self.devices and not self._known(device, named).isdisjoint(self.epochs)
