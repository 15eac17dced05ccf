"""Who is in a workspace, computed from the set of its statements (2.7.5)."""

from dataclasses import dataclass

from .identity import device_id
from .labels import H
from .statements import ADMIN, ANALYST, ENROL, FOUND, FURTHER_DEVICE, GRANT, ROLES


@dataclass(frozen=True)
class Device:
    keys: bytes
    handle: str

    @property
    def signing(self):
        return self.keys[64:]


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


class Roster:
    """Analysts and devices. `counting` are the statements that count, in the order in which they were judged."""

    def __init__(self, workspace, statements):
        self.workspace = workspace
        self.statements = {statement.hash: statement for statement in statements}
        self.analysts = {}
        """Handle to role."""
        self.devices = {}
        """Device id to Device."""
        self.counting = []
        self.void = {}
        """Hash to why."""
        self.unknown = []
        self._used_grants = set()
        self._counts = set()
        self._depths = depths(self.statements.values())
        for key, statement in sorted((self._order(s), s) for s in self.statements.values() if s.hash in self._depths):
            self._judge(statement)

    def _order(self, statement):
        return (self._depths[statement.hash], statement.hash)

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
        return entry is not None and self.analysts[entry.handle] >= ANALYST

    def handle(self, device):
        entry = self.devices.get(device)
        return entry.handle if entry else None

    def voice(self, signing_key):
        """The hash of the counting statement that introduced a signing key."""
        return next((s.hash for s in self.counting if s.introduces == signing_key), None)

    def _judge(self, statement):
        fault = self._fault(statement)
        if fault:
            self.void[statement.hash] = fault
        elif statement.tag in (FOUND, GRANT, ENROL):
            self._counts.add(statement.hash)
            self.counting.append(statement)
            self._apply(statement)
        else:
            self.unknown.append(statement)

    def _authority(self, statement):
        """The one statement that gives the signer a voice, if it is one and counts."""
        bases = [self.statements[base] for base in statement.bases]
        found = [base for base in bases if base.introduces == statement.signer]
        return found[0] if len(found) == 1 and found[0].hash in self._counts else None

    def _fault(self, statement):
        if statement.tag == FOUND:
            return None if statement.hash == self.workspace else "another workspace"
        authority = self._authority(statement)
        if authority is None:
            return "no authority"
        if statement.tag == GRANT:
            return self._fault_of_grant(statement.content, authority)
        if statement.tag == ENROL:
            return self._fault_of_enrol(statement.content, authority)
        return None

    def _fault_of_grant(self, grant, authority):
        if authority.tag == GRANT:
            return "a grant by an invite"
        issuer = authority.content.handle
        if grant.purpose == FURTHER_DEVICE:
            return None if grant.handle == issuer else "a device for somebody else"
        return None if self.analysts[issuer] == ADMIN else "not an admin"

    def _fault_of_enrol(self, enrol, authority):
        given = authority.content
        if enrol.handle != given.handle:
            return "another handle"
        if authority.tag == GRANT:
            if enrol.time > given.until:
                return "too late"
            if authority.hash in self._used_grants:
                return "the grant is used"
            if given.purpose != FURTHER_DEVICE and enrol.handle in self.analysts:
                return "the handle is taken"
        if any(device.signing == enrol.keys[64:] for device in self.devices.values()):
            return "the device is in already"
        return None

    def _apply(self, statement):
        content = statement.content
        if statement.tag == GRANT:
            return
        if statement.tag == FOUND:
            self.analysts[content.handle] = ADMIN
        else:
            authority = self._authority(statement)
            if authority.tag == GRANT:
                self._used_grants.add(authority.hash)
                if authority.content.purpose != FURTHER_DEVICE:
                    self.analysts[content.handle] = authority.content.purpose
        self.devices[device_id(content.keys)] = Device(content.keys, content.handle)

    def roles(self):
        return {handle: ROLES[role] for handle, role in self.analysts.items()}
