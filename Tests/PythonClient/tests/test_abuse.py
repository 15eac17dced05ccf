"""Malicious peers, strangers and members, against the real server: it stays within its limits, it survives, its stores hold,
and the people at the real client go on working."""

import os
import random
import time
from collections import Counter

import pytest
import world
import zstandard
from siege import Deaf, Office, answers, bare_socket, ending, greeted, reset
from world import JUDGMENT, TITLE, Member, raw_id, write

from parley_client import body, chains, channel, header, invites, messages, packing, stamps, statements
from parley_client.coding import varint
from parley_client.frames import frame
from parley_client.identity import Identity
from parley_client.replica import Replica
from parley_client.session import Connection, hello_of

if not world.EXECUTABLE:
    pytest.skip("PARLEY_EXECUTABLE is not set: it names the parley binary to test against", allow_module_level=True)

MIB = 1024 * 1024
TEN_YEARS = 10 * 365 * 24 * 3600 * 1000
STANCE = 22


@pytest.fixture(scope="session")
def checked(pytestconfig):
    def check(condition, what):
        assert condition, what
        pytestconfig.promises["python-abuse"] += 1
    return check


@pytest.fixture
def office(tmp_path, checked, pytestconfig):
    office = Office(tmp_path, checked, pytestconfig.figures)
    yield office
    office.close()


# Strangers without a channel.

def random_bytes(stop, address):
    chance, ended = random.Random(5), 0
    while not stop.is_set():
        with bare_socket(address) as connection:
            try:
                connection.sendall(chance.choice((b"", b"\x00\x30")) + chance.randbytes(chance.randint(1, 5000)))
                while connection.recv(65536):
                    pass
            except OSError:
                pass
            ended += 1
    return ended


def test_random_bytes(office, checked):
    ended = office.besieged("random bytes without a channel", random_bytes, office.address)
    checked(ended > 10, f"each connection is ended: {ended}")


def half_open(stop, address):
    """A thousand connections that say nothing, or half a handshake; as each is closed another takes its place."""
    begun, opened, waiting = bytes(channel.Client(address.key, os.urandom(32)).outgoing), 0, []
    while not stop.is_set():
        while len(waiting) < 1000:
            waiting.append(bare_socket(address))
            waiting[-1].setblocking(False)
            if opened % 2:
                waiting[-1].send(begun[:opened % 40])
            opened += 1
        waiting = [connection for connection in waiting if is_open(connection)]
    return opened


def is_open(connection):
    try:
        if connection.recv(100):
            return True
    except BlockingIOError:
        return True
    except OSError:
        pass
    connection.close()
    return False


def test_a_thousand_half_open_connections(office, checked):
    opened = office.besieged("a thousand half-open connections", half_open, office.address, seconds=8)
    checked(opened > 1000, f"the silent ones are closed: {opened} in all")


def trickle(stop, address):
    """The handshake, a byte a second."""
    begun, said = time.monotonic(), bytes(channel.Client(address.key, os.urandom(32)).outgoing)
    waiting = [bare_socket(address) for _ in range(50)]
    for connection in waiting:
        connection.setblocking(False)
    at, last = 0, 0
    while waiting and time.monotonic() < begun + 20:
        for connection in list(waiting):
            if not is_open(connection):
                waiting.remove(connection)
                last = time.monotonic() - begun
                continue
            try:
                connection.send(said[at:at + 1])
            except OSError:
                pass
        at += 1
        time.sleep(1)
    return len(waiting), last


def test_a_handshake_of_one_byte_a_second(office, checked):
    left, last = office.besieged("a handshake of a byte a second", trickle, office.address, seconds=60)
    checked(left == 0 and 4 < last < 12, f"all are closed after 5 s: {left} left, the last after {last:.1f} s")


def connect_and_reset(stop, address):
    count = 0
    while not stop.is_set():
        try:
            reset(bare_socket(address))
            count += 1
        except OSError:
            time.sleep(0.01)
    return count


def test_a_storm_of_connections(office, checked):
    counts = office.besieged("a storm of connections", connect_and_reset, office.address, attackers=2)
    checked(sum(counts) > 1000, f"{counts} came and went")


# Strangers with a channel.

def say_and_hear(stop, address, sayings):
    """Each saying on a connection of its own, and how the server ends it."""
    ends = Counter()
    while not stop.is_set():
        for saying in sayings:
            connection = Connection(address)
            connection.send(saying)
            ends[ending(connection)] += 1
            connection.close()
    return ends


def test_frames_of_strangers(office, checked):
    chance = random.Random(6)
    sayings = [length.to_bytes(4, "big") + b"\x01" for length in (0, 4097, MIB, 2**31, 2**32 - 1)]
    sayings += [frame(kind, chance.randbytes(chance.randint(0, 4000))) for kind in [*range(20), 128, 200, 255]]
    ends = office.besieged("frames of strangers", say_and_hear, office.address, sayings)
    checked(set(ends) <= {"malformed", "limit", "version", "forbidden", "invite"}, f"each is told why: {ends}")


def test_much_before_the_welcome(office, checked):
    hello = messages.encode(hello_of(Replica(os.urandom(32)), Identity.new()))
    ends = office.besieged(
        "a flood behind the hello", say_and_hear, office.address, [hello + bytes(4 * MIB), hello[:-1] + bytes(MIB)])
    checked(set(ends) <= {"forbidden", "limit", "malformed", "closed"}, f"{ends}")


def hellos(stop, address, workspace):
    """Whose answers to a known and an unknown workspace must be the same bytes."""
    said, count = set(), 0
    while not stop.is_set():
        for name in (workspace, os.urandom(32)):
            identity = Identity.new()
            connection = Connection(address, identity.channel_secret)
            connection.send(messages.encode(hello_of(Replica(name), identity)))
            while not connection.closed:
                connection.pump(0.05)
                if got := connection.frame():
                    said.add(got)
                    count += 1
            connection.close()
    return said, count


def test_hellos_of_strangers(office, checked):
    mallory = office.member("mallory")
    said, count = office.besieged("hellos of strangers", hellos, office.address, mallory.replica.workspace)
    checked(len(said) == 1 and count > 50, f"one answer, the same bytes {count} times: {said}")


def introductions(stop, address, workspace, invite):
    """Introductions that do not hold, as large as a hello may be: made up, or signed with an invite that is used."""
    ends, made = Counter(), []
    for _ in range(6):
        stranger = Identity.new()
        made.append(statements.make(9, [os.urandom(32)], stranger.signing_secret, os.urandom(300)))
    while not stop.is_set():
        identity = Identity.new()
        again = statements.enrol(identity, [invite.grant.hash], invite.secret, "guest", stamps.now())
        for introduction in (made, [invite.grant, again]):
            connection = Connection(address, identity.channel_secret)
            connection.send(messages.encode(hello_of(Replica(workspace), identity, introduction)))
            ends[ending(connection)] += 1
            connection.close()
    return ends


def test_introductions_that_do_not_hold(office, checked):
    line = office.olga("invite", "--for", "guest").strip()
    guest = Member.join(line)
    arguments = (office.address, guest.replica.workspace, invites.decode(line))
    ends = office.besieged("introductions that do not hold", introductions, *arguments)
    checked(set(ends) == {"invite"}, f"all are refused: {ends}")


def linger(stop, address):
    """Is told why it has to go, and does not go: a few hundred at a time."""
    told, lingering = 0, []
    while not stop.is_set():
        connection = Connection(address)
        connection.send(frame(77))
        lingering.append(connection)
        told += 1
        if len(lingering) > 500:
            lingering.pop(0).close()
    return told


def test_those_who_do_not_go(office, checked):
    told = office.besieged("failures that nobody closes after", linger, office.address, attackers=2)
    checked(sum(told) > 200, f"{told} were told")


# Members, and bytes.

def member_says(stop, member, sayings):
    ends = Counter()
    for saying in sayings:
        connection = greeted(member.address, member)
        connection.send(saying)
        ends[ending(connection)] += 1
        connection.close()
        if stop.is_set():
            break
    return ends


def test_frames_of_members(office, checked):
    mallory, chance = office.member("mallory"), random.Random(7)
    sayings = [length.to_bytes(4, "big") + b"\x05" for length in (0, MIB + 1, 2**31, 2**32 - 1)]
    sayings += [frame(kind, chance.randbytes(chance.randint(1, 9000))) for kind in [*range(1, 20)] * 3]
    sayings += [frame(kind, varint(2**63) + bytes(50)) for kind in (3, 4, 5)]
    ends = office.besieged("frames of members", member_says, mallory, sayings, seconds=60)
    checked(sum(ends.values()) == len(sayings) and set(ends) <= {"malformed", "limit", "version", "closed"}, f"{ends}")


def records_of_junk(stop, member):
    """Breaks the channel itself behind a right greeting."""
    ends = Counter()
    for junk in (b"\x00\x00", b"\x00\x10" + bytes(16), b"\x00\x40" + os.urandom(64), b"\xff\xff" + os.urandom(65535)) * 10:
        connection = greeted(member.address, member)
        connection.flush()
        connection.socket.setblocking(True)
        connection.socket.sendall(junk)
        connection.socket.setblocking(False)
        ends[ending(connection)] += 1
        connection.close()
    return ends


def test_records_of_junk(office, checked):
    ends = office.besieged("records that do not decrypt", records_of_junk, office.member("mallory"), seconds=60)
    checked(set(ends) == {"closed"}, f"nothing can be said, so it is closed: {ends}")


def unfinished(stop, member):
    """Eighty long messages that never end."""
    connections, ends = [], Counter()
    for _ in range(80):
        connection = greeted(member.address, member)
        connection.send((MIB).to_bytes(4, "big") + b"\x05" + bytes(MIB - 4096))
        connection.flush(10)
        connections.append(connection)
    for connection in connections:
        ends[ending(connection, 0.05)] += 1
    until = time.monotonic() + 12
    while time.monotonic() < until:  # A byte a second is not enough to stay.
        for connection in connections:
            connection.send(b"\x00")
        time.sleep(1)
    for connection in connections:
        ends["later " + ending(connection, 0.05)] += 1
    return ends


def test_messages_that_never_end(office, checked):
    ends = office.besieged("80 messages that never end", unfinished, office.member("mallory"), seconds=90)
    checked(ends["limit"] + ends["busy"] > 10, f"beyond 64 MiB in all some have to go: {ends}")
    checked(ends["later open"] <= 80 - ends["limit"] - ends["busy"], f"{ends}")


def slowly(stop, member):
    ends, connections = Counter(), [greeted(member.address, member) for _ in range(30)]
    for connection in connections:
        connection.send((5000).to_bytes(4, "big") + b"\x05")
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for connection in connections:
            if not connection.closed:
                connection.send(b"\x00")
        time.sleep(1)
    for connection in connections:
        ends[ending(connection, 1)] += 1
    return ends


def test_a_message_of_one_byte_a_second(office, checked):
    ends = office.besieged("messages of a byte a second", slowly, office.member("mallory"), seconds=60)
    checked(ends == {"timeout": 30}, f"{ends}")


# Members who do not read.

def much(member, mebibytes):
    """Puts as much into the workspace."""
    record = os.urandom(16)
    for _ in range(mebibytes * 2):
        member.write(write(12, record, 2, os.urandom(390_000)))
    member.sync()


def owed(stop, member):
    """Sixty sessions of a device that claims to hold nothing, and reads nothing of what it is owed."""
    empty, connections = Replica(member.replica.workspace), []
    for _ in range(60):
        connection = Deaf(member.address, member.identity.channel_secret)
        connection.deafen()
        connection.send(messages.encode(hello_of(empty, member.identity)))
        connection.send(messages.encode(messages.Frontier(())))
        connections.append(connection)
    while not stop.is_set():
        for connection in connections:
            connection.send(messages.encode(messages.Ping(0)))
        time.sleep(0.2)
    return len(connections)


def test_never_reading_while_much_is_owed(office, checked):
    mallory = office.member("mallory")
    much(mallory, 16)
    office.besieged("60 sessions that are owed 16 MiB and read nothing", owed, mallory, seconds=6)
    checked(mallory.sync(), "and a session that reads is served")


def never_reads(stop, member, saying):
    """Says the same again and again, and reads no answer."""
    connection, said = Deaf(member.address, member.identity.channel_secret), 0
    connection.send(messages.encode(hello_of(member.replica, member.identity)))
    connection.deafen()
    begun = time.monotonic()
    while not stop.is_set() and not connection.closed:
        if len(connection.outgoing) < MIB:
            connection.send(saying)
            said += 1
        else:
            connection.pump(0.01)
    return said, time.monotonic() - begun


def test_never_reading_answers(office, checked):
    """Each message is answered by hundreds of refusals."""
    mallory = office.member("mallory")
    strange = [header.changeset(header.Header(os.urandom(16), 1, 1), b"") for _ in range(3000)]
    saying = messages.encode(messages.Changesets(tuple(strange), ()))
    results = office.besieged("refusals that nobody reads", never_reads, mallory, saying, seconds=6, attackers=2)
    checked(all(said > 3 for said, _ in results), f"{results}")


# Members, and floods.

def flood(stop, member, saying, copies):
    connection = greeted(member.address, member)
    for _ in range(copies):
        if connection.closed or stop.is_set():
            break
        connection.send(saying)
    return ending(connection, 20)


SMALL = {
    "pings": messages.Ping(0),
    "empty changesets": messages.Changesets((), ()),
    "empty statements": messages.Statements(()),
    "caughtUp": messages.CaughtUp(),
}


@pytest.mark.parametrize("what", SMALL)
def test_a_flood_of(office, what, checked):
    saying = messages.encode(SMALL[what]) * 2000
    end = office.besieged(f"a flood of {what}", flood, office.member("mallory"), saying, 40, seconds=60)
    checked(end == "limit", f"ended by: {end}")


def test_a_flood_of_presence(office, checked):
    mallory = office.member("mallory")
    saying = messages.encode(messages.Presence(mallory.identity.device, bytes(1024)))
    end = office.besieged("a flood of presence", flood, mallory, saying * 200, 200, seconds=60)
    checked(end == "limit", f"ended by: {end}")


def quick(stop, member, count, changes):
    """Pushes each changeset in a message of its own, as fast as it can; then waits until the last is stored."""
    connection, stored, begun = greeted(member.address, member), 0, time.monotonic()
    for change, signature in changes:
        connection.send(messages.encode(messages.Changesets((change,), (signature,))))
    while stored < count and not connection.closed and time.monotonic() < begun + 80:
        connection.pump(0.05)
        while (got := connection.frame()) is not None:
            if isinstance(message := messages.decode(*got), messages.Stored):
                stored = max(stored, *(number for _, number in message.changes))
            assert not isinstance(message, (messages.Failed, messages.Refused)), message
    connection.close()
    return stored, time.monotonic() - begun


def test_an_honest_flood_is_no_flood(office, checked):
    """Five thousand small changesets, one by one: faster than a person, and within what is welcome."""
    mallory, record, changes = office.member("mallory"), os.urandom(16), []
    for number in range(5000):
        change = mallory.write(write(JUDGMENT, record, TITLE, str(number)))
        signed = mallory.replica.chains[mallory.identity.device].signatures[change.header.number]
        changes.append((change.data, (mallory.identity.device, change.header.number, signed)))
    before = Member(mallory.address, Replica(mallory.replica.workspace), mallory.identity)
    before.sync()
    stored, took = office.besieged("5,000 small changesets one by one", quick, before, 5000, changes, seconds=90)
    checked(stored == 5000, f"{stored} are stored, after {took:.1f} s")


def twice(stop, member):
    """A frontier as long as a message can be, with devices nobody knows, again and again."""
    entries = tuple((device, 1, bytes(32)) for device in sorted(os.urandom(16) for _ in range(18_000)))
    connection = greeted(member.address, member)
    saying = messages.encode(messages.Frontier(entries))
    for _ in range(60):
        connection.send(saying)
        connection.flush(10)
    connection.send(messages.encode(messages.Goodbye(0)))
    return ending(connection)


def test_frontiers_again_and_again(office, checked):
    end = office.besieged("60 frontiers of 18,000 devices", twice, office.member("mallory"), seconds=60)
    checked(end == "closed", f"passed over, the session goes on: {end}")


def junk_changesets(stop, member, sayings):
    """What is refused of messages full of what is none."""
    connection, counts = greeted(member.address, member), []
    for saying in sayings:
        connection.send(saying)
        connection.flush(10)
        refused = answers(connection, (messages.Refused, messages.Failed))
        counts.append(Counter(refusal.name for refusal in refused))
    connection.close()
    return counts


def test_changesets_of_junk(office, checked):
    mallory = office.member("mallory")
    sayings = [
        messages.encode(messages.Changesets((b"",) * 30_000, ())),
        messages.encode(messages.Changesets((b"\x01",) * 30_000, ())),
        frame(5, varint(MIB - 10) + bytes(MIB - 10) + b"\x00"),
    ]
    counts = office.besieged("messages full of junk", junk_changesets, mallory, sayings, seconds=60)
    checked(counts[0] == counts[1] == {"malformed": 1}, f"one refusal each: {counts}")
    checked(counts[2] == {"malformed": 1}, f"more items than changesets fit a message: {counts}")


# Members, and the membership.

def fresh(member, count, chained=False):
    """Enrolments of so many further devices of the member's own; chained: each by the one before."""
    roster, handle = member.replica.roster, member.handle
    base, secret, made = roster.voice(member.identity.signing), member.identity.signing_secret, []
    for _ in range(count):
        identity = Identity.new()
        made.append((identity, statements.enrol(identity, [base], secret, handle, stamps.now())))
        if chained:
            base, secret = made[-1][1].hash, identity.signing_secret
    return made


def many_statements(stop, member, messages_of_statements):
    ends = []
    for parts in messages_of_statements:
        connection = greeted(member.address, member)
        for part in parts:
            connection.send(messages.encode(messages.Statements(part)))
            connection.flush(20)
        connection.send(messages.encode(messages.Ping(0)))
        ends.append(ending(connection, 3))
        connection.close()
    return ends


def test_thousands_of_statements(office, checked):
    """Of one member who is no admin a server keeps 1,024; an admin can still let somebody in, and remove."""
    mallory = office.member("mallory")
    made = [statement.data for _, statement in fresh(mallory, 1500)]
    chained = [statement.data for _, statement in fresh(mallory, 1500, chained=True)][::-1]
    damaged = [data[:-1] + bytes([data[-1] ^ 1]) for data in made[:300]]
    parts = [[tuple(chained)], [tuple(made[:700]), tuple(made[700:])], [tuple(damaged)], [tuple(made)] * 14]
    ends = office.besieged("thousands of statements", many_statements, mallory, parts, seconds=120)
    checked(ends == ["open", "open", "open", "limit"], f"{ends}")
    mallory.replica = Replica(mallory.replica.workspace)
    mallory.sync()
    taken = len(mallory.replica.roster.statements)
    # Beside his: the others', and an admin's, who hands the key on to his thousand devices.
    checked(1000 < taken < 1024 + 120, f"{taken} statements are held")
    eva = Member.join(office.olga("invite", "--for", "eva").strip())
    checked(eva.replica.roster.roles()["eva"] == "analyst", "and an admin's invite is still good")


def one_by_one(stop, member, encoded):
    connection = greeted(member.address, member)
    for data in encoded:
        connection.send(messages.encode(messages.Statements((data,))))
    connection.flush(20)
    return ending(connection, 5)


def test_a_flood_of_statements(office, checked):
    mallory = office.member("mallory")
    encoded = [statement.data for _, statement in fresh(mallory, 900)]
    end = office.besieged("900 statements one by one", one_by_one, mallory, encoded, seconds=120)
    checked(end == "limit", f"the roster is not made anew for each: {end}")
    mallory.replica = Replica(mallory.replica.workspace)
    mallory.sync()
    checked(64 <= len(mallory.replica.roster.statements) < 900, "until then they are good, and taken")


# Members, and chains.

def own_chain(member, identity, changes=1, listed=None, time_of=None):
    """Changesets of a device that has written nothing yet, and the signature at the last."""
    chain_hash, made = chains.start(member.replica.workspace, identity.device), []
    now = time_of or stamps.join(stamps.now())
    for number in range(1, changes + 1):
        head = header.Header(identity.device, number, now + number, context=dict(listed or {}) if number == 1 else {})
        made.append(header.changeset(head, b"\x00" + body.Body(body.BY_HAND, {}, ()).encode()))
        chain_hash = chains.follow(chain_hash, made[-1])
    signature = chains.sign(identity, member.replica.workspace, changes, chain_hash)
    return made, (identity.device, changes, signature)


def say_all(stop, member, sayings):
    """Says all in one session, and counts what is refused and how much is stored."""
    connection, refused, stored = greeted(member.address, member), Counter(), {}
    for saying in sayings:
        connection.send(saying)
        connection.flush(20)
    for answer in answers(connection, (messages.Refused, messages.Stored, messages.Failed), 60):
        if isinstance(answer, messages.Stored):
            stored.update(answer.changes)
        else:
            refused[answer.name] += 1
    connection.close()
    return refused, stored


def statements_in(member, made):
    """Has the server take these enrolments."""
    member.replica.add_statements([statement.data for _, statement in made])
    member.sync()


def test_thousands_of_tiny_chains(office, checked):
    """Six hundred devices of one member, a changeset each, every one of which has seen all before it."""
    mallory = office.member("mallory")
    made = fresh(mallory, 600)
    statements_in(mallory, made)
    changes, signatures, seen, now = [], [], {}, stamps.join(stamps.now())
    for index, (identity, _) in enumerate(made):
        tiny, signature = own_chain(mallory, identity, listed=seen, time_of=now + index)
        changes += tiny
        signatures.append(signature)
        seen[identity.device] = 1
    sayings = []
    for at in range(0, len(changes), 50):
        sayings.append(messages.encode(messages.Changesets(tuple(changes[at:at + 50]), tuple(signatures[at:at + 50]))))
    refused, stored = office.besieged("600 chains that have all seen each other", say_all, mallory, sayings, seconds=120)
    checked(not refused and len(stored) == 600, f"{refused}, {len(stored)} stored")


def test_chains_that_fall_one_after_another(office, checked):
    """Five hundred chains in one message, each of which rests on the one before and is found wanting only after the next."""
    mallory = office.member("mallory")
    made = fresh(mallory, 500)
    statements_in(mallory, made)
    now, changes, signatures, seconds = stamps.join(stamps.now()), [], [], []
    for index, (identity, _) in enumerate(made):
        tiny, _ = own_chain(mallory, identity, time_of=now + index)
        changes += tiny
        before = {made[index - 1][0].device: 1} if index else {}
        head = header.Header(identity.device, 2, now + 5000 + index, context=before)
        second = header.changeset(head, b"\x00" + body.Body(body.BY_HAND, {}, ()).encode())
        start = chains.follow(chains.start(mallory.replica.workspace, identity.device), tiny[0])
        number = chains.follow(start, second)
        seconds.append(second)
        signatures.append((identity.device, 2, chains.sign(identity, mallory.replica.workspace, 2, number)))
    signatures[0] = (made[0][0].device, 2, bytes(64))
    saying = messages.encode(messages.Changesets(tuple(changes + seconds[::-1]), tuple(signatures)))
    refused, stored = office.besieged("chains that fall one after another", say_all, mallory, [saying] * 5, seconds=120)
    checked(refused == {"signature": 5, "context": 5 * 499} and not stored, f"{refused}, {len(stored)} stored")


def test_long_contexts(office, checked):
    """As many entries as a header holds, of devices that nobody has, and of more than it holds."""
    mallory = office.member("mallory")
    strangers = sorted(os.urandom(16) for _ in range(20_000))
    identity, sayings = mallory.identity, []
    for count in (3_600, 20_000):
        head = header.Header(identity.device, 1, stamps.join(stamps.now()), context=dict.fromkeys(strangers[:count], 1))
        data = header.changeset(head, b"\x00")
        sayings.append(messages.encode(messages.Changesets((data,) * (MIB // len(data)), ())))
    refused, stored = office.besieged("contexts of 20,000 devices", say_all, mallory, sayings * 4, seconds=120)
    checked(set(refused) == {"context", "malformed"} and not stored, f"{refused}")


# Members, and what they write.

def bombs():
    """Packed bodies that are not what they claim: none of a relay's business, and nothing that a replica falls for."""
    zeros = zstandard.ZstdCompressor(19, write_content_size=True)
    deep = b"\x81" * 500_000 + b"\x00"
    yield "a bomb of 960 KiB", b"\x01" + varint(960 * 1024) + zeros.compress(bytes(960 * 1024))
    yield "a bomb of 256 MiB", b"\x01" + varint(960 * 1024) + zeros.compress(bytes(256 * MIB))
    yield "a claim of 2^60", b"\x01" + varint(2**60) + zeros.compress(b"x")
    yield "a claim without a frame", b"\x01" + varint(960 * 1024)
    yield "a cut frame", b"\x01" + varint(MIB // 2) + zeros.compress(os.urandom(MIB // 2))[:-9]
    yield "a wide window", b"\x01" + varint(600_000) + b"\x28\xb5\x2f\xfd\x80\xf8" + (600_000).to_bytes(4, "little") + bytes(20)
    for name, value in (("deep", deep), ("a deep tag", b"\xc1" * 500_000 + b"\x00"), ("a long claim", b"\x9b" + b"\xff" * 8)):
        raw = body.Body(body.BY_HAND, {}, (body.Write(JUDGMENT, bytes(16), 60, None, value),)).encode()
        yield f"{name} in plain", b"\x00" + raw
        yield f"{name} packed", packing.pack(raw) if len(raw) < 960 * 1024 else b"\x00" + raw
    yield "a million writes", b"\x00\x01\x00" + varint(2**40) + bytes(1000)


def test_bodies_that_are_bombs(office, checked):
    mallory = office.member("mallory")
    for _, packed in bombs():
        composed, _ = header.read_changeset(mallory.replica.compose(mallory.identity, []))
        data = header.changeset(composed, packed)
        mallory.replica.receive([data], [mallory.replica.sign(mallory.identity, data)])
    count = len(mallory.replica.chains[mallory.identity.device].changes)
    took = office.besieged("bodies that are bombs", push, mallory, seconds=60)
    checked(took == count and count >= 13, f"a relay does not judge bodies: {took} of {count} stored")
    checked("Round" in office.ken.show(office.judgment)["fields"]["basis"]["value"], "and replicas fall for none")


def push(stop, member):
    session = member.session().sync(30)
    session.leave()
    return session.stored[member.identity.device]


def test_forged_devices(office, checked):
    """A member in the name of others: hellos, signatures, and other people's chains altered."""
    mallory, ben = office.member("mallory"), office.member("ben")
    ben.write(write(JUDGMENT, os.urandom(16), TITLE, "ben's own"))
    ben.sync()
    mallory.sync()
    results = office.besieged("forged devices", forge, mallory, ben.identity.device, seconds=20)
    checked(results["forbidden"] > 5 and results["welcome"] == 0, f"nobody comes in as another: {results}")
    checked(results["stored"] == 0 and results["signature"] > 5 and results["fork"] > 5, f"{results}")
    fresh_eyes = Member(ben.address, Replica(ben.replica.workspace), ben.identity)
    fresh_eyes.sync()
    held = [change.data for change in fresh_eyes.replica.chains[ben.identity.device].changes]
    checked(held == [change.data for change in ben.replica.chains[ben.identity.device].changes], "ben's chain is as it was")


def forge(stop, member, victim):
    counts, replica = Counter(), member.replica
    held = replica.chains[victim].changes
    altered = held[-1].data[:-1] + bytes([held[-1].data[-1] ^ 1])
    next_one = replica.compose(member.identity, [write(JUDGMENT, os.urandom(16), TITLE, "forged")],
                               device=victim, number=len(held) + 1, context={})
    named = chains.sign(member.identity, replica.workspace, len(held) + 1, bytes(32))
    while not stop.is_set():
        connection = Connection(member.address, member.identity.channel_secret)
        hello = hello_of(replica, member.identity)
        connection.send(messages.encode(messages.Hello(*hello_fields(hello, victim))))
        counts[ending(connection)] += 1
        connection.close()
        pushes = [messages.Changesets((next_one,), ((victim, len(held) + 1, named),)),
                  messages.Changesets((altered,), ((victim, len(held), named),))]
        refused, stored = say_all(stop, member, list(map(messages.encode, pushes)))
        counts.update(refused)
        counts["stored"] += len(stored)
    return counts | {"welcome": counts["open"], "stored": counts["stored"]}


def hello_fields(hello, device):
    return (hello.lowest, hello.highest, hello.capabilities, hello.workspace, device, hello.time, hello.frontier_digest,
            hello.statement_digest, hello.token, hello.statements)


def test_other_analysts_fields_and_far_clocks(office, checked):
    """Other people's voices are void wherever they arrive; a clock ten years ahead is refused, handed on or not."""
    office.olga("set", office.judgment, "stance@olga=agree")
    office.olga("sync")
    mallory, record = office.member("mallory"), raw_id(office.judgment)
    for number in range(200):
        mallory.write(write(JUDGMENT, record, STANCE, ["disagree", f"forged {number}"], b"olga"))
    taken = office.besieged("other analysts' keyed fields", push, mallory)
    checked(taken == 200, "a relay does not judge bodies")
    shown = office.ken.show(office.judgment)["fields"]["stance@olga"]
    checked("agree" in str(shown["value"]) and "forged" not in str(shown), f"void at every replica: {shown}")
    ahead = mallory.replica.compose(
        mallory.identity, [write(JUDGMENT, record, TITLE, "from the future")], time=stamps.join(stamps.now() + TEN_YEARS))
    saying = messages.encode(messages.Changesets((ahead,), (mallory.replica.sign(mallory.identity, ahead),)))
    refused, stored = office.besieged("stamps ten years ahead", say_all, mallory, [saying] * 100, seconds=30)
    checked(refused == {"clock": 100} and not stored, f"{refused}")


# Members, and connections.

def come_and_go(stop, member):
    count = 0
    while not stop.is_set():
        connection = greeted(member.address, member)
        connection.pump(0.05)
        reset(connection.socket) if count % 2 else connection.close()
        count += 1
    return count


def test_a_storm_of_sessions(office, checked):
    counts = office.besieged("a storm of sessions", come_and_go, office.member("mallory"), attackers=2)
    checked(sum(counts) > 50, f"{counts} came and went")


def many_sessions(stop, member):
    sessions = [greeted(member.address, member) for _ in range(150)]
    ends = Counter(ending(session, 0.1) for session in sessions)
    return ends


def test_many_sessions_of_one_device(office, checked):
    ends = office.besieged("150 sessions of one device", many_sessions, office.member("mallory"), seconds=60)
    checked(ends["busy"] == 150 - 64, f"64 are enough: {ends}")


def test_descriptors_are_used_up(tmp_path, checked, pytestconfig):
    """A server that may open 48 descriptors says so, goes on, and takes who comes later."""
    office = Office(tmp_path, checked, pytestconfig.figures, descriptors=48)
    attack = office_full(office)
    checked("cannot accept" in office.log(), f"the server says so: {office.log()!r}")
    checked(office.log().count("cannot accept") < 10, "but not for each connection")
    checked(attack > 48, f"{attack} connections tried")
    office.work()
    office.close()


def office_full(office):
    """Opens more connections than the server can take, and lets go of them."""
    opened = [bare_socket(office.address) for _ in range(120)]
    time.sleep(1)
    for connection in opened:
        connection.close()
    return len(opened)
