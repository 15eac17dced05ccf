"""The real server and the real client as processes, and members who are written in Python."""

import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

from parley_client import body, cbor, crockford, invites, messages, schema, sealing, stamps, statements
from parley_client.identity import Identity
from parley_client.labels import H, K, public_key
from parley_client.replica import Replica
from parley_client.session import Address, Session

EXECUTABLE = os.environ.get("PARLEY_EXECUTABLE")
JUDGMENT, TITLE = 3, 1
START, STOP = 20, 10


class Server:
    """`parley serve` on a loopback port of its own choosing."""

    def __init__(self, folder, descriptors=None):
        """`descriptors`: how many the process may open, where that is to be few."""
        self.data = folder / "server"
        self.errors = (folder / f"serve-{time.monotonic_ns()}.log").open("w+")
        command = [EXECUTABLE, "serve", "--data", str(self.data), "--listen", "127.0.0.1:0"]
        few = descriptors and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors)))
        self.process = subprocess.Popen(
            command, stderr=self.errors, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=few)
        try:
            self.address = self._listening()
        except BaseException:
            self.process.kill()
            raise

    def _listening(self):
        path, deadline = Path(self.errors.name), time.monotonic() + START
        while time.monotonic() < deadline and self.process.poll() is None:
            line, newline, _ = path.read_text().partition("\n")
            if newline:
                start, _, address = line.partition("listening on ")
                assert start == "" and address, f"first line on stderr: {line!r}"
                host, _, port = address.rpartition(":")
                return Address(host, int(port), self._key())
            time.sleep(0.02)
        raise AssertionError(f"the server did not listen: {path.read_text()!r}")

    def _key(self):
        """The server's channel key, from its identity file (2.7.2)."""
        _, second = (self.data / "server-identity").read_text().splitlines()
        return Identity(crockford.decode(second)[:32]).channel

    @property
    def where(self):
        return f"{self.address.host}:{self.address.port}"

    def operator_invite(self, workspace, handle):
        arguments = ("--data", str(self.data), "--workspace", workspace, "--for", handle, "--address", self.where)
        return run("invite", *arguments).strip()

    def stop(self):
        """Stops the server by its pid and returns its exit status."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
        try:
            return self.process.wait(STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the server was not gone {STOP} s after SIGTERM") from None
        finally:
            self.errors.close()


def run(*arguments, home=None, status=0):
    """Runs the binary, and returns what it printed on stdout."""
    environment = dict(os.environ)
    if home:
        environment["PARLEY_HOME"] = str(home)
    done = subprocess.run(
        [EXECUTABLE, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, f"parley {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Terminal:
    """An analyst who uses the real client, with a home of their own."""

    def __init__(self, home):
        self.home = home
        home.mkdir()

    def __call__(self, *arguments, **rest):
        return run(*arguments, home=self.home, **rest)

    def export(self):
        """Id to record."""
        lines = self("export", "--format", "jsonl").splitlines()
        records = [json.loads(line) for line in lines]
        return {record["id"]: record for record in records}

    def json(self, *arguments):
        return json.loads(self(*arguments, "--json"))

    def show(self, shown):
        """What `show` says of one record."""
        return self.json("show", shown)

    def new_judgment(self, title):
        """Makes a judgment, and returns its whole id."""
        before = set(self.export())
        printed = self("new", "judgment", f"title={title}").strip()
        (made,) = set(self.export()) - before
        assert printed and made.startswith(printed), f"{made} is not what was printed: {printed!r}"
        return made


class Member:
    """An analyst's device, written in Python."""

    def __init__(self, address, replica, identity):
        self.address, self.replica, self.identity = address, replica, identity
        replica.identity = identity
        replica.judge()

    @classmethod
    def newcomer(cls, invite):
        """Decodes a member's invite and makes this device's enrolment; returns the member and its introduction."""
        invite = invites.decode(invite)
        identity = Identity.new()
        enrol = statements.enrol(
            identity, [invite.grant.hash], invite.secret, invite.grant.content.handle, stamps.now())
        replica = Replica(invite.workspace, [invite.grant.data, enrol.data])
        replica.keys = sealing.Keys(invite.epochs)
        return cls(Address(invite.host, invite.port, invite.server), replica, identity), [invite.grant, enrol]

    @classmethod
    def join(cls, invite):
        """Comes in, pulls everything and leaves."""
        member, introduction = cls.newcomer(invite)
        member.session(introduction).sync().leave()
        return member

    @classmethod
    def found(cls, invite):
        """Founds a workspace with an operator's invite."""
        invite = invites.decode(invite)
        identity = Identity.new()
        founding = statements.found(identity, invite.handle, invite.name, stamps.now())
        address = Address(invite.host, invite.port, invite.server)
        member = cls(address, Replica(founding.hash, [founding.data]), identity)
        member.session([founding], invite.token).sync().leave()
        return member

    def invite(self, handle, role, days=1):
        """A member's invite, made by a founder, and sent to the server."""
        seed, until = os.urandom(32), stamps.now() + days * 86_400_000
        grant = statements.grant(self.identity, self.bases, public_key(K("invite-key", seed)), role, handle, until)
        self.replica.add_statements([grant.data])
        self.sync()
        epochs = tuple((name, self.replica.keys.known[name]) for name in self.replica.roster.epochs[-1:])
        return invites.Joining(*self.address, self.replica.workspace, seed, grant, epochs).encode()

    @property
    def bases(self):
        """What a statement of this device rests on."""
        roster = self.replica.roster
        return sorted({roster.voice(self.identity.signing), *roster.heads[:15]})

    def sign(self, content):
        """A role, a revocation, an epoch or a share, by this device and taken by its replica."""
        statement = statements.sign(self.identity, self.bases, content)
        self.replica.add_statements([statement.data])
        return statement

    def begin_epoch(self):
        """A new key for all who are in; a few devices, so that their seals fit into one statement."""
        key, replica = os.urandom(32), self.replica
        last = replica.roster.epochs[-1:]
        previous = tuple((name, sealing.wrap(replica.keys.known[name], name, key)) for name in last)
        readers = [d for id, d in replica.roster.devices.items() if id not in replica.roster.out]
        seals = tuple(sorted(sealing.seal(key, replica.workspace, d.id, d.keys[32:64]) for d in readers))
        return self.sign(statements.Epoch(H("epoch-key", key), stamps.now(), previous, seals))

    def session(self, introduction=(), token=b""):
        return Session(self.replica, self.identity, self.address, introduction, token)

    def sync(self):
        session = self.session().sync()
        session.leave()
        return session

    def write(self, *writes, **rest):
        return self.replica.write(self.identity, writes, **rest)

    @property
    def handle(self):
        return self.replica.roster.handle(self.identity.device)

    def title(self, record):
        return self.replica.value(JUDGMENT, record, TITLE)


def write(kind, record, tag, value, key=None):
    return body.Write(kind, record, tag, key, cbor.encode(value))


def raw_id(shown):
    """The 16 bytes of an id as people write it."""
    return crockford.decode(shown.partition("-")[2])


def shown_id(kind, record):
    """How the export writes an id; an unknown kind has no letter."""
    letter = schema.KINDS[kind][1] + "-" if kind in schema.KINDS else ""
    return letter + crockford.encode(record)


def conversation(connection, seconds=10):
    """Every message until the other end closes; TimeoutError if it does not."""
    found, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        while (got := connection.frame()) is not None:
            found.append(messages.decode(*got))
        if connection.closed:
            return found
        connection.pump(0.05)
    raise TimeoutError(f"still open after {seconds} s: {found}")


def last_failure(connection, seconds=10):
    """The failure that ends a connection, as its name and text."""
    last = conversation(connection, seconds)[-1]
    assert isinstance(last, messages.Failed), last
    return last.name, last.text


# The export of the real client, one JSON object a line. Its form is not the protocol's: this is how it was found to be.

MARKS = {"each": "@", "set": ":", "columns": "."}


def field_name(kind, tag, key):
    """How the export names a register."""
    name, merge_class = schema.field(kind, tag) or (f"#{tag}", "plain")
    if (merge_class == "plain") != (key is None):
        name, merge_class = f"#{tag}", "plain"
    return name if key is None else name + MARKS.get(merge_class, "@") + key.decode()


def same_value(shown, value):
    """Whether the export shows this value: as it is, or as its bytes where it does not fit its field."""
    if shown == {"cbor": cbor.encode(value).hex()}:
        return True
    return isinstance(shown, str) if isinstance(value, bytes) else shown == value
