"""Devices (2.7.2)."""

import os
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from . import crockford
from .labels import H, K, S, public_key


def device_id(keys):
    """The id that follows from the 96 bytes of public keys."""
    return H("device", keys)[:16]


@dataclass(frozen=True)
class Identity:
    """A device's seed, and all that comes from it."""
    seed: bytes

    @classmethod
    def new(cls):
        return cls(os.urandom(32))

    @cached_property
    def channel_secret(self):
        return K("channel-key", self.seed)

    @cached_property
    def sealing_secret(self):
        return K("sealing-key", self.seed)

    @cached_property
    def signing_secret(self):
        return K("signing-key", self.seed)

    @cached_property
    def channel(self):
        return x25519_public(self.channel_secret)

    @cached_property
    def sealing(self):
        return x25519_public(self.sealing_secret)

    @cached_property
    def signing(self):
        return public_key(self.signing_secret)

    @property
    def keys(self):
        return self.channel + self.sealing + self.signing

    @cached_property
    def device(self):
        return device_id(self.keys)

    def sign(self, purpose, data):
        return S(purpose, self.signing_secret, data)

    def file(self, name="parley identity"):
        check = H("identity-check", self.seed)[:4]
        return f"{name} 1\n{crockford.encode(self.seed + check)}\n"


def x25519_public(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
