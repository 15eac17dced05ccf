"""Labelled hashes, key derivation and signatures (2.7.1)."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def label(purpose):
    return b"parley/1 " + purpose.encode("ascii") + b"\x00"


def H(purpose, data):
    return hashlib.sha256(label(purpose) + data).digest()


def K(purpose, seed, more=b""):
    return HKDF(SHA256(), 32, salt=None, info=label(purpose) + more).derive(seed)


def S(purpose, secret, data):
    """Signs with an Ed25519 secret key of 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(secret).sign(label(purpose) + data)


def verifies(purpose, public, signature, data):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, label(purpose) + data)
        return True
    except (InvalidSignature, ValueError):
        return False


def public_key(secret):
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
