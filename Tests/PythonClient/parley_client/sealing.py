"""Keys of epochs, and what is sealed under them (2.4, 2.7.4, 3.9)."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from .coding import Malformed, Reader, varint
from .identity import x25519_public
from .labels import H, K, label
from .statements import EPOCH, SHARE

NO_NONCE = bytes(12)
MIDDLE_UNIT, FORMER_MIDDLE_UNIT = 64, 256


# HPKE, base mode, one message (RFC 9180).

def extract(suite, salt, name, material):
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + name + material, hashlib.sha256)


def expand(suite, secret, name, info, size):
    """At most 32 bytes, so one block of HKDF's expansion."""
    labelled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + name + info
    return hmac.digest(secret, labelled + b"\x01", hashlib.sha256)[:size]


KEM = b"KEM" + b"\x00\x20"
HPKE = b"HPKE" + b"\x00\x20" + b"\x00\x01" + b"\x00\x03"


def agree(secret, public):
    """The shared secret of X25519; ValueError where it is zero."""
    return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))


def schedule(agreed, encapsulated, recipient, info):
    """Key and nonce of the first message."""
    shared = expand(KEM, extract(KEM, b"", b"eae_prk", agreed), b"shared_secret", encapsulated + recipient, 32)
    context = b"\x00" + extract(HPKE, b"", b"psk_id_hash", b"") + extract(HPKE, b"", b"info_hash", info)
    secret = extract(HPKE, shared, b"secret", b"")
    return expand(HPKE, secret, b"key", context, 32), expand(HPKE, secret, b"base_nonce", context, 12)


def open_box(key, nonce, sealed, bound):
    """None where it does not open."""
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, sealed, bound)
    except (InvalidTag, ValueError):
        return None


def seal_info(workspace, key_hash, device):
    return label("epoch-seal") + workspace + key_hash + device


def seal(key, workspace, device, sealing_key, ephemeral=None):
    """The key of an epoch sealed to a device: (device, encapsulated, sealed)."""
    ephemeral = ephemeral or os.urandom(32)
    encapsulated = x25519_public(ephemeral)
    info = seal_info(workspace, H("epoch-key", key), device)
    seal_key, nonce = schedule(agree(ephemeral, sealing_key), encapsulated, sealing_key, info)
    return device, encapsulated, ChaCha20Poly1305(seal_key).encrypt(nonce, key, b"")


def open_seal(identity, workspace, key_hash, encapsulated, sealed):
    """The key, or None where the seal is not for this device or holds another key."""
    try:
        agreed = agree(identity.sealing_secret, encapsulated)
    except ValueError:
        return None
    info = seal_info(workspace, key_hash, identity.device)
    key = open_box(*schedule(agreed, encapsulated, identity.sealing, info), sealed, b"")
    return key if key is not None and H("epoch-key", key) == key_hash else None


def wrap(earlier_key, earlier_epoch, key):
    return ChaCha20Poly1305(K("epoch-wrap", key, earlier_epoch)).encrypt(NO_NONCE, earlier_key, b"")


def unwrap(wrapped, earlier_epoch, key_hash, key):
    earlier = open_box(K("epoch-wrap", key, earlier_epoch), NO_NONCE, wrapped, b"")
    return earlier if earlier is not None and H("epoch-key", earlier) == key_hash else None


def epoch_number(hash):
    return int.from_bytes(hash[:4], "big") or 1


# Bodies and presence.

def padded(size, middle_unit=MIDDLE_UNIT):
    """The size of a packed body with its length and its padding."""
    whole = len(varint(size)) + size
    unit = 16 if whole <= 512 else middle_unit if whole <= 4096 else 256
    return -(-whole // unit) * unit


def sealed_size(packed_size):
    return 12 + padded(packed_size) + 16


def seal_body(key, device, header, packed, nonce=None):
    """`header` are the bytes of a header that states the sealed size."""
    nonce = nonce or os.urandom(12)
    plain = (varint(len(packed)) + packed).ljust(padded(len(packed)), b"\x00")
    return nonce + ChaCha20Poly1305(K("body-key", key, device)).encrypt(nonce, plain, header)


def open_body(key, device, header, body):
    """The packed body; None where the key does not open it; Malformed where what it opens has not the form."""
    plain = open_box(K("body-key", key, device), body[:12], body[12:], header) if len(body) >= 28 else None
    if plain is None:
        return None
    reader = Reader(plain)
    size = reader.varint()
    packed = reader.take(size)
    if len(plain) not in (padded(size), padded(size, FORMER_MIDDLE_UNIT)) or any(reader.rest()):
        raise Malformed("not-allowed", "padding")
    return packed


def seal_presence(key, number, workspace, device, payload, nonce=None):
    nonce = nonce or os.urandom(12)
    return varint(number) + nonce + ChaCha20Poly1305(K("presence-key", key, device)).encrypt(nonce, payload, workspace + device)


class Keys:
    """The keys of epochs that a device has."""

    def __init__(self, known=()):
        self.known = dict(known)
        """Hash of an epoch to its key."""
        self._epochs = {}

    def gather(self, workspace, statements, identity=None):
        """Takes all keys that statements seal to the identity, and those that these keys open."""
        self._epochs = {s.hash: s.content for s in statements if s.tag == EPOCH}
        for statement in statements if identity else ():
            if statement.tag in (EPOCH, SHARE):
                self._take(workspace, statement, identity)
        self._unwrap()

    def _take(self, workspace, statement, identity):
        name = statement.hash if statement.tag == EPOCH else statement.content.epoch
        if name not in self._epochs:
            return
        for device, encapsulated, sealed in statement.content.seals:
            if device == identity.device and name not in self.known:
                key = open_seal(identity, workspace, self._epochs[name].key_hash, encapsulated, sealed)
                if key:
                    self.known[name] = key

    def _unwrap(self):
        left = list(self.known)
        while left:
            name = left.pop()
            for earlier, wrapped in self._epochs[name].previous if name in self._epochs else ():
                if earlier in self._epochs and earlier not in self.known:
                    key = unwrap(wrapped, earlier, self._epochs[earlier].key_hash, self.known[name])
                    if key:
                        self.known[earlier] = key
                        left.append(earlier)

    def candidates(self, number):
        """The held epochs of that number, ascending, each with its key or None."""
        return [(name, self.known.get(name)) for name in sorted(self._epochs) if epoch_number(name) == number]

    def open(self, number, device, header, body):
        """The packed body; None while it waits; Malformed where no key opens it."""
        candidates = self.candidates(number)
        for _, key in candidates:
            if key is None:
                return None
            packed = open_body(key, device, header, body)
            if packed is not None:
                return packed
        if not candidates:
            return None
        raise Malformed("not-allowed", "no key opens the body")

    def open_presence(self, workspace, device, data):
        reader = Reader(data)
        candidates = self.candidates(reader.varint())
        nonce, sealed = reader.take(12), reader.rest()
        opened = (open_box(K("presence-key", key, device), nonce, sealed, workspace + device) for _, key in candidates if key)
        return next((payload for payload in opened if payload is not None), None)
