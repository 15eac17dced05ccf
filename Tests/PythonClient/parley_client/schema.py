"""The names and merge classes of the schema (1.7). Types bind authors only, so they are not here."""

KINDS = {
    1: ("assessment", "A"),
    2: ("section", "S"),
    3: ("judgment", "J"),
    4: ("estimate", "P"),
    5: ("driver", "D"),
    6: ("assumption", "M"),
    7: ("hypothesis", "H"),
    8: ("evidence", "E"),
    9: ("source", "R"),
    10: ("indicator", "I"),
    11: ("actor", "C"),
    12: ("note", "N"),
    13: ("link", "L"),
}

FIELDS = """
every kind: 1 title, 2 text, 3 order, 4 parent, 5 tlp, 6 asof, 7 deleted, 8 tags set, 9 keys set, 10 x columns
assessment: 16 question, 17 subject, 18 audience, 19 bluf, 20 horizon, 21 implications, 22 scope_sources, 23 scale, 24 status, 25 previous, 26 change, 27 published
judgment: 16 likelihood, 17 confidence, 18 basis, 19 criterion, 20 due, 21 outcome, 22 stance each
estimate: 16 judgment, 17 hypothesis, 18 value each
driver: 16 effect, 17 trend, 18 weight each
assumption: 16 linchpin, 17 if_wrong, 18 support each
hypothesis: 16 standing, 17 exclusive
evidence: 16 type, 17 happened, 18 quote, 19 speaker, 20 access, 21 source, 22 locator, 23 credibility each, 24 relevance each
source: 16 type, 17 publisher, 18 creator, 19 issued, 20 retrieved, 21 url, 22 copy, 23 descriptor, 24 origin, 25 reliability each
indicator: 16 observable, 17 threshold, 18 window, 19 watcher, 20 state, 21 checked, 22 seen
actor: 16 type, 17 aliases set
note: 16 kind, 17 about, 18 reply, 19 body each, 20 resolved
link: 16 from, 17 rel, 18 to, 19 rating each
"""


def parse(lines):
    """Kind name to {field tag: (name, class)}."""
    table = {}
    for line in lines.strip().splitlines():
        kind, _, entries = line.partition(": ")
        words = (entry.split() for entry in entries.split(", "))
        table[kind] = {int(tag): (name, rest[0] if rest else "plain") for tag, name, *rest in words}
    return table


TABLE = parse(FIELDS)


def field(kind, tag):
    """(name, class) of a field, where class is plain, each, set or columns; None where it is not known.

    A kind that is not known has the fields of every kind."""
    own = TABLE.get(KINDS[kind][0], {}) if kind in KINDS else {}
    return TABLE["every kind"].get(tag) or own.get(tag)


def is_each(kind, tag):
    known = field(kind, tag)
    return known is not None and known[1] == "each"
