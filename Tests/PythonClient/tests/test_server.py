"""The Python client against the real server and the real terminal client, all on loopback."""

import hashlib
import os
import random
import re
import socket
import time
from collections import Counter
from dataclasses import replace

import pytest
import world
from world import JUDGMENT, TITLE, Member, Server, Terminal, conversation, last_failure, raw_id, write

from parley_client import (
    body, cbor, chains, channel, crockford, derived, header, invites, messages, packing, schema, stamps, statements,
)
from parley_client.frames import Failure, frame
from parley_client.identity import Identity, x25519_public
from parley_client.replica import Replica
from parley_client.session import Connection, Ended, hello_of

if not world.EXECUTABLE:
    pytest.skip("PARLEY_EXECUTABLE is not set: it names the parley binary to test against", allow_module_level=True)

TEN_YEARS = 10 * 365 * 24 * 3600 * 1000


@pytest.fixture(scope="session")
def checked(pytestconfig):
    """Counts a step of the scenario, once what it says was asserted."""
    def check(condition, what):
        assert condition, what
        pytestconfig.promises["python-server"] += 1
    return check


@pytest.fixture(scope="module")
def server(tmp_path_factory, checked):
    server = Server(tmp_path_factory.mktemp("data"))
    try:
        yield server
    finally:
        status = server.stop()
    checked(status == 0, f"SIGTERM ends the server with 0, not {status}")


@pytest.fixture(scope="module")
def olga(server, tmp_path_factory):
    """The founder, who uses the terminal client."""
    olga = Terminal(tmp_path_factory.mktemp("homes") / "olga")
    olga("join", server.operator_invite("baltic-ports", "olga"))
    olga("sync")
    return olga


@pytest.fixture(scope="module")
def judgment(olga):
    """The id of a judgment that Olga made and sent."""
    shown = olga.new_judgment("Port closure at Riga")
    olga("sync")
    return shown


@pytest.fixture
def ben(olga, judgment, request):
    """A member of his own for each test, in Python, who has pulled everything."""
    handle = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))[:24] + os.urandom(3).hex()
    return Member.join(olga("invite", "--for", handle).strip())


# Joining and pulling.

def test_join_and_pull(olga, judgment, server, checked):
    line = olga("invite", "--for", "ben")
    checked(line.count("\n") == 1 and line.startswith("parley://"), "an invite alone on stdout, one line")
    ben, introduction = Member.newcomer(line)
    session = ben.session(introduction).sync()
    replica = ben.replica
    checked(not session.refused, "nothing refused")
    checked(replica.roster.roles()["ben"] == "analyst", "the roster has ben")
    checked(replica.roster.roles()["olga"] == "admin", "the roster has olga as admin")
    checked(not replica.roster.void and not replica.roster.waiting, "every statement counts")
    checked(ben.identity.device in replica.roster.devices, "this device is in")
    checked(statements.decode(introduction[1].data).content.handle == "ben", "the enrolment is one's own")
    checked(replica.log and not replica.void, "changesets came, none void")
    check_chains(replica, checked)
    session.leave()
    again = ben.session().sync()
    checked(again.welcome.frontier_digest == replica.frontier_digest, "frontier digests agree")
    checked(again.welcome.statement_digest == replica.roster.digest, "statement digests agree")
    again.leave()


def check_chains(replica, checked):
    """Hashes every chain anew and verifies the signature at its end."""
    for device, chain in replica.chains.items():
        chain_hash = chains.start(replica.workspace, device)
        for change in chain.changes:
            assert header.read_changeset(change.data)[0] == change.header
            chain_hash = chains.follow(chain_hash, change.data)
        held = (replica.workspace, device, chain.number, chain_hash)
        assert chains.signature_holds(replica.roster.devices[device].signing, chain.signatures[chain.number], *held)
    checked(replica.chains, "the hashes and signatures of all chains hold")


def test_shows_what_export_shows(olga, judgment, ben, checked):
    compare(olga, ben, checked)
    record, kept, handle = raw_id(judgment), os.urandom(16), ben.replica.roster.handle(ben.identity.device).encode()
    values = [
        write(JUDGMENT, record, 16, "likely"), write(JUDGMENT, record, 17, "no such confidence"),
        write(JUDGMENT, record, 21, ["yes", "2026-11-21"]), write(JUDGMENT, record, 22, ["agree", "why"], handle),
        write(JUDGMENT, record, 22, ["disagree"], b"~ken"), write(JUDGMENT, record, 22, ["void"], b"olga"),
        write(JUDGMENT, record, 8, True, b"moscow"), write(JUDGMENT, record, 10, "of a column", b"col. 1"),
        write(JUDGMENT, record, 61, 123), write(JUDGMENT, record, 62, "keyed", b"key"),
        write(JUDGMENT, record, TITLE, "a key where none belongs", b"plain"), write(JUDGMENT, record, 18, None),
        write(12, kept, 17, record), write(12, kept, TITLE, "A note: Нижний"), write(12, kept, 7, True),
    ]
    ben.write(*values)
    ben.sync()
    compare(olga, ben, checked)


def compare(olga, member, checked):
    """Both sides sync, and show the same records, and in each the same values."""
    olga("sync")
    member.sync()
    olga("sync")
    exported, records = olga.export(), member.replica.records()
    assert {world.shown_id(*record) for record in records} == set(exported)
    for (kind, record), fields in records.items():
        line = exported[world.shown_id(kind, record)]
        assert line["kind"] == schema.KINDS.get(kind, (f"#{kind}",))[0]
        held = {world.field_name(kind, *register): value for register, value in fields.items() if value is not None}
        assert set(held) == set(line["fields"])
        wrong = [name for name in held if not world.same_value(line["fields"][name], held[name])]
        assert not wrong, f"other values of {wrong} in {line}"
    checked(records, "both show the same records, fields and values")


def test_nothing_new_is_one_round_trip(ben, checked):
    ben.sync()
    session = ben.sync()
    checked(session.names(session.sent) == ["Hello", "CaughtUp", "Goodbye"], f"sent {session.names(session.sent)}")
    checked(session.names(session.received) == ["Welcome", "CaughtUp"], f"got {session.names(session.received)}")


def test_the_real_client_writes_as_the_protocol_says(olga, judgment, ben, checked):
    """Olga's own changesets: one encoding each, contexts without needless entries, statements only where they changed."""
    olga("set", judgment, "text=" + "A long text, worth packing. " * 100)
    olga("set", judgment, "confidence=low", "basis=Two things at once")
    olga("sync")
    ben.sync()
    device = next(d for d, entry in ben.replica.roster.devices.items() if entry.handle == "olga")
    chain, packings = ben.replica.chains[device], set()
    context, named = {}, None
    for change in chain.changes:
        head = change.header
        assert head.encode() + change.stored == change.data
        packed = ben.replica.packed(change)
        plain = packing.unpack(packed)
        packings.add(packed[0])
        assert body.decode(plain).encode() == plain
        assert packed[0] == 0 or len(plain) > 512
        assert head.epoch > 0 and packed not in change.stored, "sealed"
        assert all(context.get(other, 0) < number for other, number in head.context.items()), "a needless entry"
        assert head.statement is None or head.statement != named, "a statement named twice"
        assert head.number > 1 or head.statement
        context, named = {**context, **head.context}, head.statement or named
    checked(len(chain.changes) > 2, "changesets of the real client encode anew to the same bytes")
    checked(packings == {0, 1}, f"short ones plain, long ones packed: {packings}")
    times = [change.header.time for change in chain.changes]
    checked(times == sorted(set(times)), "stamps increase strictly")


def test_further_devices(server, olga, judgment, ben, checked):
    """Olga's second machine by an invite of hers, and Ben's by a statement of his first."""
    second = Member.join(olga("invite", "--for", "olga").strip())
    checked(second.replica.roster.handle(second.identity.device) == "olga", "the second device is olga's")
    second.write(write(JUDGMENT, raw_id(judgment), 22, ["agree", "from the second machine"], b"olga"))
    second.sync()
    checked(not any(device == second.identity.device for device, _, _ in second.replica.void), "and writes with her voice")
    compare(olga, second, checked)
    ben.sync()
    tablet, roster = Identity.new(), ben.replica.roster
    bases = {roster.voice(ben.identity.signing), *roster.heads[:15]}
    enrol = statements.enrol(tablet, bases, ben.identity.signing_secret, roster.handle(ben.identity.device), stamps.now())
    ben.replica.add_statements([enrol.data])
    ben.sync()
    other = Member(server.address, Replica(ben.replica.workspace, statements_of(ben)), tablet)
    session = other.sync()
    checked(other.replica.frontier_digest == ben.replica.frontier_digest, "a device enrolled by a device comes in")
    checked("Statements" not in session.names(session.sent), "without an introduction")


# Writing.

def test_an_edit_arrives(olga, judgment, ben, checked):
    record = raw_id(judgment)
    session = ben.session().sync()
    change = ben.write(write(JUDGMENT, record, TITLE, "Port closure at Riga, edited in Python"))
    checked(change.header.context and change.header.statement, "the edit names its context and the membership")
    session.push_and_wait()
    checked(session.stored[ben.identity.device] == change.header.number, "stored")
    session.leave()
    olga("sync")
    checked(olga.export()[judgment]["fields"]["title"] == ben.title(record), "olga's export shows the edit")
    shown = olga.show(judgment)["fields"]["title"]
    checked(shown["value"] == ben.title(record), "olga's show shows the edit")
    checked(shown["by"] == ben.handle, "and whose it is")
    checked(is_address(shown["change"], change), f"under the address that the protocol gives it: {shown['change']}")


def is_address(shown, change):
    """Whether this is what people call that change."""
    return len(shown) >= 5 and chains.address(change.header.device, change.header.number).startswith(shown)


def test_log_and_members(olga, judgment, ben, checked):
    """Both ends tell the same history, and the same team."""
    ben.write(write(JUDGMENT, raw_id(judgment), 19, "A criterion"), write(JUDGMENT, raw_id(judgment), 22, ["x"], b"olga"))
    ben.sync()
    compare(olga, ben, checked)
    log, replica = olga.json("log"), ben.replica
    by_address = {chains.address(c.header.device, c.header.number)[:len(log[0]["change"])]: c for c in replica.log}
    for entry in log:
        change = by_address.get(entry["change"][:len(log[0]["change"])])
        assert change and is_address(entry["change"], change), entry
        assert entry["device"] == crockford.encode(change.header.device), entry
        assert entry["by"] == replica.roster.handle(change.header.device), entry
    checked(log, "each change in the log has its address, its device and its author")
    members = {member["handle"]: member for member in olga.json("members")}
    checked({handle: member["role"] for handle, member in members.items()} == replica.roster.roles(), "the same roles")
    devices = {device["id"] for member in members.values() for device in member["devices"]}
    checked(devices == set(map(crockford.encode, replica.roster.devices)), "the same devices")


IMPORT = ("--kind", "evidence", "--key", "url", "--source", "feed")


def test_an_import_and_a_link(olga, judgment, ben, tmp_path, checked):
    """Ids that follow from keys, an import's act, what a source says again, and a link's id."""
    feed = tmp_path / "feed.csv"
    feed.write_text("url,title\nhttps://example.org/1,First\nhttps://example.org/2,Second\n")
    olga("import", str(feed), *IMPORT)
    compare(olga, ben, checked)
    content = content_of(ben, ben.replica.log[-1])
    checked(content.act == body.IMPORT, "the act of an import")
    checked(content.attributes[body.SOURCE] == cbor.encode("feed"), "names its source")
    checked(content.attributes[body.DIGEST] == cbor.encode(hashlib.sha256(feed.read_bytes()).digest()), "and its file")
    keyed = {register[1]: register[3].decode() for register in ben.replica.registers if register[::2] == (8, 9)}
    checked(len(keyed) == 2, f"two records of evidence with a key each: {keyed}")
    checked(all(derived.imported(8, key) == record for record, key in keyed.items()), "whose ids follow from their keys")
    changes = len(ben.replica.log)
    olga("import", str(feed), *IMPORT)
    compare(olga, ben, checked)
    checked(len(ben.replica.log) == changes, "nothing newly said, no changeset")
    first = next(record for record, key in keyed.items() if key.endswith("/1"))
    ben.write(write(8, first, TITLE, "As the people have it"))
    compare(olga, ben, checked)
    feed.write_text(feed.read_text().replace("First", "Another"))
    olga("import", str(feed), *IMPORT)
    compare(olga, ben, checked)
    content = content_of(ben, ben.replica.log[-1])
    said = [(register.record, register.field, register.value) for register in content.said]
    checked((first, TITLE, cbor.encode("Another")) in said and not content.writes, f"the people's value stays: {content}")
    checked(ben.replica.value(8, first, TITLE) == "As the people have it", "and is shown")
    olga("link", world.shown_id(8, first), judgment, "--as", "supports")
    compare(olga, ben, checked)
    link = derived.link(first, "supports", raw_id(judgment))
    checked(ben.replica.value(13, link, 17) == "supports", "a link's id follows from what it links")


def content_of(member, change):
    return body.decode(packing.unpack(member.replica.packed(change)))


def test_a_concurrent_edit_sets_one_head_aside(olga, judgment, ben, checked):
    record, title = raw_id(judgment), (JUDGMENT, raw_id(judgment), TITLE, None)
    olga("sync")
    ben.sync()
    olga("set", judgment, "title=As Olga has it")
    ben.write(write(JUDGMENT, record, TITLE, "As Ben has it"))
    olga("sync")
    ben.sync()
    olga("sync")
    heads = ben.replica.registers.heads(title)
    checked(len(heads) == 2, "two heads")
    checked({cbor.decode(head.value) for head in heads} == {"As Olga has it", "As Ben has it"}, "both values are kept")
    checked(len(ben.replica.registers.aside(title)) == 1, "one is set aside")
    checked(olga.export()[judgment]["fields"]["title"] == ben.title(record), "both ends show the same")
    (aside,) = ben.replica.registers.aside(title)
    shown = olga.show(judgment)["fields"]["title"]
    checked(shown["value"] == ben.title(record), "olga's show shows it too")
    checked([entry["value"] for entry in shown["aside"]] == [cbor.decode(aside.value)], "and the one that is set aside")
    address = shown["aside"][0]["change"]
    checked(chains.address(aside.device, aside.number).startswith(address), f"and whose it is: {address}")
    session = ben.session().sync()
    ben.write(write(JUDGMENT, record, TITLE, "As both have it"), act=body.RESOLVE)
    session.push_and_wait()
    session.leave()
    olga("sync")
    checked(olga.export()[judgment]["fields"]["title"] == "As both have it", "the resolution arrives")
    checked(not olga.show(judgment)["fields"]["title"].get("aside"), "nothing is set aside any more")


def test_what_is_unknown_passes_unharmed(olga, judgment, ben, checked):
    record, other = raw_id(judgment), os.urandom(16)
    session = ben.session().sync()
    ben.write(write(JUDGMENT, record, 60, "from a later version"), write(99, other, TITLE, "an unknown kind"))
    session.push_and_wait()
    session.leave()
    olga("sync")
    exported = olga.export()
    shown = exported[judgment]["fields"].get("#60")
    checked(world.same_value(shown, "from a later version"), f"olga's client shows the unknown field: {shown}")
    unknown = [line for line in exported.values() if line["kind"] == "#99"]
    checked([line["id"] for line in unknown] == [world.shown_id(99, other)], "and the unknown kind")
    olga("set", judgment, "basis=Olga goes on writing beside it")
    olga("sync")
    fresh = Member.join(olga("invite", "--for", "fresh").strip())
    checked(fresh.replica.value(JUDGMENT, record, 60) == "from a later version", "the field came through the server")
    checked(fresh.replica.value(99, other, TITLE) == "an unknown kind", "so did the kind")
    own = ben.replica.chains[ben.identity.device]
    got = fresh.replica.chains[ben.identity.device]
    checked([c.data for c in own.changes] == [c.data for c in got.changes], "the same bytes")


def test_what_is_unreadable_passes_unharmed(olga, ben, checked):
    """A body that does not decode, and one under an epoch: a relay does not judge them, a replica keeps them."""
    session, void = ben.session().sync(), len(ben.replica.void)
    for packed, epoch in ((b"\x02junk", 0), (b"\x00\xff\xff", 0), (os.urandom(100), 7)):
        composed, _ = header.read_changeset(ben.replica.compose(ben.identity, [], epoch=epoch))
        data = header.changeset(composed, packed)
        ben.replica.receive([data], [ben.replica.sign(ben.identity, data)])
    session.push_and_wait()
    session.leave()
    checked(len(ben.replica.void) == void + 2 and len(ben.replica.waiting) == 1, "two void, one waiting")
    olga("sync")
    fresh = Member.join(olga("invite", "--for", "reader-of-junk").strip())
    checked(fresh.replica.frontier_digest == ben.replica.frontier_digest, "everybody holds the same bytes")
    olga("sync")
    checked(olga.export(), "olga's client goes on")


def test_what_nobody_judges(olga, ben, checked):
    """A statement that nobody knows, context entries that were listed before, acts and attributes of later versions."""
    record, session = os.urandom(16), ben.session().sync()
    ben.write(write(JUDGMENT, record, TITLE, "a"), statement=os.urandom(32))
    listed = {device: number for device, number in ben.replica.frontier.items() if device != ben.identity.device}
    ben.write(write(JUDGMENT, record, 2, "b"), context=listed)
    ben.write(write(JUDGMENT, record, 18, "c"), act=2**64 - 1, attributes={2**64 - 1: cbor.encode(None)})
    session.push_and_wait()
    checked(not session.refused, "the server takes them")
    session.leave()
    compare(olga, ben, checked)


def test_much_at_once(olga, ben, checked):
    """More than a megabyte of changesets in one session, through the server to another device."""
    record = os.urandom(16)
    for number in range(150):
        ben.write(write(12, record, 2, f"{number} " + os.urandom(5000).hex()))
    session = ben.session().sync(30)
    pushes = [message for message in session.sent if isinstance(message, messages.Changesets)]
    checked(session.stored[ben.identity.device] == 150 and len(pushes) > 5, "everything is stored")
    session.leave()
    fresh = Member.join(olga("invite", "--for", "puller").strip())
    checked(fresh.replica.frontier_digest == ben.replica.frontier_digest, "everything came")
    checked(fresh.replica.value(12, record, 2) == ben.replica.value(12, record, 2), "and the same is shown")


def test_live(olga, ben, checked):
    """What lands at the server goes to the other open sessions: statements, changesets, presence."""
    session = ben.session().sync()
    line = olga("invite", "--for", "eva").strip()
    olga("sync")
    eva = Member.join(line)
    session.run(lambda s: eva.identity.device in s.replica.roster.devices)
    checked(ben.replica.roster.roles()["eva"] == "analyst", "a new statement is forwarded")
    hers = eva.session().sync()
    eva.write(write(JUDGMENT, os.urandom(16), TITLE, "live"))
    hers.push_and_wait()
    session.run(lambda s: s.replica.frontier.get(eva.identity.device) == 1)
    checked(ben.replica.frontier_digest == eva.replica.frontier_digest, "a new changeset is forwarded")
    here = messages.Presence(eva.identity.device, cbor.encode([1, None, None, None, None]))
    hers.send(here)
    session.run(lambda s: here in s.received)
    checked(here not in hers.received, "presence is forwarded, to the others")
    hers.leave()
    session.leave()


def test_presence_in_another_name_is_passed_over(ben, checked):
    session = ben.session().sync()
    session.send(messages.Presence(os.urandom(16), cbor.encode([3, None, None, None, None])))
    ben.write(write(JUDGMENT, os.urandom(16), TITLE, "the session goes on"))
    session.push_and_wait()
    checked(session.stored, "passed over")
    session.leave()


# Refusals.

def refused_of(session, data, *signatures):
    """Sends one changeset and returns the refusal."""
    before = len(session.refused)
    session.send(messages.Changesets((data,), signatures))
    session.run(lambda s: len(s.refused) > before)
    return session.refused[-1]


def test_a_refused_push_leaves_the_session(ben, checked):
    session, replica, identity = ben.session().sync(), ben.replica, ben.identity
    record = os.urandom(16)
    writes = [write(JUDGMENT, record, TITLE, "refused")]
    ben.write(write(JUDGMENT, record, TITLE, "good"))
    session.push_and_wait()
    number = replica.frontier[identity.device] + 1
    good = replica.compose(identity, writes)
    composed = lambda **changed: replica.compose(identity, writes, **changed)
    ahead = stamps.join(stamps.now() + TEN_YEARS)
    stranger = {os.urandom(16): 1}
    cases = [
        ("signature", good, [(identity.device, number, bytes(64))], number),
        ("signature", good, [], number),
        ("signature", good, [replica.sign(identity, good + b"x")], number),
        ("gap", composed(number=number + 1), None, number + 1),
        ("context", composed(context=stranger), None, number),
        ("clock", composed(time=ahead), None, number),
        ("stamp", composed(time=1), None, number),
        ("permission", composed(device=os.urandom(16)), None, number),
        ("fork", composed(number=1, time=5), None, 1),
    ]
    for name, data, signatures, named in cases:
        refusal = refused_of(session, data, *([replica.sign(identity, data)] if signatures is None else signatures))
        checked(refusal.name == name, f"{name} is meant, {refusal.name} answered: {refusal.text}")
        checked(refusal.device == data[2:18], f"{name}: the refusal names the device")
        checked(refusal.number == named, f"{name}: the refusal names number {named}, not {refusal.number}")
    change = ben.write(write(JUDGMENT, record, TITLE, "the session goes on"))
    session.push_and_wait()
    checked(session.stored[identity.device] == number == change.header.number, "a right changeset is stored after all")
    refusals = len(session.refused)
    session.send(messages.Changesets((change.data,), ()))
    session.run(lambda s: len([m for m in s.received if isinstance(m, messages.Stored)]) > 2)
    checked(len(session.refused) == refusals, "a duplicate is acknowledged again, without a signature")
    session.leave()


@pytest.mark.parametrize("case", ["short body", "long body", "format", "flags", "cut header", "empty"])
def test_a_changeset_that_does_not_decode_is_refused(ben, case, checked):
    session = ben.session().sync()
    good = ben.replica.compose(ben.identity, [write(JUDGMENT, os.urandom(16), TITLE, "x")])
    data = {
        "short body": good[:-1], "long body": good + b"x", "format": b"\x02" + good[1:],
        "flags": good[:1] + b"\x07" + good[2:], "cut header": good[:20], "empty": b"",
    }[case]
    refusal = refused_of(session, data, ben.replica.sign(ben.identity, data))
    checked(refusal.name == "malformed" and refusal.device == ben.identity.device and refusal.number == 1, case)
    ben.write(write(JUDGMENT, os.urandom(16), TITLE, "the session goes on"))
    session.push_and_wait()
    session.leave()


def test_a_wrong_signature_behind_a_right_one(ben, checked):
    """Three changesets of one chain, signed rightly at the first and wrongly at the third."""
    session = ben.session().sync()
    record = os.urandom(16)
    three = [ben.write(write(JUDGMENT, record, TITLE, str(number))) for number in range(3)]
    own = ben.replica.chains[ben.identity.device]
    device = ben.identity.device
    session.send(messages.Changesets(
        tuple(change.data for change in three), ((device, 1, own.signatures[1]), (device, 3, bytes(64)))))
    session.run(lambda s: s.refused)
    checked([refusal.name for refusal in session.refused] == ["signature"], f"one refusal: {session.refused}")
    session.send(messages.Changesets(tuple(c.data for c in three), ((device, 3, own.signatures[3]),)))
    session.run(lambda s: s.stored.get(device) == 3)
    checked(len(session.refused) == 1, "then all are taken, with one signature")
    session.leave()


def test_what_depends_on_a_refused_changeset_is_refused(olga, ben, checked):
    eva = Member.join(olga("invite", "--for", "eva-depends").strip())
    ben.sync()
    mine = ben.write(write(JUDGMENT, os.urandom(16), TITLE, "mine"))
    chain = ben.replica.chains[ben.identity.device]
    eva.replica.receive([mine.data], [(ben.identity.device, 1, chain.signatures[1])])
    hers = eva.write(write(JUDGMENT, os.urandom(16), TITLE, "hers, who saw mine"))
    signature = eva.replica.chains[eva.identity.device].signatures[1]
    connection = Member(eva.address, Replica(eva.replica.workspace, statements_of(eva)), eva.identity).session()
    connection.run(lambda s: s.caught_up and s.peer_caught_up)
    connection.send(messages.Changesets(
        (mine.data, hers.data), ((ben.identity.device, 1, bytes(64)), (eva.identity.device, 1, signature))))
    connection.run(lambda s: len(s.refused) == 2)
    names = {refusal.device: refusal.name for refusal in connection.refused}
    checked(names == {ben.identity.device: "signature", eva.identity.device: "context"}, f"{connection.refused}")
    connection.send(messages.Changesets(
        (mine.data, hers.data), ((ben.identity.device, 1, chain.signatures[1]), (eva.identity.device, 1, signature))))
    connection.run(lambda s: len(s.stored) == 2)
    checked(len(connection.refused) == 2, "sent again with the right signature, both are stored")
    connection.leave()


def statements_of(member):
    return [statement.data for statement in member.replica.roster.statements.values()]


def test_the_clock_rule_locks_nobody_out(olga, ben, checked):
    """Eva's clock is ten years fast. Ben carries what she wrote; then both may write one tick after it."""
    eva = Member.join(olga("invite", "--for", "eva-fast").strip())
    ben.sync()
    soon = ben.write(write(JUDGMENT, os.urandom(16), TITLE, "soon"), time=stamps.join(stamps.now() + 45_000))
    session = ben.session().sync()
    checked(session.stored == {ben.identity.device: 1} and soon, "45 s ahead is taken")
    ahead = stamps.join(stamps.now() + TEN_YEARS)
    hers = eva.write(write(JUDGMENT, os.urandom(16), TITLE, "from the future"), time=ahead)
    own = eva.session()
    own.run(lambda s: s.refused)
    checked(own.refused[0].name == "clock", "her own device is refused")
    own.leave()
    signature = eva.replica.chains[eva.identity.device].signatures[1]
    ben.replica.receive([hers.data], [(eva.identity.device, 1, signature)])
    mine = ben.write(write(JUDGMENT, os.urandom(16), TITLE, "one tick after"))
    checked(mine.header.time == ahead + 1, "the next time is what was seen plus one")
    session.push_and_wait()
    checked(session.stored == {ben.identity.device: 2, eva.identity.device: 1} and not session.refused, "both are stored")
    session.leave()
    olga("sync")


def test_a_reader_may_not_write(server, checked):
    pia = Member.found(server.operator_invite("readers", "pia"))
    pia.write(write(JUDGMENT, os.urandom(16), TITLE, "to be read"))
    rita = Member.join(pia.invite("rita", statements.READER))
    checked(rita.replica.roster.roles()["rita"] == "reader" and rita.replica.log, "a reader pulls")
    session = rita.session().sync()
    data = rita.replica.compose(rita.identity, [write(JUDGMENT, os.urandom(16), TITLE, "x")])
    session.send(messages.Changesets((data,), (rita.replica.sign(rita.identity, data),)))
    session.run(lambda s: s.refused or s.stored)
    checked([refusal.name for refusal in session.refused] == ["permission"], "and is refused")
    session.leave()


def test_one_bad_chain_does_not_hold_up_another(olga, judgment, ben, checked):
    """In one message: a chain with a bad signature, and another device's that is right."""
    eva = Member.join(olga("invite", "--for", "eve").strip())
    ben.sync()
    mine = ben.replica.compose(ben.identity, [write(JUDGMENT, os.urandom(16), TITLE, "bad")])
    hers = eva.write(write(JUDGMENT, os.urandom(16), TITLE, "right"))
    chain = eva.replica.chains[eva.identity.device]
    session = ben.session().sync()
    session.send(messages.Changesets(
        (mine, hers.data),
        ((ben.identity.device, 1, bytes(64)), (eva.identity.device, 1, chain.signatures[1]))))
    session.run(lambda s: s.refused and eva.identity.device in s.stored)
    checked(session.refused[-1].name == "signature" and session.refused[-1].device == ben.identity.device, "one refused")
    checked(session.stored == {eva.identity.device: 1}, "the other stored, though another device carried it")
    session.leave()


def test_a_fork_is_told(ben, checked):
    """A copied device: two replicas write the same number."""
    copy = Member(ben.address, Replica(ben.replica.workspace, [s.data for s in ben.replica.roster.statements.values()]),
                  ben.identity)
    copy.sync()
    ben.write(write(JUDGMENT, os.urandom(16), TITLE, "one"))
    ben.sync()
    copy.write(write(JUDGMENT, os.urandom(16), TITLE, "two"))
    session = copy.session()
    with pytest.raises(Failure) as error:
        session.sync()
    checked(error.value.name == "fork", f"the client finds the fork: {error.value}")
    other = messages.Frontier(((ben.identity.device, 1, bytes(32)),))
    raw = greeted(copy.address, copy.replica, copy.identity)
    raw.send(messages.encode(other))
    answer = until(raw, messages.Refused)
    checked((answer.name, answer.device, answer.number) == ("fork", ben.identity.device, 1), f"so does the server: {answer}")
    raw.close()


def greeted(address, replica, identity, introduction=(), token=b""):
    """A connection that says hello and no more."""
    hello = hello_of(replica, identity, introduction, token)
    return greeted_bytes(address, messages.encode(hello), identity)


def greeted_bytes(address, data, identity):
    connection = Connection(address, identity.channel_secret)
    connection.send(data)
    return connection


def until(connection, kind, seconds=10):
    """The first message of a kind; TimeoutError if none comes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not connection.closed:
        while (got := connection.frame()) is not None:
            if isinstance(message := messages.decode(*got), kind):
                return message
        connection.pump(0.05)
    raise TimeoutError(f"no {kind.__name__}")


# Strangers.

def greeting_failure(address, replica, identity, introduction=(), token=b""):
    """The failure that answers a hello."""
    return last_failure(greeted(address, replica, identity, introduction, token))


def test_strangers_are_forbidden(server, ben, checked):
    known = greeting_failure(server.address, Replica(ben.replica.workspace), Identity.new())
    unknown = greeting_failure(server.address, Replica(os.urandom(32)), Identity.new())
    member = greeting_failure(server.address, Replica(os.urandom(32)), ben.identity)
    checked(known[0] == "forbidden", f"a stranger is forbidden: {known}")
    checked(unknown == known, f"an unknown workspace gets the same words: {unknown}")
    checked(member == known, "so does a member of another workspace")


def test_bad_introductions(server, olga, judgment, checked):
    line = olga("invite", "--for", "guest").strip()
    guest, introduction = Member.newcomer(line)
    workspace = guest.replica
    right = introduction[1].data
    damaged = replace(introduction[1], data=right[:-1] + bytes([right[-1] ^ 1]))
    failure = greeting_failure(server.address, workspace, guest.identity, [introduction[0], damaged])
    checked(failure[0] == "invite", f"a damaged introduction: {failure}")
    guest.session(introduction).sync().leave()
    checked(guest.replica.roster.roles()["guest"] == "analyst", "the undamaged one is taken after that")
    second, again = Member.newcomer(line)
    failure = greeting_failure(server.address, second.replica, second.identity, again)
    checked(failure[0] == "invite", f"a used invite: {failure}")
    wrong = Identity.new()
    founding = statements.found(wrong, "mallory", "stolen", stamps.now())
    failure = greeting_failure(server.address, Replica(founding.hash), wrong, [founding], os.urandom(16))
    checked(failure[0] == "invite", f"a token that was never given: {failure}")


def test_python_founds_and_invites(server, tmp_path, checked):
    """The other way round: Python founds, grants and invites; the terminal client joins."""
    line = server.operator_invite("harbours", "pia")
    pia = Member.found(line)
    checked(pia.sync().welcome.statement_digest == pia.replica.roster.digest, "the workspace is hosted")
    again = Identity.new()
    founding = statements.found(again, "pia", "harbours", stamps.now())
    failure = greeting_failure(
        server.address, Replica(founding.hash), again, [founding], invites.decode(line).token)
    checked(failure[0] == "invite", f"a token is good for one workspace: {failure}")
    invite = pia.invite("ola", statements.ANALYST)
    record = os.urandom(16)
    pia.write(write(JUDGMENT, record, TITLE, "Founded in Python"))
    pia.sync()
    ola = Terminal(tmp_path / "ola")
    ola("join", invite)
    ola("sync")
    checked([r["fields"]["title"] for r in ola.export().values()] == ["Founded in Python"], "it shows Python's judgment")
    made = ola.new_judgment("Made by ola")
    ola("sync")
    pia.sync()
    checked(pia.title(raw_id(made)) == "Made by ola", "and Python shows what the terminal client made")
    checked(pia.replica.roster.roles() == {"pia": "admin", "ola": "analyst"}, "the rosters agree")


def test_the_order_behind_the_welcome(server, ben, checked):
    """The server waits for nothing: statements, its frontier, or caughtUp, right behind the welcome."""
    empty = Replica(ben.replica.workspace)
    connection = greeted(server.address, empty, ben.identity)
    got = [type(until(connection, object)).__name__ for _ in range(3)]
    checked(got == ["Welcome", "Statements", "Frontier"], f"all digests differ: {got}")
    connection.send(messages.encode(messages.Goodbye(0)))
    checked(conversation(connection) == [], "a goodbye is answered by the end of the stream")
    ben.sync()
    connection = greeted(server.address, ben.replica, ben.identity)
    got = [type(until(connection, object)).__name__ for _ in range(2)]
    checked(got == ["Welcome", "CaughtUp"], f"nothing differs: {got}")
    connection.send(messages.encode(messages.CaughtUp()))
    connection.send(messages.encode(messages.Failed(0, "leaving by failure")))
    rest = conversation(connection)
    checked(rest == [], f"so is a failure: {rest}")


def bad_statement(case, member):
    """A statement that does not hold, or whose tag nobody knows yet."""
    roster, identity = member.replica.roster, member.identity
    bases = [roster.voice(identity.signing)]
    if isinstance(case, int):
        return statements.make(case, bases, identity.signing_secret, b"from a later version").data
    if case == "void":  # An analyst cannot grant.
        return statements.grant(identity, bases, os.urandom(32), statements.ADMIN, "friend", stamps.now()).data
    right = statements.enrol(Identity.new(), bases, identity.signing_secret, roster.handle(identity.device), stamps.now())
    return {
        "wrong signature": right.data[:-1] + bytes([right.data[-1] ^ 1]),
        "cut": right.data[:-1],
        "empty": b"",
        "format 2": b"\x02" + right.data[1:],
    }[case]


@pytest.mark.parametrize("case", ["void", "wrong signature", "cut", "empty", "format 2"])
def test_a_statement_that_does_not_hold_is_passed_over(ben, case, checked):
    session = ben.session().sync()
    session.send(messages.Statements((bad_statement(case, ben),)))
    ben.write(write(JUDGMENT, os.urandom(16), TITLE, "the session goes on"))
    session.push_and_wait()
    session.leave()
    again = ben.sync()
    checked(again.welcome.statement_digest == ben.replica.roster.digest, f"a {case} statement is passed over")


@pytest.mark.parametrize("case", ["a second frontier", "a frontier though the digests are equal", "a second caughtUp"])
def test_what_is_said_twice_is_passed_over(ben, case, checked):
    ben.sync()
    session = (Member(ben.address, Replica(ben.replica.workspace), ben.identity) if "second f" in case else ben).session()
    session.run(lambda s: s.caught_up and s.peer_caught_up)
    again = messages.CaughtUp() if "caughtUp" in case else messages.Frontier(ben.replica.frontier_entries)
    checked(sum(type(sent) is messages.Frontier for sent in session.sent) == ("second f" in case), case)
    for _ in range(2):
        session.send(again)
    received = len(session.received)
    session.send(messages.Presence(ben.identity.device, cbor.encode([1, None, None, None, None])))
    ben.write(write(JUDGMENT, os.urandom(16), TITLE, "the session goes on"))
    signed = ben.replica.chains[ben.identity.device]
    session.send(messages.Changesets(
        (signed.changes[-1].data,), ((ben.identity.device, signed.number, signed.signatures[signed.number]),)))
    session.run(lambda s: s.stored.get(ben.identity.device) == signed.number)
    answers = [type(message).__name__ for message in session.received[received:]]
    checked(answers == ["Stored"], f"nothing else is answered: {answers}")
    session.leave()


@pytest.mark.parametrize("tag", [8, 200])
def test_an_unknown_statement_is_kept_and_forwarded(olga, ben, tag, checked):
    eva = Member.join(olga("invite", "--for", f"eva-unknown-{tag}").strip())
    session, hers = ben.session().sync(), eva.session().sync()
    data = bad_statement(tag, eva)
    eva.replica.add_statements([data])
    hers.send(messages.Statements((data,)))
    session.run(lambda s: data in [statement.data for statement in ben.replica.roster.unknown])
    checked(ben.replica.roster.unknown, "forwarded")
    hers.leave()
    session.leave()
    checked(ben.sync().welcome.statement_digest == ben.replica.roster.digest, "and kept")
    olga("sync")
    olga("sync")


def test_a_greeting_whose_answer_was_lost(server, olga, judgment, checked):
    """The introduction was taken, but the newcomer never heard of it, and says the same again."""
    guest, introduction = Member.newcomer(olga("invite", "--for", "lost-answer").strip())
    until(greeted(server.address, guest.replica, guest.identity, introduction), messages.Welcome)
    guest.session(introduction).sync().leave()
    checked(guest.replica.roster.roles()["lost-answer"] == "analyst", "a member's invite")
    line = server.operator_invite("lost", "pia")
    identity, token = Identity.new(), invites.decode(line).token
    founding = statements.found(identity, "pia", "lost", stamps.now())
    replica = Replica(founding.hash, [founding.data])
    until(greeted(server.address, replica, identity, [founding], token), messages.Welcome)
    pia = Member(server.address, replica, identity)
    pia.session([founding], token).sync().leave()
    checked(replica.roster.roles() == {"pia": "admin"}, "an operator's invite")


# The channel.

def test_a_device_is_who_holds_its_channel_key(server, olga, ben, checked):
    eva = Member.join(olga("invite", "--for", "eva-key").strip())
    unknown = greeting_failure(server.address, Replica(os.urandom(32)), Identity.new())
    hello = messages.encode(hello_of(ben.replica, ben.identity))
    for what, holder in (("a colleague", eva.identity), ("a stranger", Identity.new())):
        failure = last_failure(greeted_bytes(server.address, hello, holder))
        checked(failure == unknown, f"{what} who names ben's device: {failure}")
    guest, introduction = Member.newcomer(olga("invite", "--for", "guest-key").strip())
    hello = messages.encode(hello_of(guest.replica, guest.identity, introduction))
    failure = last_failure(greeted_bytes(server.address, hello, eva.identity))
    checked(failure == unknown, f"a colleague who brings a newcomer's introduction: {failure}")
    until(greeted(server.address, ben.replica, ben.identity), messages.Welcome)


def bare(address, data, seconds=8):
    """What comes back to bytes without a channel, until the server closes."""
    with socket.create_connection((address.host, address.port), seconds) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


def test_what_is_no_handshake_is_refused(server, ben, witness, checked):
    refusal, hello = channel.framed(channel.REFUSAL), messages.encode(witness.hello)
    other = channel.Client(x25519_public(os.urandom(32)), ben.identity.channel_secret)
    right = bytes(channel.Client(server.address.key, ben.identity.channel_secret).outgoing)
    cases = [
        ("a web browser", b"GET / HTTP/1.1\r\n\r\n"), ("a hello in plain text", hello), ("zeros", bytes(2)),
        ("a first message for another server", bytes(other.outgoing)),
        ("one bit changed", right[:-1] + bytes([right[-1] ^ 1])), ("a refusal", refusal),
        ("a key of low order", b"\x00\x30" + bytes(48)),
    ]
    for what, data in cases:
        answer = bare(server.address, data)
        checked(answer in (refusal, b""), f"{what}: {answer.hex()}")
    begun = time.monotonic()
    checked(bare(server.address, right[:30]) == b"" and time.monotonic() - begun > 4, "half a message: closed after 5 s")
    checked(not witness.connection.closed, "the honest session is open")


def test_no_conversation_can_be_said_again(server, ben, checked):
    said = bytearray()
    client = channel.Client(server.address.key, ben.identity.channel_secret)
    with socket.create_connection((server.address.host, server.address.port), 5) as connection:
        client.send(messages.encode(hello_of(ben.replica, ben.identity)))
        plain = b""
        while len(plain) < 5:
            connection.sendall(client.outgoing)
            said += client.outgoing
            client.outgoing.clear()
            plain += client.receive(connection.recv(65536))
    checked(plain[4] == 2, "welcomed, the first time")
    answer = bare(server.address, bytes(said))
    checked(len(answer) <= 50, f"the second time only the handshake is answered: {len(answer)} bytes")


# Bad bytes. Each ends its own connection only.

@pytest.fixture
def witness(ben):
    """An honest session that goes on while others misbehave, and writes at the end."""
    session = ben.session().sync()
    yield session
    ben.write(write(JUDGMENT, os.urandom(16), TITLE, "still here"))
    session.push_and_wait()
    session.leave()


def test_bad_bytes_before_the_welcome(server, witness, checked):
    hello = messages.encode(witness.hello)
    cases = [
        ("a web browser", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "limit"),
        ("length 0", bytes(4), "malformed"),
        ("an oversized frame", (4097).to_bytes(4, "big"), "limit"),
        ("a huge frame", b"\xff" * 64, "limit"),
        ("a hello of junk", frame(1, b"\x01\x01\x00" + bytes(range(200))), "malformed"),
        ("a hello with bytes behind it", frame(1, hello[5:] + b"\x00"), "malformed"),
        ("an unknown kind", frame(77), "malformed"),
        ("a kind that may be passed over, but not here", frame(200), "malformed"),
        ("a caughtUp at once", frame(8), "malformed"),
        ("no version in common", frame(1, b"\x02\x03" + hello[7:]), "version"),
    ]
    for what, data, name in cases:
        connection = Connection(server.address)
        connection.send(data)
        failure = last_failure(connection)
        checked(failure[0] == name, f"{what}: {name} is meant, {failure} came")
    checked(not witness.connection.closed, "the honest session is open")


def opened(server, member):
    """A connection on which the greeting is over."""
    session = member.session().sync()
    return session.connection


def test_bad_bytes_after_the_welcome(server, ben, witness, checked):
    cases = [
        ("an oversized frame", (1024 * 1024 + 1).to_bytes(4, "big"), "limit"),
        ("length 0", bytes(4), "malformed"),
        ("an unknown kind", frame(77, b"x"), "malformed"),
        ("a second hello", messages.encode(witness.hello), "malformed"),
        ("a welcome to the server", messages.encode(witness.welcome), "malformed"),
        ("stored to the server", messages.encode(messages.Stored(())), "malformed"),
        ("a second caughtUp's payload", frame(8, b"x"), "malformed"),
        ("changesets of junk", frame(5, os.urandom(300)), "malformed"),
    ]
    for what, data, name in cases:
        connection = opened(server, ben)
        connection.send(frame(200, b"a kind that is passed over"))
        connection.send(data)
        failure = last_failure(connection)
        checked(failure[0] == name, f"{what}: {name} is meant, {failure} came")
    checked(not witness.connection.closed, "the honest session is open")


def mutated(data, chance):
    """The same bytes but for a few: exchanged, left out, put in twice, or cut off."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data))
        data = chance.choice((
            data[:at] + bytes([chance.randrange(256)]) + data[at + 1:], data[:at] + data[at + 1:],
            data[:at] + data[at:at + 9] + data[at:], data[:at + 1]))
    return data


ENDS = {"nothing", "malformed", "limit", "version", "forbidden", "invite"}


def last_name(received):
    """The name of the failure at the end, if there is one."""
    return received[-1].name if received and isinstance(received[-1], messages.Failed) else "nothing"


def test_mutated_frames(server, olga, ben, witness, checked):
    """Two hundred slightly wrong conversations, from a fixed seed; the server survives each."""
    chance, ends = random.Random(1), Counter()
    eva = Member.join(olga("invite", "--for", "eva-mutated").strip())
    data = eva.replica.compose(eva.identity, [write(JUDGMENT, os.urandom(16), TITLE, "mutated")])
    frontier = messages.Frontier(eva.replica.frontier_entries)
    behind = b"".join(map(messages.encode, (
        messages.Statements(tuple(statements_of(eva))), frontier,
        messages.Changesets((data,), (eva.replica.sign(eva.identity, data),)), messages.CaughtUp(),
        messages.Presence(eva.identity.device, b"\xf6"), messages.Ping(0))))
    for number in range(200):
        hello = messages.encode(hello_of(eva.replica, eva.identity))
        first, rest = (mutated(hello, chance), b"") if number % 2 else (hello, mutated(behind, chance))
        connection = greeted_bytes(server.address, first, eva.identity)
        if rest:
            until(connection, messages.Welcome)
            connection.send(rest)
        connection.finish()
        ends[last_name(conversation(connection))] += 1
        connection.close()
    witness.run(lambda s: True)
    checked(sum(ends.values()) == 200 and not set(ends) - ENDS, f"each ends in good order: {dict(ends)}")
    checked(not witness.connection.closed, "the honest session is open")
    checked(ben.session().sync(), "and a new one is welcome")


def test_too_many_connections_before_the_welcome(server, witness, checked):
    """The protocol's default is 64; from loopback, which is exempt, more than the 16 of one address may wait."""
    waiting, busy = [Connection(server.address) for _ in range(20)], []
    while len(waiting) < 200 and not busy:
        waiting.append(Connection(server.address))
        busy = [failure for connection in waiting if (failure := failure_of(connection))]
    checked(set(busy) == {"busy"}, f"after {len(waiting)} connections: {busy}")
    checked(len(waiting) > 20, "but not too early")
    checked(not witness.connection.closed, "who was let in does not count")
    for connection in waiting:
        connection.close()


def failure_of(connection):
    """The name of the failure that has come, if one has."""
    connection.pump(0)
    got = connection.frame()
    return got and messages.decode(*got).name


def test_half_a_frame_and_silence(server, ben, witness, checked):
    hello = messages.encode(witness.hello)
    early, silent, late = Connection(server.address), Connection(server.address), opened(server, ben)
    early.send(hello[:40])
    late.send((1000).to_bytes(4, "big") + b"\x05half")
    begun = time.monotonic()
    for what, connection in (("half a hello", early), ("no hello at all", silent), ("half a frame", late)):
        failure = last_failure(connection, 20)
        checked(failure[0] == "timeout", f"{what}: {failure}")
    checked(4 < time.monotonic() - begun < 20, "after five seconds or so")
    hangup = Connection(server.address)
    hangup.send(hello[:40])
    hangup.close()
    checked(not witness.connection.closed, "the honest session is open")


# The end.

def test_the_server_says_goodbye_and_keeps_everything(tmp_path, checked):
    server = Server(tmp_path)
    try:
        pia = Member.found(server.operator_invite("harbours", "pia"))
        pia.write(write(JUDGMENT, os.urandom(16), TITLE, "kept"))
        session = pia.session().sync()
    finally:
        status = server.stop()
    checked(status == 0, f"SIGTERM ends the server with 0, not {status}")
    with pytest.raises(Ended) as ended:
        session.run(lambda s: False)
    checked(ended.value.name == "goodbye", f"open sessions are told: {ended.value}")
    server = Server(tmp_path)
    try:
        pia.address = server.address
        again = pia.sync()
    finally:
        status = server.stop()
    checked(status == 0, f"SIGTERM ends the server with 0 again, not {status}")
    checked(again.names(again.received) == ["Welcome", "CaughtUp"], "after the restart the server holds all of it")
