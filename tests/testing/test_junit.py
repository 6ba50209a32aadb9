"""JUnit XML: the structure that GitLab, Jenkins and GitHub read."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from logwatch.config.problems import Place
from logwatch.config.rule_tests import RuleTest
from logwatch.testing.junit import junit
from logwatch.testing.outcome import Mismatch, Outcome

ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "file", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"name", "classname", "file", "line", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error"},
    "failure": set(),
    "error": set(),
}


def outcome(rule, *, file="a.yaml", failed=False, trouble=None):
    """One that passed, failed or could not be run."""
    place = Place(file, 7, 1, 2)
    mismatch = Mismatch(section="fires", place=place)
    return Outcome(
        test=RuleTest(rule=rule, place=place, start=0.0),
        mismatches=(mismatch,) if failed else (),
        trouble=trouble,
        seconds=0.25,
    )


def check(element):
    """An element and all below it have the attributes and children that they may have."""
    assert set(element.attrib) == ATTRIBUTES[element.tag]
    for name in ("tests", "failures", "errors", "skipped", "line"):
        assert element.get(name, "0").isdecimal()
    assert re.fullmatch(r"\d+\.\d{3}", element.get("time", "0.000"))
    for each in element:
        assert each.tag in CHILDREN[element.tag]
        check(each)
    if element.tag in ("testsuite", "testsuites"):
        cases = list(element.iter("testcase"))
        assert int(element.get("tests")) == len(cases)
        for tag in ("failure", "error"):
            assert int(element.get(f"{tag}s")) == len(list(element.iter(tag)))
    if element.tag == "testcase":
        assert len(element) <= 1


def test_each_file_is_a_suite_and_each_test_a_case():
    """With the counts that belong to it."""
    outcomes = [
        outcome("a"),
        outcome("b", failed=True),
        outcome("c", file="b.yaml", trouble="no such file"),
    ]
    body = junit(
        outcomes, {0: "a #1", 1: "b #1", 2: "c #1"}, lambda each: f"about {each.test.rule}"
    )
    assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ')
    root = ET.fromstring(body)
    check(root)
    assert [suite.get("name") for suite in root] == ["a.yaml", "b.yaml"]
    assert root.get("time") == "0.750"
    assert root.find(".//failure").text == "about b"
    assert root.find(".//error").get("message") == "no such file"


@given(st.text(), st.text())
def test_any_text_makes_a_document_that_can_be_read(name, text):
    """XML has no control characters, no lone surrogates and no U+FFFE."""
    body = junit([outcome(name, failed=True)], {0: name}, lambda _: text)
    check(ET.fromstring(body))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", body.decode())
