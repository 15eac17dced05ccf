"""Checks every golden vector of Protocol.md. A vector that no checker knows fails, and so does a line nobody read."""

import re
from itertools import permutations

import diagnostic
import pytest
import vectors

from parley_client import (
    body, cbor, chains, channel, coding, crockford, derived, frames, header, invites, merge, messages, packing, schema, sealing,
    stamps, statements,
)
from parley_client.identity import Identity, x25519_public
from parley_client.labels import H, K, public_key
from parley_client.roster import Roster

VECTORS = vectors.load()
BY_NAME = {vector.name: vector for vector in VECTORS}
CHECKERS = []


def checks(pattern):
    """Registers a checker for the vectors whose name matches."""
    def register(function):
        CHECKERS.append((re.compile(pattern), function))
        return function
    return register


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_vector(vector, pytestconfig):
    found = [function for pattern, function in CHECKERS if pattern.fullmatch(vector.name)]
    assert len(found) == 1, f"{len(found)} checkers for {vector.name}"
    found[0](vector)
    assert not vector.unread, f"lines that were not checked: {vector.unread}"
    pytestconfig.promises["python-vectors"] += 1


def test_names_are_unique():
    assert len(BY_NAME) == len(VECTORS) > 0


# Malformed bytes.

DECODERS = {
    "base-32": lambda data: crockford.decode(data.decode()),
    "value": cbor.decode,
    "varint": lambda data: coding.whole(data, coding.Reader.varint),
    "changeset": header.read_changeset,
    "body": body.decode,
    "packed": packing.unpack,
    "statement": statements.decode,
    "invite": invites.decode,
    "message": lambda data: messages.decode(*frames.take(bytearray(data))),
}


@checks("(?!sealed-)[a-z]+-bad-.*")
def check_malformed(vector):
    if vector.name.startswith("frame-"):
        return check_bad_frame(vector)
    data = vector.text("text") if "text" in vector else vector.bytes("bytes")
    word, reason = vector.text("expect").split()
    assert word == "malformed" and reason in REASONS
    with pytest.raises(coding.Malformed) as error:
        DECODERS[vector.text("of")](data)
    assert error.value.reason in REASONS  # Only the refusal is binding; which reason is this client's own affair.


REASONS = {"truncated", "trailing", "not-minimal", "not-utf8", "too-deep", "too-long", "out-of-order", "not-allowed"}


def check_bad_frame(vector):
    word, name = vector.text("expect").split()
    assert word == "failure"
    with pytest.raises(frames.Failure) as error:
        frames.take(bytearray(vector.bytes("bytes")), vector.number("limit"))
    assert error.value.name == name


# Part 1.

@checks("crockford-(?!bad-).*")
def check_crockford(vector):
    data, text = vector.bytes("bytes"), vector.text("text")
    assert crockford.encode(data) == text
    assert crockford.decode(text) == data
    assert crockford.decode(text.lower().replace("0", "o").replace("1", "L")) == data


@checks("time-.*")
def check_time(vector):
    seen, following = int(vector.text("seen"), 16), int(vector.text("next"), 16)
    assert stamps.next_time(seen, vector.number("wall")) == following


@checks("merge-.*")
def check_merge(vector):
    writes = [parse_write(line) for line in vector.all("write")]
    heads, aside = vector.text("heads").split(), vector.text("aside").replace("-", "").split()
    orders = [order for order in permutations(writes) if fits(order)]
    assert orders
    for order in orders:
        registers = merge.Registers()
        for device, number, milliseconds, context, value in order:
            head = merge.Head(stamps.join(milliseconds), device, number, cbor.encode(value))
            registers.write("register", head, whole_context(writes, device, number))
        assert list(map(name_of, registers.heads("register"))) == heads
        assert list(map(name_of, registers.aside("register"))) == aside


def parse_write(line):
    letter, number, milliseconds, context, value = line.split(maxsplit=4)
    entries = dict(entry.split(":") for entry in context.split(",")) if context != "-" else {}
    listed = {device_of(letter): int(number) for letter, number in entries.items()}
    return device_of(letter), int(number), int(milliseconds), listed, value


def device_of(letter):
    return bytes([int(letter, 16)] * 16)


def name_of(head):
    return f"{head.device[0]:x}:{head.number}"


def whole_context(writes, device, number):
    context = {device: number - 1}
    for other, other_number, _, listed, _ in writes:
        if other == device and other_number <= number:
            merge.raise_to(context, listed)
    return context


def fits(order):
    """Whether D1 allows this order of arrival."""
    held = {}
    for device, number, _, listed, _ in order:
        if held.get(device, 0) != number - 1 or any(held.get(other, 0) < n for other, n in listed.items()):
            return False
        held[device] = number
    return True


@checks("value-(?!bad-).*")
def check_value(vector):
    data = vector.bytes("bytes")
    decoded, described = cbor.decode(data), diagnostic.parse(vector.text("diagnostic"))
    assert cbor.encode(decoded) == data
    assert cbor.encode(described) == data
    assert repr(decoded) == repr(described)


@checks("key-.*")
def check_key(vector):
    given, canonical = vector.bytes("given").decode(), vector.bytes("canonical").decode()
    assert derived.canonical(given) == canonical
    assert derived.canonical(canonical) == canonical


@checks("id-.*")
def check_id(vector):
    if "from" in vector:
        made = derived.link(vector.bytes("from"), vector.text("relation"), vector.bytes("to"))
    else:
        made = derived.imported(vector.number("kind"), vector.bytes("key").decode())
    assert made == vector.bytes("id")


# Part 2.

@checks("varint-(?!bad-).*")
def check_varint(vector):
    number, data = vector.number("number"), vector.bytes("bytes")
    assert coding.varint(number) == data
    assert coding.whole(data, coding.Reader.varint) == number


def described_header(vector, size):
    context = dict((bytes.fromhex(device), int(number)) for device, number in map(str.split, vector.all("context")))
    time = stamps.join(vector.number("milliseconds"), vector.number("counter"))
    statement = vector.bytes("statement") if "statement" in vector else None
    return header.Header(
        vector.bytes("device"), vector.number("number"), time, vector.number("epoch"), context, statement, size)


@checks("header-(?!bad-).*")
def check_header(vector):
    data, described = vector.bytes("bytes"), described_header(vector, vector.number("size"))
    vector.all("context"), vector.all("statement")
    assert described.encode() == data
    assert coding.whole(data, header.read_header) == described
    decoded, packed = header.read_changeset(data + bytes(described.size))
    assert decoded == described and len(packed) == described.size


def described_write(line):
    kind, record, field, key, value = line.split()
    key = None if key == "-" else bytes.fromhex(key)
    return body.Write(int(kind), bytes.fromhex(record), int(field), key, bytes.fromhex(value))


@checks("body-(?!bad-).*")
def check_body(vector):
    data = vector.bytes("bytes")
    attributes = {int(tag): bytes.fromhex(value) for tag, value in map(str.split, vector.all("attribute"))}
    writes, said = (tuple(map(described_write, vector.all(key))) for key in ("write", "said"))
    described = body.Body(vector.number("act"), attributes, writes, said)
    assert described.encode() == data
    decoded = body.decode(data)
    assert (decoded.act, decoded.attributes) == (described.act, attributes)
    assert decoded.writes == tuple(sorted(writes, key=lambda write: write.order))
    assert decoded.said == tuple(sorted(said, key=lambda write: write.order))
    assert decoded.encode() == data


@checks("changeset-.*")
def check_changeset(vector):
    data, unpacked, method = vector.bytes("bytes"), vector.bytes("unpacked"), vector.number("packing")
    decoded, packed = header.read_changeset(data)
    assert packed[0] == method
    assert packing.unpack(packed) == unpacked
    assert header.changeset(described_header(vector, 0), packed) == data
    assert body.decode(unpacked).encode() == unpacked
    own = packing.pack(unpacked)
    assert packing.unpack(own) == unpacked
    assert own[0] == (1 if len(unpacked) > 512 else 0)


@checks("packing-(?!bad-).*")
def check_packing(vector):
    assert packing.unpack(vector.bytes("bytes")) == vector.bytes("unpacked")


@checks("identity-(?!file).*")
def check_identity(vector):
    identity = Identity(vector.bytes("seed"))
    for name in ("channel-secret", "channel", "sealing-secret", "sealing", "signing", "device"):
        assert getattr(identity, name.replace("-", "_")) == vector.bytes(name), name
    assert crockford.encode(identity.device) == vector.text("device-text")


@checks("identity-file")
def check_identity_file(vector):
    identity = Identity(vector.bytes("seed"))
    assert identity.file() == vector.text("first") + "\n" + vector.text("second") + "\n"


def identity_of(name):
    """The identity that another vector gives."""
    return Identity(bytes.fromhex(dict(BY_NAME[name].lines)["seed"]))


def value_of(name, key):
    return bytes.fromhex(dict(BY_NAME[name].lines)[key])


def workspace():
    return value_of("found", "workspace")


@checks("chain")
def check_chain(vector):
    identity = identity_of(vector.text("device"))
    hashes = [chains.start(workspace(), identity.device)]
    for name in ("first", "second"):
        hashes.append(chains.follow(hashes[-1], vector.bytes(name)))
    assert hashes == [vector.bytes("h0"), vector.bytes("h1"), vector.bytes("h2")]
    number, signature = vector.number("number"), vector.bytes("signature")
    assert chains.sign(identity, workspace(), number, hashes[number]) == signature
    held = (workspace(), identity.device, number, hashes[number])
    assert chains.signature_holds(identity.signing, signature, *held)
    assert not chains.signature_holds(identity.signing, signature, *held[:2], number + 1, hashes[number])


@checks("address")
def check_address(vector):
    device, number = vector.bytes("device"), vector.number("number")
    assert chains.address_hash(device, number) == vector.bytes("hash")
    assert chains.address_hash(device, number)[:8] == vector.bytes("index")
    assert chains.address(device, number) == vector.text("long")
    assert chains.address(device, number, 4) == vector.text("short")
    assert crockford.decode(vector.text("long")[1:]) == vector.bytes("hash")


def check_statement(statement, vector):
    data = vector.bytes("statement")
    assert statement.data == data
    assert statements.decode(data) == statement
    for at in range(len(data)):
        with pytest.raises(coding.Malformed):
            statements.decode(data[:at])
        with pytest.raises(coding.Malformed):
            statements.decode(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
    with pytest.raises(coding.Malformed):
        statements.decode(data + b"\x00")


@checks("found")
def check_found(vector):
    identity = identity_of(vector.text("by"))
    statement = statements.found(
        identity, vector.text("handle"), vector.text("name"), vector.number("time"), vector.bytes("salt"))
    check_statement(statement, vector)
    assert statement.hash == vector.bytes("workspace")


@checks("grant")
def check_grant(vector):
    identity, invite_key = identity_of(vector.text("by")), vector.bytes("invite-key")
    assert public_key(K("invite-key", vector.bytes("invite-seed"))) == invite_key
    role = next(number for number, name in statements.ROLES.items() if name == vector.text("role"))
    statement = statements.grant(
        identity, [workspace()], invite_key, role, vector.text("handle"), vector.number("until"))
    check_statement(statement, vector)
    assert statement.hash == vector.bytes("hash")


@checks("enrol")
def check_enrol(vector):
    identity = identity_of(vector.text("device"))
    secret, base = K("invite-key", value_of("grant", "invite-seed")), value_of("grant", "hash")
    statement = statements.enrol(identity, [base], secret, "ben", vector.number("time"))
    check_statement(statement, vector)
    assert statement.hash == vector.bytes("hash")


@checks("enrol-further")
def check_enrol_further(vector):
    identity, by = identity_of(vector.text("device")), identity_of(vector.text("by"))
    bases = [workspace(), value_of("enrol", "hash")]
    statement = statements.enrol(identity, bases, by.signing_secret, "olga", vector.number("time"))
    check_statement(statement, vector)
    assert statement.hash == vector.bytes("hash")


@checks("statement-(?!bad-).*")
def check_other_statement(vector):
    statement = statements.decode(vector.bytes("statement"))
    check_statement(statement, vector)
    assert statement.hash == vector.bytes("hash")


# Removals, keys and what is sealed.

def bases_of(vector):
    return [value_of(name, "workspace" if name == "found" else "hash") for name in vector.text("on").split()]


def cuts_of(vector):
    lines = map(str.split, vector.all("cut"))
    return tuple(sorted((identity_of(name).device, int(number)) for name, number in lines))


def check_signed(vector, content):
    statement = statements.sign(identity_of(vector.text("by")), bases_of(vector), content)
    check_statement(statement, vector)
    assert statement.content == content
    assert statement.hash == vector.bytes("hash")


@checks("role")
def check_role(vector):
    role = next(number for number, name in statements.ROLES.items() if name == vector.text("role"))
    check_signed(vector, statements.Role(vector.text("handle"), role, cuts_of(vector)))


@checks("revoke")
def check_revoke(vector):
    check_signed(vector, statements.Revoke(vector.text("handle"), vector.number("scope"), cuts_of(vector)))


@checks("seal")
def check_seal(vector):
    key, device = vector.bytes("key"), identity_of(vector.text("device"))
    assert vector.bytes("workspace") == workspace() and H("epoch-key", key) == vector.bytes("key-hash")
    sealed = (device.device, vector.bytes("encapsulated"), vector.bytes("sealed"))
    assert sealing.seal(key, workspace(), device.device, device.sealing, vector.bytes("ephemeral")) == sealed
    assert sealing.open_seal(device, workspace(), vector.bytes("key-hash"), *sealed[1:]) == key
    assert sealing.open_seal(identity_of("identity-eve"), workspace(), vector.bytes("key-hash"), *sealed[1:]) is None
    assert sealing.open_seal(device, bytes(32), vector.bytes("key-hash"), *sealed[1:]) is None
    with pytest.raises(ValueError):
        sealing.seal(key, workspace(), device.device, bytes(32))


def seals_of(vector):
    return tuple(tuple(map(bytes.fromhex, line.split())) for line in vector.all("seal"))


@checks("epoch(-next)?")
def check_epoch(vector):
    key, previous = vector.bytes("key"), tuple(tuple(map(bytes.fromhex, line.split())) for line in vector.all("previous"))
    assert H("epoch-key", key) == vector.bytes("key-hash")
    for earlier, wrapped in previous:
        earlier_key = vector.bytes("previous-key")
        assert sealing.wrap(earlier_key, earlier, key) == wrapped
        assert sealing.unwrap(wrapped, earlier, H("epoch-key", earlier_key), key) == earlier_key
        assert sealing.unwrap(wrapped, earlier, bytes(32), key) is None
    check_signed(vector, statements.Epoch(vector.bytes("key-hash"), vector.number("time"), previous, seals_of(vector)))
    assert sealing.epoch_number(vector.bytes("hash")) == vector.number("number")


@checks("share")
def check_share(vector):
    check_signed(vector, statements.Share(value_of(vector.text("epoch"), "hash"), seals_of(vector)))


def test_keys_come_from_seals_shares_and_later_keys():
    held = [statements.decode(value_of(name, "statement")) for name in ("found", "epoch", "share", "epoch-next")]
    both = {value_of(name, "hash"): value_of(name, "key") for name in ("epoch", "epoch-next")}
    for name, count in (("identity-founder", 2), ("identity-ben", 2), ("identity-dan", 1), ("identity-kim", 0)):
        keys = sealing.Keys()
        keys.gather(workspace(), held, identity_of(name))
        assert len(keys.known) == count and keys.known.items() <= both.items()
    newest = max(held, key=lambda statement: len(statement.data)).hash
    keys = sealing.Keys({newest: both[newest]})
    keys.gather(workspace(), held)
    assert keys.known == both


@checks("sealed-(body|5.*)")
def check_sealed(vector):
    key, device = vector.bytes("epoch-key"), identity_of(vector.text("device")).device
    data, head, packed = vector.bytes("sealed"), vector.bytes("header"), vector.bytes("packed")
    read, stored = header.read_changeset(data)
    assert data == head + stored and read.size == len(stored)
    if "nonce" in vector:
        assert read.size == sealing.sealed_size(len(packed))
        assert sealing.seal_body(key, device, head, packed, vector.bytes("nonce")) == stored
    assert sealing.open_body(key, device, head, stored) == packed
    for at in range(len(data)):
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        assert sealing.open_body(key, device, flipped[:len(head)], flipped[len(head):]) is None
    if vector.name == "sealed-body":
        assert read == header.Header(
            device, vector.number("number"), vector.number("time"), vector.number("epoch"), size=len(stored))
        assert K("body-key", key, device) == vector.bytes("body-key")
        plain = sealing.open_box(vector.bytes("body-key"), vector.bytes("nonce"), stored[12:], head)
        assert plain == vector.bytes("plain")


@checks("sealed-bad-.*")
def check_bad_sealed(vector):
    assert (vector.text("of"), vector.text("expect")) == ("sealed", "void")
    key, device = vector.bytes("epoch-key"), identity_of(vector.text("device")).device
    data = vector.bytes("sealed")
    _, stored = header.read_changeset(data)
    try:
        assert sealing.open_body(key, device, data[:-len(stored)], stored) is None
    except coding.Malformed:
        assert vector.name != "sealed-bad-other-header"


@checks("presence-sealed")
def check_presence(vector):
    device, data = identity_of(vector.text("device")).device, vector.bytes("bytes")
    key, number, payload = vector.bytes("epoch-key"), vector.number("epoch"), vector.bytes("payload")
    assert vector.bytes("workspace") == workspace()
    assert sealing.seal_presence(key, number, workspace(), device, payload, vector.bytes("nonce")) == data
    keys = sealing.Keys()
    keys.gather(workspace(), [statements.decode(value_of("epoch", "statement"))], identity_of("identity-ben"))
    assert keys.open_presence(workspace(), device, data) == payload
    assert keys.open_presence(workspace(), bytes(16), data) is None


@checks("law-.*")
def check_law_statement(vector):
    check_other_statement(vector)


def named(name):
    return None if name == "nothing" else value_of(name, "workspace" if name == "found" else "hash")


@checks("removals-.*")
def check_removals(vector):
    names = vector.text("statements").split()
    held = [statements.decode(value_of(name, "statement")) for name in names]
    known = {statement.hash: name for name, statement in zip(names, held)}
    for turn in range(len(held)):
        roster = Roster(workspace(), (held[turn:] + held[:turn])[::-1])
        assert roster.digest == vector.bytes("digest")
        assert roster.newest == vector.bytes("newest")
        assert [known[head] for head in reversed(roster.heads)] == vector.text("heads").split()
        assert {(known[hash], why) for hash, why in roster.void.items()} == set(map(tuple, map(str.split, vector.all("void"))))
        roles = dict(map(str.split, vector.all("role")))
        assert roster.roles() == {handle: role for handle, role in roles.items() if role != "out"}
        assert set(roster.judged.admissions) == set(roles)
        assert roster.out == {identity_of(name).device for name in vector.all("out")}
        for line in vector.all("sealed-to"):
            epoch, *devices = line.split()
            assert roster.sealed_to(named(epoch)) == {identity_of(name).device for name in devices}
        assert roster.epochs[-1:] == [named(name) for name in vector.all("newest-epoch")]
        for device, number, name, answer in map(str.split, vector.all("standing")):
            fault = roster.fault(identity_of(device).device, int(number), named(name))
            assert (fault or "counts") == answer
        for device, name, answer in map(str.split, vector.all("plain")):
            assert ("void" if roster.must_seal(identity_of(device).device, named(name)) else "stands") == answer


@checks("roster-mixed")
def check_mixed_roster(vector):
    names = vector.text("statements").split()
    held = [statements.decode(value_of(name, "statement")) for name in names]
    known = {statement.hash: name for name, statement in zip(names, held)}
    for turn in range(len(held)):
        for order in (held[turn:] + held[:turn], (held[turn:] + held[:turn])[::-1]):
            roster = Roster(workspace(), order)
            assert roster.digest == vector.bytes("digest")
            assert roster.newest == vector.bytes("newest")
            assert [known[head] for head in reversed(roster.heads)] == vector.text("heads").split()
            assert {known[each] for each in roster.void} == set(vector.text("void").split())
            assert [known[each.hash] for each in roster.unknown] == vector.text("unknown").split()
            assert {known[each] for each in roster.waiting} == set(vector.text("waiting").split())
            missing = {base for statement in held for base in statement.bases} - set(known)
            assert missing == {vector.bytes("missing")}
            assert roster.roles() == {"olga": vector.text("olga"), "ben": vector.text("ben")}
            assert len(roster.devices) == 3


@checks("roster")
def check_roster(vector):
    held = [statements.decode(value_of(name, "statement")) for name in vector.text("statements").split()]
    for order in permutations(held):
        roster = Roster(workspace(), order)
        assert roster.digest == vector.bytes("digest")
        assert roster.newest == vector.bytes("newest")
        assert roster.roles() == {"olga": vector.text("olga"), "ben": vector.text("ben")}
        assert not roster.void and not roster.waiting
        assert set(roster.devices) == {
            identity_of(name).device for name in ("identity-founder", "identity-ben", "identity-tablet")}


@checks("invite-typed")
def check_typed_invite(vector):
    like = dict(BY_NAME[vector.text("like")].lines)["text"]
    assert invites.decode(vector.text("text")) == invites.decode(like)


@checks("invite-(hosting|joining)")
def check_invite(vector):
    decoded = invites.decode(vector.text("text"))
    assert (decoded.host, decoded.port) == (vector.text("host"), vector.number("port"))
    assert decoded.server == vector.bytes("server")
    if vector.name == "invite-hosting":
        assert decoded.token == vector.bytes("token")
        assert (decoded.name, decoded.handle) == (vector.text("name"), vector.text("handle"))
    else:
        assert (decoded.workspace, decoded.seed) == (vector.bytes("workspace"), vector.bytes("seed"))
        assert decoded.grant.data == vector.bytes("grant") and decoded.epochs == ()
    assert decoded.encode() == vector.text("text")
    check_typing_errors(vector.text("text"), decoded)


def check_typing_errors(text, decoded):
    """How people type is read; a letter too few, too many or exchanged is not."""
    start = text.rindex("/") + 1
    address, word = text[:start], text[start:]
    typed = "-".join(word[at:at + 5] for at in range(0, len(word), 5)).lower().replace("0", "o").replace("1", "l")
    assert invites.decode(f"  PARLEY{address[6:]}{typed}\n") == decoded
    for at in range(len(word)):
        other = "3" if word[at] != "3" else "4"
        for wrong in (word[:at] + other + word[at + 1:], word[:at] + word[at + 1:], word[:at] + other + word[at:]):
            if wrong != word:
                with pytest.raises(coding.Malformed):
                    invites.decode(address + wrong)


# Part 3.

@checks("frame-(?!bad-).*")
def check_frame(vector):
    kind, payload, data = vector.number("kind"), vector.bytes("payload"), vector.bytes("bytes")
    assert frames.frame(kind, payload) == data
    for at in range(len(data)):
        assert frames.take(bytearray(data[:at])) is None
    buffer = bytearray(data + b"next")
    assert frames.take(buffer) == (kind, payload)
    assert buffer == b"next"


def changes(vector, key):
    """Lines of a device, a number and perhaps more bytes."""
    lines = map(str.split, vector.all(key))
    return tuple((bytes.fromhex(device), int(number), *map(bytes.fromhex, more)) for device, number, *more in lines)


def all_bytes(vector, key):
    return tuple(map(bytes.fromhex, vector.all(key)))


DESCRIBED = {
    "hello": lambda v: messages.Hello(
        v.number("lowest"), v.number("highest"), v.number("capabilities"), v.bytes("workspace"), v.bytes("device"),
        v.number("time"), v.bytes("frontier-digest"), v.bytes("statement-digest"), v.bytes("token"),
        all_bytes(v, "statement")),
    "welcome": lambda v: messages.Welcome(
        v.number("version"), v.number("capabilities"), v.number("time"), v.bytes("frontier-digest"),
        v.bytes("statement-digest")),
    "statements": lambda v: messages.Statements(all_bytes(v, "statement")),
    "frontier": lambda v: messages.Frontier(changes(v, "entry")),
    "changesets": lambda v: messages.Changesets(all_bytes(v, "changeset"), changes(v, "signature")),
    "stored": lambda v: messages.Stored(changes(v, "change")),
    "refused": lambda v: messages.Refused(*changes(v, "change")[0], v.number("reason"), v.text("text")),
    "declined": lambda v: messages.Declined(all_bytes(v, "statement"), v.number("reason"), v.text("text")),
    "succession": lambda v: messages.Succession(v.bytes("key")),
    "caughtUp": lambda v: messages.CaughtUp(),
    "ping": lambda v: messages.Ping(v.number("time")),
    "goodbye": lambda v: messages.Goodbye(v.number("seconds")),
    "failure": lambda v: messages.Failed(v.number("code"), v.text("text")),
    "presence": lambda v: messages.Presence(v.bytes("device"), v.bytes("payload")),
}


@checks("message-(?!bad-).*")
def check_message(vector):
    data, described = vector.bytes("bytes"), DESCRIBED[vector.text("message")](vector)
    buffer = bytearray(data)
    assert messages.decode(*frames.take(buffer)) == described
    assert not buffer
    if vector.text("expect", "ok") == "ok":
        assert messages.encode(described) == data


@checks("bundle-.*")
def check_bundle(vector):
    buffer = bytearray(vector.bytes("bytes"))
    kind, payload = frames.take(buffer)
    assert kind == 66 and not buffer
    assert bytes(payload) == (
        b"parley bundle" + bytes([1]) + vector.bytes("workspace") + vector.bytes("device")
        + vector.number("time").to_bytes(8, "big"))


@checks("digest-.*")
def check_digest(vector):
    assert chains.frontier_digest(changes(vector, "entry")) == vector.bytes("digest")


# The channel.

def handshakes(vector):
    client = channel.Handshake(vector.bytes("client-secret"), vector.bytes("server"), vector.bytes("client-ephemeral"))
    server = channel.Handshake(vector.bytes("server-secret"), None, vector.bytes("server-ephemeral"))
    return client, server


@checks("channel")
def check_channel(vector):
    client, server = handshakes(vector)
    for name, speaker, listener in (("first", client, server), ("second", server, client), ("third", client, server)):
        message = speaker.say()
        assert channel.framed(message) == vector.bytes(name)
        listener.take(message)
    assert client.hash == server.hash == vector.bytes("hash")
    assert server.peer == x25519_public(vector.bytes("client-secret"))
    for name, speaker, listener in (("client", client, server), ("server", server, client)):
        check_records(vector.all(f"from-{name}"), speaker.ciphers()[0], listener.ciphers()[1])


def check_records(lines, sending, receiving):
    shown = {int(number): bytes.fromhex(sealed) for number, sealed in map(str.split, lines)}
    for number in range(max(shown) + 1):
        plain = number.to_bytes(8, "big")
        sealed = sending.seal(plain)
        assert receiving.open(sealed) == plain
        assert shown.get(number, channel.framed(sealed)) == channel.framed(sealed)


@checks("channel-low-order")
def check_low_order(vector):
    for key in map(bytes.fromhex, vector.all("key")):
        with pytest.raises(channel.Refused):
            channel.agree(bytes(range(32)), key)
    client, server = handshakes(BY_NAME["channel"])
    server.take(client.say())
    server.say()
    with pytest.raises(channel.Refused, match="low order"):
        server.take(vector.bytes("third")[2:])


@checks("fingerprint")
def check_fingerprint(vector):
    letters = crockford.encode(H("fingerprint", vector.bytes("channel")))[:20]
    assert "-".join(letters[at:at + 4] for at in range(0, 20, 4)) == vector.text("text")


# What has no vectors, but tables.

def test_schema_is_the_table():
    text = vectors.PROTOCOL.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z ]+) \| (\d+) \| (\w+) \| .+ \| (shared|once|each|set|columns) \|$", text, re.MULTILINE)
    table = {}
    for kind, tag, name, merge_class in rows:
        shown = merge_class if merge_class in ("each", "set", "columns") else "plain"
        table.setdefault(kind, {})[int(tag)] = (name, shown)
    assert table == schema.TABLE
    kinds = re.findall(r"^\| (\d+) \| (\w+) \| ([A-Z]) \|$", text, re.MULTILINE)
    assert {int(tag): (name, letter) for tag, name, letter in kinds} == schema.KINDS


@pytest.mark.parametrize("heading, names", [("failure", messages.FAILURES), ("refused", messages.REFUSALS)])
def test_codes_are_the_table(heading, names):
    text = vectors.PROTOCOL.read_text(encoding="utf-8")
    table = re.search(rf"^`{heading}`:\n\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL).group(1)
    rows = [(int(code), name) for code, name in re.findall(r"^\| (\d+) \| (\w+) \|", table, re.MULTILINE)]
    assert rows == [(code, name) for code, name in enumerate(names) if code == 0 or name != "unknown"]
