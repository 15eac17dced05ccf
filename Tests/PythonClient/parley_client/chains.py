"""Chains of changesets, their hashes, signatures and addresses (2.7.3), and frontier digests (3.3)."""

from . import crockford
from .labels import H, verifies


def start(workspace, device):
    return H("chain-start", workspace + device)


def follow(hash_before, changeset):
    return H("chain", hash_before + changeset)


def signed_bytes(workspace, device, number, chain_hash):
    return workspace + device + number.to_bytes(8, "big") + chain_hash


def sign(identity, workspace, number, chain_hash):
    return identity.sign("chain-signature", signed_bytes(workspace, identity.device, number, chain_hash))


def signature_holds(signing_key, signature, workspace, device, number, chain_hash):
    return verifies("chain-signature", signing_key, signature, signed_bytes(workspace, device, number, chain_hash))


def address_hash(device, number):
    return H("change-address", device + number.to_bytes(8, "big"))[:16]


def address(device, number, characters=26):
    return "@" + crockford.encode(address_hash(device, number)).lower()[:characters]


def frontier_digest(entries):
    """`entries` are (device, highest number, chain hash at that number)."""
    return H("frontier", b"".join(device + number.to_bytes(8, "big") + chain for device, number, chain in sorted(entries)))
