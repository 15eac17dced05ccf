"""Records like those of an assessment, made by a seed: evidence with eleven fields and a key, about 750 bytes, half of
which zstd takes away, as of the data on which the goals were measured: every other word is one that none foretells."""

import base64
import csv
import hashlib
import json
import random

SEED = 20261125
FIELDS = ["title", "text", "quote", "speaker", "locator", "type", "access", "tlp", "order", "happened", "asof"]
VALUES = len(FIELDS) + 1
"""Values a record: the fields, and the key."""
SOME = random.Random(SEED)
WORDS = ["".join(SOME.choice("bdfgklmnprstvz") + SOME.choice("aeiou") for _ in range(SOME.choice((1, 2, 2, 3, 4))))
         for _ in range(3000)]
NAMES = [f"{SOME.choice(WORDS).title()} {SOME.choice(WORDS).title()}" for _ in range(400)]
CHOICES = {
    "type": ["report", "statement", "data", "observation", "argument", "absence"],
    "access": ["firsthand", "secondhand", "unknown"],
    "tlp": ["clear", "green", "amber", "red"],
}


def record(chance, number, changed=(), version=1):
    """The fields of one record; those in `changed` get other values, texts and order in each version others."""
    words = mixed(chance, 96)
    fields = dict(zip(FIELDS, [
        " ".join(words[:8]).capitalize(), " ".join(words[8:64]), " ".join(words[64:94]),
        chance.choice(NAMES), f"p. {number % 900 + 1}, {words[94]}", *map(chance.choice, CHOICES.values()),
        f"a{number:07}", f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}", f"2026-11-{number % 24 + 1:02}",
    ]))
    for name in changed:
        fields[name] = another(name, fields[name], number, version)
    return fields


def mixed(chance, count):
    """So many words, every other of the vocabulary and every other of six letters by chance."""
    letters = base64.b32encode(chance.randbytes(count * 2)).decode().lower()
    names = (letters[place:place + 6] for place in range(0, count * 3, 6))
    return [word for pair in zip(chance.choices(WORDS, k=count // 2), names) for word in pair]


def another(name, value, number, version):
    """A value of the same form that differs."""
    if name in CHOICES:
        choices = CHOICES[name]
        return choices[(choices.index(value) + 1) % len(choices)]
    if name in ("happened", "asof"):
        return "2025" + value[4:]
    return f"b{version}{number:07}" if name == "order" else f"{value} {WORDS[number % len(WORDS)]} {version}"


def records(count, changed=(), version=1, one_in=1):
    """(number, key, fields) of each record; with `one_in` of every so many-th, in a scattered order."""
    numbers = range(count)
    if one_in > 1:
        numbers = random.Random(SEED + version).sample(numbers, count // one_in)
    for number in numbers:
        yield number, f"bench:{number}", record(random.Random(SEED * 1_000_003 + number), number, changed, version)


def identity(key):
    return hashlib.md5(key.encode()).hexdigest()


def write(path, form, rows, only=None):
    """Writes a file for import: `csv`, `jsonl`, or `rows` for plain programs (cells parted by 0x1f, the id first)."""
    with open(path, "w", newline="") as file:
        if form == "csv":
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["key", *(only or FIELDS)])
        for _, key, fields in rows:
            if only:
                fields = {name: fields[name] for name in only}
            if form == "csv":
                table.writerow([key, *fields.values()])
            elif form == "jsonl":
                file.write(json.dumps({"fields": fields, "key": key, "kind": "evidence"}) + "\n")
            else:
                file.write("\x1f".join([identity(key), *fields.values()]) + "\n")
    return path


def value_bytes(rows):
    """The bytes of all values as text, the keys among them."""
    return sum(len(key) + sum(map(len, fields.values())) for _, key, fields in rows)
