"""Exported bundles against the OASIS JSON schemas (stix2-validator brings them along) and through OASIS' own library."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from conftest import CHECKED

stix2 = pytest.importorskip("stix2")
validator = pytest.importorskip("stix2validator")

PARLEY = os.environ.get("PARLEY_EXECUTABLE")
ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("PARLEY_SHARED_DATA", ROOT.parent / "shared" / "data")) / "stix"

pytestmark = pytest.mark.skipif(not PARLEY, reason="PARLEY_EXECUTABLE names no parley binary")

# What an export means to do: derived ids are UUIDs of version 5 (103), relations of assessments are none of STIX's
# own (202), and a place's region is its name (111, 223). 302 (a URL without a hash) and 103 stand in the examples, too.
INTENDED = "103,111,202,223,302"


def parley(home, *arguments):
    environment = {"PARLEY_HOME": str(home), "HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    return subprocess.run(
        [PARLEY, *map(str, arguments)], env=environment, check=True, capture_output=True).stdout


def exported(home, *files, after=()):
    parley(home, "init", "ports", "--as", "olga")
    for file in files:
        parley(home, "import", file)
    for arguments in after:
        parley(home, *arguments)
    return parley(home, "export", "--format", "stix").decode()


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """The schemas are there: nothing is fetched."""

    def refuse(*_):
        raise OSError("a validation wanted the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def messages(text):
    """Errors, and warnings that an export does not mean to give."""
    options = validator.ValidationOptions(version="2.1", disabled=INTENDED)
    results = validator.validate_string(text, options)
    found = []
    for result in getattr(results, "object_results", None) or [results]:
        found += [str(error) for error in result.errors or []] + [str(warning) for warning in result.warnings or []]
    found += [str(error) for error in getattr(results, "errors", None) or []]
    assert results.is_valid or found
    return found


def is_valid(text):
    return validator.validate_string(text, validator.ValidationOptions(version="2.1")).is_valid


@pytest.fixture(scope="module")
def posture(tmp_path_factory):
    home = tmp_path_factory.mktemp("posture")
    more = [
        ["new", "judgment", "title=A judgment", "stance=agree | because", "confidence=high", "tlp=amber+strict"],
        ["new", "actor", "title=Kyiv", "type=place"],
        ["new", "actor", "title=A person", "type=person"],
        ["new", "assessment", "title=Empty", "status=published"],
        ["new", "note", "title=A gap", "kind=gap"],
        ["new", "evidence", "title=E", "type=report", "tags:x=yes"],
    ]
    return exported(home, ROOT / "Examples/moscow-posture.md", ROOT / "Examples/partner-bundle.json", after=more)


def test_an_assessment_is_valid_and_keeps_to_the_recommendations(posture):
    assert messages(posture) == []
    CHECKED["python-stix"] += len(json.loads(posture)["objects"])


def test_the_library_of_oasis_reads_it(posture):
    bundle = stix2.parse(posture, allow_custom=False)
    assert len(bundle.objects) == len(json.loads(posture)["objects"])
    kinds = {object.type for object in bundle.objects}
    assert {"grouping", "report", "note", "relationship", "opinion", "identity", "location"} <= kinds
    assert {"marking-definition", "extension-definition", "threat-actor", "ipv4-addr"} <= kinds


def test_a_confidence_is_never_a_probability(posture):
    numbers = [object["confidence"] for object in json.loads(posture)["objects"] if "confidence" in object]
    assert numbers and set(numbers) <= {15, 50, 85, 72}


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder {DATA} (PARLEY_SHARED_DATA)")
def test_the_examples_of_oasis_stay_valid(tmp_path):
    text = exported(tmp_path, *sorted(DATA.glob("*.json")))
    assert messages(text) == []
    assert len(stix2.parse(text, allow_custom=False).objects) >= 259
    CHECKED["python-stix"] += len(json.loads(text)["objects"])


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder {DATA} (PARLEY_SHARED_DATA)")
def test_every_property_of_the_examples_comes_out_as_it_was(tmp_path):
    documents = [json.loads(file.read_text()) for file in sorted(DATA.glob("*.json"))]
    given = [object for document in documents for object in document.get("objects", [document])]
    objects = json.loads(exported(tmp_path, *sorted(DATA.glob("*.json"))))["objects"]
    by_id = {object["id"]: object for object in objects}
    assert len(by_id) == len(objects) and len({object["id"] for object in given}) == 259
    assert [object for object in given if by_id[object["id"]] != object] == []
    assert sum(len(object) for object in given) == 2295


def first(bundle, kind):
    return next(object for object in bundle["objects"] if object["type"] == kind)


def test_the_validator_can_fail(posture):
    """An object in a bundle of its own is valid, and broken in one place it is not."""
    breaks = [
        ("note", "content", None), ("note", "object_refs", None), ("note", "object_refs", []),
        ("note", "confidence", 101), ("note", "modified", "2026-11-21 14:02"), ("note", "id", "note--1"),
        ("relationship", "source_ref", "nobody"), ("relationship", "relationship_type", "Depends On"),
        ("opinion", "opinion", "maybe"), ("report", "published", None), ("grouping", "context", None),
        ("location", "region", None), ("identity", "name", None), ("extension-definition", "schema", None),
        ("note", "extensions", {"extension-definition--1": {"extension_type": "other"}}),
    ]
    for kind, name, value in breaks:
        bundle = json.loads(posture)
        target = first(bundle, kind)
        bundle["objects"] = [target]
        assert is_valid(json.dumps(bundle)), kind
        if value is None:
            del target[name]
        else:
            target[name] = value
        assert not is_valid(json.dumps(bundle)), (kind, name, value)
    CHECKED["python-stix-broken"] += len(breaks)
