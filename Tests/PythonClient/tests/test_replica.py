"""The tiny replica by itself: what it takes, what it refuses, and that two of them agree."""

import pytest

from parley_client import body, cbor, invites, packing, sealing, statements
from parley_client.header import read_changeset
from parley_client.identity import Identity
from parley_client.labels import H, K, public_key
from parley_client.replica import Fault, Replica

RECORD = bytes(range(16))
OLGA, BEN = Identity(bytes(32)), Identity(bytes([1] * 32))
INVITE_SECRET = K("invite-key", bytes([2] * 32))


def membership():
    found = statements.found(OLGA, "olga", "baltic-ports", 1_764_000_000_000, bytes(16))
    grant = statements.grant(
        OLGA, [found.hash], public_key(INVITE_SECRET), statements.ANALYST, "ben", 1_764_100_000_000)
    enrol = statements.enrol(BEN, [grant.hash], INVITE_SECRET, "ben", 1_764_000_060_000)
    return found.hash, [found.data, grant.data, enrol.data]


@pytest.fixture
def pair():
    workspace, members = membership()
    return Replica(workspace, members), Replica(workspace, members)


def write(tag, value, key=None, kind=3):
    return body.Write(kind, RECORD, tag, key, cbor.encode(value))


def hand_over(source, target):
    """Everything that the target lacks, signatures included."""
    lacking = [c for c in source.log if target.frontier.get(c.header.device, 0) < c.header.number]
    signatures = [(d, n, s) for d, chain in source.chains.items() for n, s in chain.signatures.items()]
    target.receive([change.data for change in lacking], signatures)


def test_concurrent_edits_agree_and_one_is_set_aside(pair):
    one, two = pair
    one.write(OLGA, [write(1, "first")])
    hand_over(one, two)
    one.write(OLGA, [write(1, "by olga")])
    two.write(BEN, [write(1, "by ben")])
    hand_over(one, two)
    hand_over(two, one)
    title = (3, RECORD, 1, None)
    assert one.registers.heads(title) == two.registers.heads(title)
    assert len(one.registers.aside(title)) == 1
    assert one.frontier_digest == two.frontier_digest
    two.write(BEN, [write(1, "both")], act=body.RESOLVE)
    hand_over(two, one)
    assert [head.value for head in one.registers.heads(title)] == [cbor.encode("both")]


def test_a_later_changeset_lists_only_what_is_ahead(pair):
    one, two = pair
    one.write(OLGA, [write(1, "a")])
    hand_over(one, two)
    first, second = two.write(BEN, [write(2, "b")]), two.write(BEN, [write(2, "c")])
    assert first.header.context == {OLGA.device: 1} and second.header.context == {}
    assert second.context == {OLGA.device: 1, BEN.device: 1}
    assert first.header.statement == two.roster.newest and second.header.statement is None


def test_a_write_to_another_voice_is_void(pair):
    one, _ = pair
    stance = lambda key: write(22, ["agree"], key)
    one.write(OLGA, [stance(b"ben"), stance(b"olga"), stance(b"~ken"), write(1, "stands")])
    assert {key for _, _, _, key in one.registers} == {None, b"olga", b"~ken"}
    assert len(one.void) == 1


def test_what_a_reader_wrote_is_void_and_counted():
    found = statements.found(OLGA, "olga", "baltic-ports", 1_764_000_000_000, bytes(16))
    key = public_key(INVITE_SECRET)
    grant = statements.grant(OLGA, [found.hash], key, statements.READER, "ben", 1_764_100_000_000)
    enrol = statements.enrol(BEN, [grant.hash], INVITE_SECRET, "ben", 1_764_000_060_000)
    replica = Replica(found.hash, [found.data, grant.data, enrol.data])
    replica.write(BEN, [write(1, "x")])
    assert replica.frontier == {BEN.device: 1} and len(replica.log) == 1
    assert not list(replica.registers) and len(replica.void) == 1


def test_a_body_that_does_not_decode_is_void_and_counted(pair):
    one, two = pair
    data = one.compose(OLGA, [write(1, "x")])
    head, _ = read_changeset(data)
    broken = head.encode()[:-1] + b"\x02\x00\xff"
    one.receive([broken], [one.sign(OLGA, broken)])
    assert one.frontier == {OLGA.device: 1} and not list(one.registers) and len(one.void) == 1
    hand_over(one, two)
    assert two.frontier == one.frontier


def faulty(replica, data, signature=None):
    with pytest.raises(Fault) as error:
        replica.receive([data], [signature or replica.sign(OLGA, data)])
    assert not replica.log
    return error.value.reason


def test_faults(pair):
    one, _ = pair
    writes = [write(1, "x")]
    good = one.compose(OLGA, writes)
    assert faulty(one, good[:-1]) == "malformed"
    assert faulty(one, one.compose(OLGA, writes, number=2)) == "gap"
    assert faulty(one, one.compose(OLGA, writes, context={BEN.device: 1})) == "context"
    assert faulty(one, good, (OLGA.device, 1, bytes(64))) == "signature"
    assert faulty(one, one.compose(OLGA, writes, device=bytes(16))) == "permission"
    one.receive([good], [one.sign(OLGA, good)])
    one.receive([good], [])
    with pytest.raises(Fault, match="fork"):
        one.receive([one.compose(OLGA, writes, number=1, context={}, time=5)], [])
    with pytest.raises(Fault, match="stamp"):
        one.receive([one.compose(OLGA, writes, time=5)], [])


def test_an_invite_of_our_own_making():
    workspace, members = membership()
    grant = statements.decode(members[1])
    invite = invites.Joining("127.0.0.1", 7433, bytes(32), workspace, bytes([2] * 32), grant)
    assert invites.decode(invite.encode()) == invite


def test_statements_that_do_not_hold_are_void_and_count_in_the_digest():
    workspace, members = membership()
    stranger = Identity(bytes([3] * 32))
    second = statements.enrol(stranger, [statements.decode(members[1]).hash], INVITE_SECRET, "ben", 1_764_000_060_001)
    replica = Replica(workspace, members)
    before = replica.roster.digest
    assert len(replica.add_statements([second.data, second.data, b"junk"])) == 1
    assert replica.roster.digest != before and len(replica.roster.void) == 1
    assert len(replica.roster.devices) == 2


def test_long_bodies_are_packed():
    long = body.Body(writes=(write(2, "word " * 300),)).encode()
    assert packing.pack(long)[0] == 1 and len(packing.pack(long)) < len(long)
    assert packing.unpack(packing.pack(long)) == long


# A sealed workspace.

EVE = Identity(bytes([3] * 32))


def sealed_membership():
    """The workspace, its statements, and an epoch whose key olga and ben have."""
    workspace, members = membership()
    enrol = statements.decode(members[2])
    key, roster = bytes([9] * 32), Replica(workspace, members).roster
    seals = tuple(sorted(sealing.seal(key, workspace, who.device, who.sealing) for who in (OLGA, BEN)))
    content = statements.Epoch(H("epoch-key", key), 1_764_000_070_000, (), seals)
    epoch = statements.sign(OLGA, [workspace, enrol.hash], content)
    assert roster.newest == enrol.hash
    return workspace, members, epoch


def test_members_read_what_is_sealed_and_others_wait():
    workspace, members, epoch = sealed_membership()
    one, two = (Replica(workspace, [*members, epoch.data], who) for who in (OLGA, BEN))
    relay, late = Replica(workspace, [*members, epoch.data]), Replica(workspace, members, BEN)
    first = one.write(OLGA, [write(1, "a secret title")])
    assert b"secret" not in first.data and first.header.epoch == sealing.epoch_number(epoch.hash)
    for other in (two, relay, late):
        hand_over(one, other)
    assert two.value(3, RECORD, 1) == "a secret title"
    for other in (relay, late):
        assert other.waiting == [(OLGA.device, 1)] and not list(other.registers)
    late.add_statements([epoch.data])
    assert late.value(3, RECORD, 1) == "a secret title" and not late.waiting


def test_a_plain_body_is_void_once_its_author_knew_of_an_epoch():
    workspace, members, epoch = sealed_membership()
    one = Replica(workspace, members, OLGA)
    one.write(OLGA, [write(1, "before")])
    one.add_statements([epoch.data])
    plain = one.compose(OLGA, [write(1, "after")], epoch=0)
    one.receive([plain], [one.sign(OLGA, plain)])
    assert one.void == [(OLGA.device, 2, "plain")]
    assert one.value(3, RECORD, 1) == "before"


def test_a_revocation_that_comes_late_takes_back_what_lies_beyond_its_cut():
    workspace, members = membership()
    one = Replica(workspace, members)
    for title in ("first", "second", "third"):
        one.write(BEN, [write(1, title)])
    base = statements.decode(members[2]).hash
    out = statements.sign(OLGA, sorted([workspace, base]), statements.Revoke("ben", 0, ((BEN.device, 2),)))
    before = one.roster
    one.add_statements([out.data])
    assert one.value(3, RECORD, 1) == "second" and one.void == [(BEN.device, 3, "cut")]
    assert before.roles() == {"olga": "admin", "ben": "analyst"} and one.roster.roles() == {"olga": "admin"}
    after = one.write(BEN, [write(1, "fourth")])
    assert after.named == out.hash and one.void[-1] == (BEN.device, 4, "role")
    assert len(one.log) == 4
    other = Replica(workspace, [*members, out.data])
    hand_over(one, other)
    assert other.void == one.void and other.value(3, RECORD, 1) == "second"


def test_a_device_whose_enrolment_fell_is_still_taken_and_counts_for_nothing():
    workspace, members = membership()
    base = statements.decode(members[2]).hash
    further = statements.enrol(EVE, [base], BEN.signing_secret, "ben", 1_764_000_080_000)
    out = statements.sign(OLGA, sorted([workspace, base]), statements.Revoke("ben", 0))
    one, two = Replica(workspace, [*members, further.data]), Replica(workspace, [*members, further.data, out.data])
    one.write(EVE, [write(1, "x")])
    assert one.value(3, RECORD, 1) == "x"
    hand_over(one, two)
    assert two.frontier == one.frontier and two.void == [(EVE.device, 1, "role")]
    one.add_statements([out.data])
    assert one.void == two.void and not list(one.registers)
    assert one.roster.void == {further.hash: "revoked"}
