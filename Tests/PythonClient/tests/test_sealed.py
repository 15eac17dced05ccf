"""Members in Python, and the real server between them, in a workspace that is sealed."""

import os
import sqlite3

import pytest
import world
from world import JUDGMENT, TITLE, Member, Server, write

from parley_client import cbor, messages, sealing, statements
from parley_client.session import Ended

if not world.EXECUTABLE:
    pytest.skip("PARLEY_EXECUTABLE is not set: it names the parley binary to test against", allow_module_level=True)

RECORD = bytes(range(16))


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def olga(server):
    return Member.found(server.operator_invite("baltic-ports", "olga"))


def stored(folder):
    """Every byte that the server keeps of changesets and statements, from its databases."""
    found = b""
    for path in folder.rglob("*.sqlite"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                for row in database.execute(f'SELECT * FROM "{table}"'):
                    found += b"".join(value for value in row if isinstance(value, bytes))
    return found


def pushed(member, title):
    """Writes a title and sends it; what the server refused of it."""
    session = member.session().sync()
    member.write(write(JUDGMENT, RECORD, TITLE, title))
    session.push()
    number = member.replica.frontier[member.identity.device]
    session.run(lambda s: s.refused or s.stored.get(member.identity.device) == number)
    session.leave()
    return session.refused


def test_the_server_stores_what_it_cannot_read(server, olga, tmp_path, pytestconfig):
    ben = Member.join(olga.invite("ben", statements.ANALYST))
    olga.sync()
    epoch = olga.begin_epoch()
    assert not pushed(olga, "Port closure at Riga")
    ben.sync()
    assert ben.title(RECORD) == "Port closure at Riga"
    assert not pushed(ben, "Closed since noon")
    olga.sync()
    assert olga.title(RECORD) == "Closed since noon" and not olga.replica.void and not olga.replica.waiting
    assert all(change.header.epoch == sealing.epoch_number(epoch.hash) for change in olga.replica.log)
    kept = stored(tmp_path)
    assert b"Riga" not in kept and b"noon" not in kept
    assert olga.replica.log[0].data in kept and epoch.data in kept
    pytestconfig.promises["python-sealed"] += 5


def test_a_newcomer_reads_everything_once_somebody_hands_on_the_keys(olga, pytestconfig):
    olga.begin_epoch()
    assert not pushed(olga, "under the first key")
    with_key = Member.join(olga.invite("ben", statements.ANALYST))
    assert with_key.title(RECORD) == "under the first key"
    olga.sync()
    olga.begin_epoch()
    assert not pushed(olga, "under the second key")
    with_key.sync()
    assert with_key.title(RECORD) == "under the second key" and len(with_key.replica.keys.known) == 2
    pytestconfig.promises["python-sealed"] += 2


def test_presence_is_sealed(olga, pytestconfig):
    ben = Member.join(olga.invite("ben", statements.ANALYST))
    olga.sync()
    epoch = olga.begin_epoch()
    olga.sync()
    his, hers = ben.session().sync(), olga.session().sync()
    key, payload = olga.replica.keys.known[epoch.hash], cbor.encode([2, 3, RECORD, None, None])
    device, workspace = olga.identity.device, olga.replica.workspace
    hers.send(messages.Presence(
        device, sealing.seal_presence(key, sealing.epoch_number(epoch.hash), workspace, device, payload)))
    his.run(lambda s: any(isinstance(m, messages.Presence) for m in s.received))
    (heard,) = (m for m in his.received if isinstance(m, messages.Presence))
    assert payload not in heard.content
    assert ben.replica.keys.open_presence(workspace, heard.device, heard.content) == payload
    his.leave()
    hers.leave()
    pytestconfig.promises["python-sealed"] += 1


def test_whoever_is_put_out_brings_in_nothing_and_reads_nothing_new(olga, pytestconfig):
    ben, eva = (Member.join(olga.invite(handle, statements.ADMIN)) for handle in ("ben", "eva"))
    olga.sync()
    olga.begin_epoch()
    olga.sync()
    assert not pushed(ben, "before")
    unused = ben.invite("kim", statements.ANALYST)
    olga.sync()
    cut = ben.replica.frontier[ben.identity.device]
    olga.sign(statements.Revoke("ben", statements.ANALYST_WHOLE, ((ben.identity.device, cut),)))
    olga.begin_epoch()
    assert not pushed(olga, "after")
    with pytest.raises(Ended, match="revoked"):
        ben.sync()
    with pytest.raises(Ended, match="invite"):
        Member.join(unused)
    eva.sync()
    assert eva.title(RECORD) == "after" and eva.replica.roster.roles() == {"olga": "admin", "eva": "admin"}
    late = ben.replica
    late.write(ben.identity, [write(JUDGMENT, RECORD, TITLE, "beyond the cut")])
    change = late.log[-1]
    signature = late.chains[ben.identity.device].signatures[change.header.number]
    eva.replica.receive([change.data], [(ben.identity.device, change.header.number, signature)])
    assert eva.title(RECORD) == "after" and eva.replica.void == [(ben.identity.device, cut + 1, "cut")]
    pytestconfig.promises["python-sealed"] += 4
