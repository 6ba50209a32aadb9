"""The outcome of tests as JUnit XML, as GitLab, Jenkins and GitHub actions read it.

One testsuite for each file, one testcase for each test. `file` and `line` are attributes that
GitLab and most GitHub actions show. What XML 1.0 has no characters for is shown as a picture.

Source: the schema that Jenkins' xUnit plugin publishes (junit-10.xsd); XML 1.0, 2.2 (Char).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from xml.etree import ElementTree as ET

from logwatch.sinks.plain_text import visible
from logwatch.testing.outcome import Outcome

_NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(
    outcomes: Sequence[Outcome], names: Mapping[int, str], report: Callable[[Outcome], str]
) -> bytes:
    """An XML document about `outcomes`.

    `names` gives each test, by its index, a name that no other test of its file has; `report` says
    what went wrong, in lines.
    """
    suites: dict[str, list[tuple[str, Outcome]]] = {}
    for index, outcome in enumerate(outcomes):
        suites.setdefault(outcome.test.place.file, []).append((names[index], outcome))
    root = ET.Element("testsuites", {"name": "logwatch test", **_counted(outcomes)})
    for file, tests in suites.items():
        suite = ET.SubElement(
            root,
            "testsuite",
            {"name": _text(file), "file": _text(file), **_counted([each for _, each in tests])},
        )
        for name, outcome in tests:
            _add_case(suite, name, outcome, report)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


def _add_case(
    suite: ET.Element, name: str, outcome: Outcome, report: Callable[[Outcome], str]
) -> None:
    place = outcome.test.place
    case = ET.SubElement(
        suite,
        "testcase",
        {
            "name": _text(name),
            "classname": _text(outcome.test.rule),
            "file": _text(place.file),
            "line": str(place.line),
            "time": f"{outcome.seconds:.3f}",
        },
    )
    if outcome.trouble is not None:
        error = ET.SubElement(case, "error", {"message": _text(outcome.trouble), "type": "error"})
        error.text = _text(report(outcome))
    elif outcome.mismatches:
        sections = ", ".join(dict.fromkeys(one.section for one in outcome.mismatches))
        message = f"{outcome.test.rule}: not as expected in {sections}"
        failure = ET.SubElement(case, "failure", {"message": _text(message), "type": "failure"})
        failure.text = _text(report(outcome))


def _counted(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {
        "tests": str(len(outcomes)),
        "failures": str(sum(not each.passed and each.trouble is None for each in outcomes)),
        "errors": str(sum(each.trouble is not None for each in outcomes)),
        "skipped": "0",
        "time": f"{sum(each.seconds for each in outcomes):.3f}",
    }


def _text(text: str) -> str:
    """`text` with what neither XML nor a reader should meet made visible; lines stay lines."""
    shown = "\n".join(visible(line) for line in text.split("\n"))
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", shown)
