"""The encrypted channel (3.1): Noise_XK_25519_ChaChaPoly_SHA256, records, and the change of keys."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from .identity import x25519_public

NAME = b"Noise_XK_25519_ChaChaPoly_SHA256"
PROLOGUE = b"parley/1\x01"
SIZES = (48, 48, 64)
LONGEST = 65_519
RECORDS_PER_KEY = 1024
LAST_NUMBER = 2 ** 64 - 1
REFUSAL = b"\x01"


class Refused(Exception):
    """Why this end ends the connection."""


def framed(sealed):
    return len(sealed).to_bytes(2, "big") + sealed


def hmac_sha256(key, data):
    return hmac.digest(key, data, hashlib.sha256)


def derive(key, secret):
    """Noise's HKDF with two outputs."""
    inner = hmac_sha256(key, secret)
    first = hmac_sha256(inner, b"\x01")
    return first, hmac_sha256(inner, first + b"\x02")


def agree(secret, public):
    try:
        shared = X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:  # The library refuses a secret of zeros by itself.
        raise Refused("a key of low order") from None
    if not any(shared):
        raise Refused("a key of low order")
    return shared


class Cipher:
    """One direction."""

    def __init__(self, key):
        self.key, self.number = key, 0

    def seal(self, plain, data=b""):
        return self._step(ChaCha20Poly1305(self.key).encrypt(nonce(self.number), plain, data))

    def open(self, sealed, data=b""):
        try:
            return self._step(ChaCha20Poly1305(self.key).decrypt(nonce(self.number), sealed, data))
        except InvalidTag:
            raise Refused("it does not decrypt") from None

    def _step(self, result):
        self.number += 1
        if self.number % RECORDS_PER_KEY == 0:
            self.key = ChaCha20Poly1305(self.key).encrypt(nonce(LAST_NUMBER), bytes(32), b"")[:32]
        return result


def nonce(number):
    return bytes(4) + number.to_bytes(8, "little")


class Handshake:
    """Either end. `server` is the pinned key at a client, None at a server; `peer` is whose key was proved."""

    def __init__(self, secret, server=None, ephemeral=None):
        self.secret, self.ephemeral = secret, ephemeral or os.urandom(32)
        self.is_client, self.peer = server is not None, server
        self.hash = self.chaining_key = NAME
        self.done = 0
        self._mix(PROLOGUE)
        self._mix(server or x25519_public(secret))

    @property
    def speaks(self):
        return self.done < 3 and (self.done % 2 == 0) == self.is_client

    def say(self):
        """The next message of this end."""
        assert self.speaks
        if self.done < 2:
            message = x25519_public(self.ephemeral)
            self._mix(message)
        else:
            message = self._seal(x25519_public(self.secret))
        self._mix_key()
        message += self._seal(b"")
        self.done += 1
        return message

    def take(self, message):
        """Takes the other end's next message."""
        if self.done == 3 or self.speaks or len(message) != SIZES[self.done]:
            raise Refused("not the message that comes next")
        if self.done < 2:
            self.other_ephemeral = message[:32]
            self._mix(self.other_ephemeral)
        else:
            self.peer = self._open(message[:48])
        self._mix_key()
        self._open(message[-16:])
        self.done += 1

    def ciphers(self):
        """Sending and receiving."""
        assert self.done == 3
        first, second = map(Cipher, derive(self.chaining_key, b""))
        return (first, second) if self.is_client else (second, first)

    def _mix(self, data):
        self.hash = hashlib.sha256(self.hash + data).digest()

    def _mix_key(self):
        uses_own_static = (self.done, self.is_client) in ((0, False), (2, True))
        uses_other_static = (self.done, self.is_client) in ((0, True), (2, False))
        shared = agree(
            self.secret if uses_own_static else self.ephemeral, self.peer if uses_other_static else self.other_ephemeral)
        self.chaining_key, key = derive(self.chaining_key, shared)
        self.cipher = Cipher(key)

    def _seal(self, plain):
        sealed = self.cipher.seal(plain, self.hash)
        self._mix(sealed)
        return sealed

    def _open(self, sealed):
        plain = self.cipher.open(sealed, self.hash)
        self._mix(sealed)
        return plain


class Client:
    """A client's end over a stream: bytes in, bytes out."""

    def __init__(self, server, secret):
        self.handshake = Handshake(secret, server)
        self.incoming, self.outgoing, self.waiting = bytearray(), bytearray(), bytearray()
        self.sending = None
        self.outgoing += framed(self.handshake.say())

    @property
    def is_open(self):
        return self.sending is not None

    def send(self, data):
        """Seals what is sent, once the channel is open."""
        self.waiting += data
        while self.is_open and self.waiting:
            self.outgoing += framed(self.sending.seal(bytes(self.waiting[:LONGEST])))
            del self.waiting[:LONGEST]

    def receive(self, data):
        """The plain text that these bytes complete."""
        self.incoming += data
        plain = b""
        while (message := self._next()) is not None:
            if self.is_open:
                plain += self.receiving.open(message)
            else:
                self.handshake.take(message)
                self.outgoing += framed(self.handshake.say())
                self.sending, self.receiving = self.handshake.ciphers()
                self.send(b"")
        return plain

    def _next(self):
        if len(self.incoming) < 2:
            return None
        length = int.from_bytes(self.incoming[:2], "big")
        if self.is_open and length <= 16 or not self.is_open and length not in (SIZES[1], 1):
            raise Refused(f"{length} bytes where they cannot stand")
        if len(self.incoming) < 2 + length:
            return None
        message = bytes(self.incoming[2:2 + length])
        del self.incoming[:2 + length]
        if not self.is_open and length == 1:
            raise Refused("the server has another key")
        return message
