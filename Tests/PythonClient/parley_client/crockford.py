"""Crockford's base 32, for people (1.2)."""

from .coding import Malformed

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ALIASES = {"O": "0", "I": "1", "L": "1"}


def encode(data):
    bits = len(data) * 8
    padding = -bits % 5
    number = int.from_bytes(data, "big") << padding
    size = (bits + padding) // 5
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(size)))


def decode(text):
    """Reads what people typed; what is left over of the last character must be zeros and less than a character."""
    number = 0
    for letter in text:
        letter = letter.upper() if letter.isascii() else letter
        letter = ALIASES.get(letter, letter)
        if letter not in ALPHABET:
            raise Malformed("not-allowed", f"character {letter!r}")
        number = number << 5 | ALPHABET.index(letter)
    size = len(text) * 5 // 8
    padding = len(text) * 5 - size * 8
    if padding >= 5 or number & (1 << padding) - 1:
        raise Malformed("not-allowed", "no whole number of bytes")
    return (number >> padding).to_bytes(size, "big")
