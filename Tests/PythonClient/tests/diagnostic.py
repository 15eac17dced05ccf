"""A small reader of RFC 8949's diagnostic notation, as far as the vectors use it."""

import json
import re

from parley_client.cbor import Map, Simple, Tag

TOKEN = re.compile(r"""\s*(?:
    (?P<bytes>h'[0-9a-f]*') | (?P<text>"(?:[^"\\]|\\.)*") | (?P<word>simple|undefined|null|true|false|NaN|Infinity)
    | (?P<float>-?\d+\.\d+(?:e[+-]?\d+)?) | (?P<int>-?\d+) | (?P<mark>[\[\](){},:]) | (?P<width>_[123])
)""", re.VERBOSE)
WORDS = {"null": None, "true": True, "false": False, "NaN": float("nan"), "Infinity": float("inf"), "undefined": Simple(23)}


def parse(string):
    tokens = list(split(string))
    value = item(tokens)
    assert not tokens, f"left over: {tokens}"
    return value


def split(string):
    at = 0
    while at < len(string):
        match = TOKEN.match(string, at)
        assert match, f"cannot read {string[at:]!r}"
        at = match.end()
        if match.lastgroup != "width":
            yield match.lastgroup, match.group(match.lastgroup)


def item(tokens):
    kind, token = tokens.pop(0)
    if kind == "bytes":
        return bytes.fromhex(token[2:-1])
    if kind == "text":
        return json.loads(token)
    if kind == "float":
        return float(token)
    if kind == "int":
        number = int(token)
        return Tag(number, inside(tokens)) if tokens and tokens[0][1] == "(" else number
    if token == "simple":
        return Simple(inside(tokens))
    if kind == "word":
        return WORDS[token]
    if token == "[":
        return members(tokens, "]", item)
    assert token == "{", token
    return Map(tuple(members(tokens, "}", pair)))


def inside(tokens):
    expect(tokens, "(")
    value = item(tokens)
    expect(tokens, ")")
    return value


def pair(tokens):
    key = item(tokens)
    expect(tokens, ":")
    return key, item(tokens)


def members(tokens, end, read):
    found = []
    while tokens[0][1] != end:
        found.append(read(tokens))
        if tokens[0][1] == ",":
            tokens.pop(0)
    expect(tokens, end)
    return found


def expect(tokens, mark):
    assert tokens.pop(0)[1] == mark
