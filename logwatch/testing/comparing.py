"""What came next to what was expected: each entry of a list against one alert, in order.

Where the two lists differ in length the pairs are those with the fewest differences (Needleman and
Wunsch, 1970), so that one alert too many is told as one, and not as a difference in all that
follow. Of lists too long for that the first is set against the first, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction

from logwatch.config.problems import Place
from logwatch.config.rule_tests import ExpectedAlert, Probe, RuleTest
from logwatch.records import STATUSES, Alert
from logwatch.testing.outcome import (
    SAME_TIME_SECONDS,
    Difference,
    Happened,
    Mismatch,
    Section,
    offset_text,
)

MOST_CELLS = 250_000
"""Of the table in which lists are aligned."""
_ALONE = 1.0
"""What an entry without a partner costs; a pair costs less as long as anything in it is equal."""

Pair = tuple[ExpectedAlert | None, Happened | None]


def value_of(alert: Alert, name: str, wanted: str = "firing") -> str | None:
    """What a test means by `name`: the alert's own, then its key, its fields and its labels.

    `status` is that of the alert where what is `wanted` is such a word; else it is a field, as in
    an access log.
    """
    if name == "status" and wanted not in STATUSES:
        return alert.key.get(name, alert.fields.get(name))
    if name in ("severity", "status", "message", "count", "suppressed"):
        return str(getattr(alert, name))
    for values in (alert.key, alert.fields, alert.labels):
        if name in values:
            return values[name]
    if name in ("source", "path", "host"):
        return str(getattr(alert, name))
    return None


def names_of(alert: Alert) -> tuple[str, ...]:
    """Every name that `value_of` knows of this alert, what tells most of it first."""
    own = ("severity", "count", "suppressed", "status", "message", "source", "path", "host")
    return tuple(dict.fromkeys((*alert.key, *alert.fields, *alert.labels, *own)))


def compared(
    section: Section,
    expected: Sequence[ExpectedAlert],
    came: Sequence[Happened],
    *,
    start: float,
    place: Place,
) -> tuple[Mismatch, ...]:
    """Where the two lists differ, in their order. `place` is that of the whole list."""
    return tuple(_mismatches(section, aligned(expected, came, start), start, place))


def _mismatches(
    section: Section, pairs: Iterable[Pair], start: float, place: Place
) -> Iterator[Mismatch]:
    for wanted, got in pairs:
        if wanted is None:
            yield Mismatch(section=section, place=place, got=got)
        elif got is None:
            yield Mismatch(section=section, place=wanted.place, expected=wanted)
        elif found := differences(wanted, got, start):
            yield Mismatch(
                section=section, place=wanted.place, expected=wanted, got=got, differences=found
            )


def differences(wanted: ExpectedAlert, got: Happened, start: float) -> tuple[Difference, ...]:
    """Each value of the entry that the alert does not have."""
    found = []
    if wanted.at is not None and abs(wanted.at - got.at) > SAME_TIME_SECONDS:
        found.append(
            Difference(
                name="at",
                place=wanted.places.get("at", wanted.place),
                expected=offset_text(wanted.at, start),
                got=offset_text(got.at, start),
            )
        )
    for name, text in wanted.values.items():
        value = value_of(got.alert, name, text)
        if not _is_equal(name, text, value):
            place = wanted.places.get(name, wanted.place)
            found.append(Difference(name=name, place=place, expected=text, got=value))
    return tuple(found)


def _is_equal(name: str, text: str, value: str | None) -> bool:
    if value is None:
        return False
    if name in ("count", "suppressed"):
        return int(text) == int(value)
    return text == value


def aligned(
    expected: Sequence[ExpectedAlert], came: Sequence[Happened], start: float
) -> list[Pair]:
    """Each expected alert with the one that came for it, in order; None where there is none."""
    rows, columns = len(expected), len(came)
    if (rows + 1) * (columns + 1) > MOST_CELLS:
        return [
            (
                expected[index] if index < rows else None,
                came[index] if index < columns else None,
            )
            for index in range(max(rows, columns))
        ]
    return _walked_back(expected, came, start)


def _costs(
    expected: Sequence[ExpectedAlert], came: Sequence[Happened], start: float
) -> list[list[float]]:
    """`costs[i][j]`: the least that the first i and the first j of both lists cost."""
    table = [[index * _ALONE for index in range(len(came) + 1)]]
    for wanted in expected:
        above = table[-1]
        row = [above[0] + _ALONE]
        for column, got in enumerate(came):
            paired = above[column] + _cost(wanted, got, start)
            row.append(min(paired, above[column + 1] + _ALONE, row[column] + _ALONE))
        table.append(row)
    return table


def _cost(wanted: ExpectedAlert, got: Happened, start: float) -> float:
    """Of one pair: nothing where all is equal, twice `_ALONE` where nothing is."""
    named = len(wanted.values) + (wanted.at is not None)
    if not named:
        return 0.0
    return float(Fraction(len(differences(wanted, got, start)), named)) * 2 * _ALONE


def _walked_back(
    expected: Sequence[ExpectedAlert], came: Sequence[Happened], start: float
) -> list[Pair]:
    """The cheapest way through the table, from its end; of two as cheap the one with more pairs."""
    table = _costs(expected, came, start)
    row, column = len(expected), len(came)
    pairs: list[Pair] = []
    while row or column:
        here = table[row][column]
        if row and column:
            cost = _cost(expected[row - 1], came[column - 1], start)
            if here == table[row - 1][column - 1] + cost:
                row, column = row - 1, column - 1
                pairs.append((expected[row], came[column]))
                continue
        if row and here == table[row - 1][column] + _ALONE:
            row -= 1
            pairs.append((expected[row], None))
        else:
            column -= 1
            pairs.append((None, came[column]))
    return pairs[::-1]


def routing(test: RuleTest, fired: Sequence[Happened]) -> Iterator[Mismatch]:
    """Where `sent_to` and `muted_by` differ from who would have been told."""
    place = test.fires_place or test.place
    for got in fired:
        if test.sent_to is not None and set(got.sinks) != set(test.sent_to):
            yield _said("sent_to", place, " ".join(test.sent_to), " ".join(got.sinks), got)
        if test.muted_by is not None and got.muted_by != test.muted_by:
            yield _said("muted_by", place, test.muted_by, got.muted_by or "", got)


def _said(section: Section, place: Place, expected: str, got: str, happened: Happened) -> Mismatch:
    difference = Difference(
        name=section, place=place, expected=expected or "nobody", got=got or "nobody"
    )
    return Mismatch(section=section, place=place, got=happened, differences=(difference,))


def probed(
    probes: Iterable[Probe], events: Sequence[Happened], named: Callable[[float], str]
) -> Iterator[Mismatch]:
    """Where an episode burns that should not, or none that should. `events` are in order."""
    for probe in probes:
        burning: dict[str, Happened] = {}
        for event in events:
            if event.at > probe.at + SAME_TIME_SECONDS or not _has_key(event.alert, probe.key):
                continue
            if event.alert.status == "resolved":
                burning.pop(event.alert.id, None)
            else:
                burning[event.alert.id] = event
        if bool(burning) == probe.burning:
            continue
        expected, got = "burning", "not burning"
        if not probe.burning:
            expected, got = got, expected
        difference = Difference(
            name=f"at {named(probe.at)}", place=probe.place, expected=expected, got=got
        )
        yield Mismatch(
            section="at",
            place=probe.place,
            got=next(iter(burning.values()), None),
            differences=(difference,),
        )


def _has_key(alert: Alert, key: dict[str, str]) -> bool:
    return all(value_of(alert, name) == text for name, text in key.items())
