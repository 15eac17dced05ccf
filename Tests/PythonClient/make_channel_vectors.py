"""Makes the vectors of the encrypted channel (3.1 of Protocol.md) with an implementation that is not ours.

Prints the blocks that stand in Protocol.md; `tests/test_channel.py` compares them with what this makes anew.
"""

import warnings

from noise.connection import Keypair, NoiseConnection

PROTOCOL = b"Noise_XK_25519_ChaChaPoly_SHA256"
PROLOGUE = b"parley/1\x01"
CLIENT = bytes.fromhex("e833e66724c1b3296a8f24427df939ff929a1a0083b4c5353d00e1c760fcdcea")  # identity-founder
SERVER = bytes.fromhex("02285948305297f1450bb1831a9ea1fda42c9c5c9292b8dd0791c08e5a67627d")  # identity-server
SERVER_PUBLIC = bytes.fromhex("c7b1a0f8e9613194e7b72b1440cec22dd86a322fcef6be128094e487e6c9a26c")
CLIENT_EPHEMERAL = bytes(range(0x10, 0x30))
SERVER_EPHEMERAL = bytes(range(0x80, 0xa0))
RECORDS_PER_KEY = 1024
SHOWN = (0, 1, 1023, 1024, 1025, 2047, 2048, 3000)


def side(initiator, static, ephemeral):
    noise = NoiseConnection.from_name(PROTOCOL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It warns of fixed ephemeral keys, which are for vectors alone.
        noise.set_as_initiator() if initiator else noise.set_as_responder()
        noise.set_prologue(PROLOGUE)
        noise.set_keypair_from_private_bytes(Keypair.STATIC, static)
        noise.set_keypair_from_private_bytes(Keypair.EPHEMERAL, ephemeral)
        if initiator:
            noise.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, SERVER_PUBLIC)
        noise.start_handshake()
    return noise


def framed(sealed):
    return len(sealed).to_bytes(2, "big") + bytes(sealed)


def plain(number):
    """What record number N of the vectors holds."""
    return number.to_bytes(8, "big")


def handshake():
    """Both ends after the handshake, and its three messages."""
    client, server = side(True, CLIENT, CLIENT_EPHEMERAL), side(False, SERVER, SERVER_EPHEMERAL)
    messages = []
    for speaker, listener in ((client, server), (server, client), (client, server)):
        messages.append(bytes(speaker.write_message()))
        assert listener.read_message(messages[-1]) == b""
    assert client.handshake_finished and server.handshake_finished
    return client, server, messages


def records(speaker, listener):
    """The sealed records that are shown, by number."""
    sealed = {}
    for number in range(max(SHOWN) + 1):
        if number and number % RECORDS_PER_KEY == 0:
            speaker.rekey_outbound_cipher()
            listener.rekey_inbound_cipher()
        record = speaker.encrypt(plain(number))
        assert listener.decrypt(record) == plain(number)
        if number in SHOWN:
            sealed[number] = bytes(record)
    return sealed


def weak_third():
    """The third message of a client whose static key is of low order: nobody knows its secret, and all know what it gives."""
    client, server = side(True, CLIENT, CLIENT_EPHEMERAL), side(False, SERVER, SERVER_EPHEMERAL)
    server.read_message(client.write_message())
    client.read_message(server.write_message())
    client.noise_protocol.handshake_state.s.public_bytes = low_order()[1]
    client.noise_protocol.dh_fn.dh = lambda own, other: bytes(32)
    return bytes(client.write_message())


def low_order():
    """The keys of low order, and other ways to write them: the highest bit of a key does not count."""
    p = 2 ** 255 - 19
    eighth = (325606250916557431795983626356110631294008115727848805560023387167927233504,
              39382357235489614581723060781553021112529911719440698176882885853963445705823)
    keys = (0, 1, *eighth, p - 1, p, p + 1)
    return [key.to_bytes(32, "little") for key in (*keys, *(key | 1 << 255 for key in keys[:5]))]


def vectors():
    """Each block's lines, by its name."""
    client, server, (first, second, third) = handshake()
    secrets = [("client-secret", CLIENT), ("server-secret", SERVER), ("server", SERVER_PUBLIC),
               ("client-ephemeral", CLIENT_EPHEMERAL), ("server-ephemeral", SERVER_EPHEMERAL)]
    said = [("first", framed(first)), ("second", framed(second)), ("third", framed(third)),
            ("hash", client.get_handshake_hash())]
    lines = [(key, value.hex()) for key, value in secrets + said]
    for name, speaker, listener in (("client", client, server), ("server", server, client)):
        for number, sealed in records(speaker, listener).items():
            lines.append((f"from-{name}", f"{number} {framed(sealed).hex()}"))
    weak = [("key", key.hex()) for key in low_order()] + [("third", framed(weak_third()).hex())]
    return {"channel": lines, "channel-low-order": weak}


if __name__ == "__main__":
    for name, lines in vectors().items():
        print(f"```vector {name}")
        for key, value in lines:
            print(f"{key} = {value}")
        print("```")
