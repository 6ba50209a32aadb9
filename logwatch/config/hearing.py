"""Rules that name other rules: whether those are there, and in which order all can be built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from logwatch.config.found import Found
from logwatch.config.keys import RuleKeys
from logwatch.config.names import Names
from logwatch.config.problems import Place, Report


class _Heard(NamedTuple):
    """That a rule names another."""

    name: str
    place: Place


def in_order(
    rules: Mapping[str, Found[RuleKeys]], names: Names, report: Report
) -> tuple[list[str], set[str]]:
    """The names of `rules`, each after those that it names; and of those, which name nonsense.

    Reports names that are not there, and rules that wait for one another in a circle.
    """
    graph: dict[str, dict[str, Place]] = {}
    unsound: set[str] = set()
    for name, found in rules.items():
        heard = graph[name] = {}
        for other, place in _heard(found):
            if not names.check(other, place, report):
                unsound.add(name)
            elif other == name:
                unsound.add(name)
                message = f"rule {name!r} names itself"
                report.error(place, "bad-value", message, "name another rule")
            elif other in rules:
                heard.setdefault(other, place)
    if not any(graph.values()):
        return list(rules), unsound
    return _sorted(graph, unsound, report), unsound


def _heard(found: Found[RuleKeys]) -> Iterator[_Heard]:
    """The rules that a rule names, each with its place."""
    keys = found.value
    for number, step in enumerate(keys.sequence or ()):
        if step.rule is not None:
            yield _Heard(step.rule, found.place("sequence", number, "rule"))
    for word, names in (("all_of", keys.all_of), ("any_of", keys.any_of)):
        for number, name in enumerate(names or ()):
            yield _Heard(name, found.place(word, number))


def _sorted(graph: dict[str, dict[str, Place]], unsound: set[str], report: Report) -> list[str]:
    """The names, each after those that it names; a circle is reported and cut."""
    from graphlib import CycleError, TopologicalSorter  # noqa: PLC0415  # few name others

    order = list(graph)
    while True:
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            _report_circle(graph, _from_first(error.args[1], order), report)
            unsound.update(error.args[1])


def _from_first(circle: Sequence[str], order: Sequence[str]) -> list[str]:
    """A circle as each rule names the next, from the rule that stands first in the file."""
    names = list(circle[:0:-1])  # it came as each is named by the next, the first one twice
    start = names.index(min(names, key=order.index))
    return names[start:] + names[:start]


def _report_circle(graph: dict[str, dict[str, Place]], names: list[str], report: Report) -> None:
    report.error(
        graph[names[0]].pop(names[1]),
        "bad-value",
        f"these rules wait for one another: {' -> '.join([*names, names[0]])}",
        "one of them must not name the next",
    )
