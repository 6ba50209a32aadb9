"""The parts of a message for people, made safe and short already: what `wording` makes.

A sink arranges them for its medium, and neutralises what its medium takes for markup.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from msgspec import Struct

from logwatch.records import Severity, Status

MARKS: Final[dict[Status, str]] = {"firing": "▲", "updated": "△", "resolved": "✓"}

RESOLVED: Final = re.compile(r"\Aresolved after (\S{1,40}): ")
"""How a rule's own words for the end of an episode begin."""


class Fact(NamedTuple):
    """One thing that is known, by its label."""

    label: str
    value: str


class Quote(NamedTuple):
    """One line of a log; `text` may have several lines where the record had."""

    place: str
    """`path:offset`."""
    time: str
    text: str


class Words(Struct, frozen=True, kw_only=True):
    """What a message says, in parts that a sink arranges for its medium."""

    severity: Severity
    status: Status
    test: bool
    """Whether it is only a test of the sink."""
    own: bool = False
    """Whether `text` is from a template of one's own, and stands for all below the title."""
    title: str
    """One line that tells all: how bad, what, where, how often."""
    text: str
    """The message whole."""
    facts: tuple[Fact, ...]
    samples: tuple[Quote, ...]
    more_samples: int
    """Quoted lines that the alert has beyond `samples`."""
    before: tuple[Quote, ...]
    """Lines before the first of `samples`."""
    after: tuple[Quote, ...]
    """Lines after the first of `samples`."""
    captures: tuple[Fact, ...]
    """Fields of the record that are not in the key."""
    members: tuple[str, ...]
    """Of a message about several alerts: a line for each of some of them."""
    more_members: int
    """Alerts that the message is about beyond `members`."""
    totals: tuple[Fact, ...]
    """Of a message about several alerts: how many of each rule, most first."""
    runbook: str
    """Where it says what to do; empty where nobody wrote that."""
    how_to_silence: str
    """A shell command; empty where there is nothing to silence."""
    how_to_see: str
    """A shell command that shows all that is known of the alert; empty for a test."""

    @property
    def facts_and_captures(self) -> tuple[Fact, ...]:
        """What is known of the alert, and what was captured."""
        return (*self.facts, *self.captures)

    @property
    def actions(self) -> tuple[Fact, ...]:
        """What a person can do now, each with its label."""
        named = {
            "runbook": self.runbook,
            "silence": self.how_to_silence,
            "all of it": self.how_to_see,
        }
        return tuple(Fact(label, value) for label, value in named.items() if value)

    @property
    def mark(self) -> str:
        """A sign for the status."""
        return MARKS[self.status]

    @property
    def title_says_it(self) -> bool:
        """Whether the title holds the whole message already."""
        return not self.own and without_duration(self.text) in self.title


def without_duration(message: str) -> str:
    """`message` without `resolved after 12m: ` before it."""
    return RESOLVED.sub("", message)
