"""The channel against an implementation that is not ours: the Python package noiseprotocol."""

import os
import sys
from pathlib import Path

import pytest
import vectors
from noise.connection import Keypair, NoiseConnection

from parley_client import channel
from parley_client.identity import x25519_public

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import make_channel_vectors as made  # noqa: E402


def test_the_vectors_are_what_it_makes(pytestconfig):
    held = {vector.name: vector for vector in vectors.load() if vector.name.startswith("channel")}
    blocks = made.vectors()
    assert set(held) == set(blocks)
    for name, lines in blocks.items():
        assert held[name].lines == lines
        pytestconfig.promises["python-channel"] += len(lines)


@pytest.mark.parametrize("is_client", [True, False])
def test_it_talks_to_it(is_client, pytestconfig):
    """Fresh keys; either end; records across three keys both ways."""
    client_secret, server_secret = os.urandom(32), os.urandom(32)
    server_key = x25519_public(server_secret)
    ours = channel.Handshake(client_secret, server_key) if is_client else channel.Handshake(server_secret)
    theirs = NoiseConnection.from_name(channel.NAME)
    theirs.set_as_responder() if is_client else theirs.set_as_initiator()
    theirs.set_prologue(channel.PROLOGUE)
    theirs.set_keypair_from_private_bytes(Keypair.STATIC, server_secret if is_client else client_secret)
    if not is_client:
        theirs.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, server_key)
    theirs.start_handshake()
    while ours.done < 3:
        if ours.speaks:
            assert theirs.read_message(ours.say()) == b""
        else:
            ours.take(bytes(theirs.write_message()))
    assert theirs.get_handshake_hash() == ours.hash
    sending, receiving = ours.ciphers()
    for number in range(2500):
        if number and number % channel.RECORDS_PER_KEY == 0:
            theirs.rekey_inbound_cipher()
            theirs.rekey_outbound_cipher()
        plain = os.urandom(number % 50)
        assert theirs.decrypt(sending.seal(plain)) == plain
        assert receiving.open(bytes(theirs.encrypt(plain))) == plain
    pytestconfig.promises["python-channel"] += 2500


@pytest.mark.parametrize("step", range(3))
def test_every_byte_of_a_message_counts(step, pytestconfig):
    def ends():
        secret = os.urandom(32)
        client, server = channel.Handshake(os.urandom(32), x25519_public(secret)), channel.Handshake(secret)
        for speaker, listener in ((client, server), (server, client), (client, server))[:step]:
            listener.take(speaker.say())
        return (client, server) if step != 1 else (server, client)

    for at in range(channel.SIZES[step]):
        speaker, listener = ends()
        message = bytearray(speaker.say())
        message[at] ^= 1 << at % 8
        with pytest.raises(channel.Refused):
            listener.take(bytes(message))
        pytestconfig.promises["python-channel"] += 1
