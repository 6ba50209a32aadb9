"""`unique`, `new`, `spike`, `value` and `ratio` -> their settings: the kinds that reckon."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from yaml import MappingNode

from logwatch.config.document import child
from logwatch.config.fields import Use, check_field
from logwatch.config.found import Found
from logwatch.config.keys import RuleKeys
from logwatch.config.kind_keys import SelectorKeys, is_measure
from logwatch.config.names import distinct
from logwatch.config.problems import Report, shown
from logwatch.config.selectors import Look, build_look, standing_for
from logwatch.config.surroundings import Surroundings
from logwatch.quantities import quantity
from logwatch.rules.base import KindSettings, Selector
from logwatch.rules.kinds import NewTemplate, NewValue, Ratio, Spike, TooFewValues, Unique, Value
from logwatch.units import parse_duration

Builder = Callable[[Found[RuleKeys], Look, Surroundings, Report], KindSettings | None]

_WEEK_SECONDS = 604_800
_MOST_WEEKS = 52
_SEASON = re.compile(r"same (?:hour|time) last ([0-9]{1,3}) weeks?")
_RATE = re.compile(r"([0-9]{1,6}) ?/ ?([0-9]*[0-9a-z]+)")


def build_unique(
    found: Found[RuleKeys], own: Look, _around: Surroundings, report: Report
) -> KindSettings | None:
    """`unique: {of: port, above: 20, in: 1m}`, `unique: {of: node, below: 3, in: 5m}`."""
    keys = found.value.unique
    assert keys is not None
    sound = _check_names(found, own, ("unique", "of"), keys.of, report)
    if keys.above is not None and keys.below is not None:
        report.error(
            found.key("unique", "below"),
            "bad-value",
            "'above' and 'below' in one 'unique'",
            "make two rules of it; a third may name both: any_of: [ONE, OTHER]",
        )
        return None
    if not sound:
        return None
    of = distinct(keys.of)
    if keys.below is not None:
        return TooFewValues(of=of, below=keys.below, limit=keys.window)
    assert keys.above is not None
    return Unique(of=of, above=keys.above, window=keys.window)


def build_new(
    found: Found[RuleKeys], own: Look, _around: Surroundings, report: Report
) -> KindSettings | None:
    """`new: {value: user, learn: 7d}`, `new: {template: message, learn: 24h}`."""
    keys = found.value.new
    assert keys is not None
    template = keys.template
    written = _written(found, "new")
    word, foreign = ("value", "at_most") if template is None else ("template", "forget")
    other = "value" if template is not None and "value" in written else foreign
    if other in written:
        report.error(
            found.key("new", other),
            "bad-value",
            f"{other!r} has no meaning beside {word!r}",
            "write new: {value: user, learn: 7d, forget: 90d}"
            " or new: {template: message, learn: 24h, at_most: 5/h}",
        )
        return None
    if template is None:
        if not _check_names(found, own, ("new", "value"), keys.value, report):
            return None
        return NewValue(value=distinct(keys.value), learn=keys.learn, forget=keys.forget)
    # A line without a message is taken as a whole, so this name need not be there.
    sound = template == "message" or _check_names(
        found, own, ("new", "template"), (template,), report
    )
    if "cooldown" in found.given:
        report.error(
            found.key("cooldown"),
            "bad-value",
            "'cooldown' has no meaning beside 'template': each is told once",
            "write new: {template: message, at_most: 5/h}",
        )
        sound = False
    at_most = None if keys.at_most is None else _rate(found, keys.at_most, report)
    if not sound or (at_most is None and keys.at_most is not None):
        return None
    return NewTemplate(field=template, learn=keys.learn, at_most=at_most)


def build_spike(
    found: Found[RuleKeys], _own: Look, _around: Surroundings, report: Report
) -> KindSettings | None:
    """`spike: {up: 3, over: 10m, vs: previous, min: 30}`."""
    keys = found.value.spike
    assert keys is not None
    weeks = _weeks(found, keys.vs, report)
    if weeks is None:
        return None
    if weeks and _WEEK_SECONDS % keys.over:
        report.error(
            found.place("spike", "over"),
            "bad-value",
            "this is no whole part of a week, so no former week has the same buckets",
            "write over: 10m, 15m, 30m or 1h",
        )
        return None
    return Spike(up=keys.up, down=keys.down, over=keys.over, weeks=weeks, minimum=keys.min)


def build_value(
    found: Found[RuleKeys], own: Look, _around: Surroundings, report: Report
) -> KindSettings | None:
    """`value: {p95: request_time, above: 800ms, in: 5m, min: 50}`."""
    keys = found.value.value
    assert keys is not None
    measure = keys.measure
    if not is_measure(measure):
        place = found.place("value", "measure") if measure else found.place("value")
        report.error(
            place,
            "bad-value" if measure else "missing-key",
            f"there is no figure {shown(measure)}" if measure else "'value' has no figure",
            "write one of p50 to p99, avg, sum, max, min, and its field: p95: request_time",
        )
        return None
    key = "of" if "of" in _written(found, "value") else measure
    sound = _check_names(found, own, ("value", key), (keys.of,), report)
    above, below = (_bound(found, side, report) for side in ("above", "below"))
    written = [text for text in (keys.above, keys.below) if text is not None]
    if len(written) + (above, below).count(None) > 2:  # one of them was reported
        return None
    if not (_check_band(found, "value", above, below, report) and sound):
        return None
    return Value(
        measure=measure,
        field=keys.of,
        above=above,
        below=below,
        bound=(keys.above or keys.below or "").strip(),
        window=keys.window,
        minimum=keys.min,
    )


def build_ratio(
    found: Found[RuleKeys], own: Look, around: Surroundings, report: Report
) -> KindSettings | None:
    """`ratio: {of: {status: '>= 500'}, above: 5%, in: 5m, min: 200}`."""
    keys = found.value.ratio
    assert keys is not None
    sound = _check_band(found, "ratio", keys.above, keys.below, report)
    if isinstance(keys.of, dict):
        inner = standing_for(found, SelectorKeys(where=keys.of), "where", "ratio", "of")
    else:
        inner = standing_for(found, SelectorKeys(match=keys.of), "match", "ratio", "of")
    part = build_look(inner, around, report, outer=own)
    if part.match and own.match:
        report.error(
            found.place("ratio", "of"),
            "bad-value",
            "patterns in 'of' beside 'match': one line would have to pass both",
            "write conditions: of: {status: '>= 500'}, or leave 'match' out",
        )
        return None
    if not sound or not part.sound:
        return None
    of = Selector(
        sources=own.sources if own.named else None,
        match=part.match or own.match,
        unless=own.unless or (),
        where=(own.where or ()) + (part.where or ()),
    )
    return Ratio(of=of, above=keys.above, below=keys.below, window=keys.window, minimum=keys.min)


def _check_names(
    found: Found[RuleKeys],
    own: Look,
    path: tuple[str, str],
    names: tuple[str, ...],
    report: Report,
) -> bool:
    """Whether records that match may have each of these fields."""
    if not names or not all(names):
        report.error(found.place(*path), "bad-value", f"{path[1]!r} names no field", "name one")
        return False
    sound = True
    for number, name in enumerate(names):
        use = Use(path[1], name, found.place(*path, number))
        sound &= own.fields is None or check_field(found, use, own.fields, report)
    return sound


def _check_band(
    found: Found[RuleKeys], word: str, above: float | None, below: float | None, report: Report
) -> bool:
    """Whether something is left between two bounds."""
    if above is None or below is None or below < above:
        return True
    report.error(
        found.place(word, "below"),
        "bad-value",
        "'below' is not less than 'above', so everything is out of bounds",
        "leave one of them out, or make 'below' the lesser one",
    )
    return False


def _written(found: Found[RuleKeys], word: str) -> set[str]:
    """The keys inside the map under `word`."""
    node = child(found.node, word)
    return {key.value for key, _ in node.value} if isinstance(node, MappingNode) else set()


def _bound(found: Found[RuleKeys], side: str, report: Report) -> float | None:
    """One bound of `value`, in seconds or bytes where it has a unit; None without a sound one."""
    text = getattr(found.value.value, side)
    if text is None:
        return None
    measured = quantity(text.strip())
    number = math.inf if measured is None else float(measured.value)
    if math.isfinite(number):
        return number
    report.error(
        found.place("value", side),
        "bad-value",
        f"{shown(text)} is no number",
        f"write {side}: 12.5, or one with a unit: 800ms, 3MiB",
    )
    return None


def _weeks(found: Found[RuleKeys], text: str, report: Report) -> int | None:
    """How many former weeks to look at; 0 is the bucket before."""
    if text == "previous":
        return 0
    season = _SEASON.fullmatch(" ".join(text.split()))
    if season and 1 <= int(season[1]) <= _MOST_WEEKS:
        return int(season[1])
    report.error(
        found.place("spike", "vs"),
        "bad-value",
        f"{shown(text)} is nothing to compare with",
        "write vs: previous, or vs: same hour last 4 weeks",
    )
    return None


def _rate(found: Found[RuleKeys], text: str, report: Report) -> tuple[int, float] | None:
    """`5/h`: how many, within how many seconds."""
    rate = _RATE.fullmatch(text.strip())
    unit = "" if rate is None else {"min": "m", "hour": "h", "day": "d"}.get(rate[2], rate[2])
    try:
        seconds = parse_duration(unit if unit[:1].isdigit() else f"1{unit}")
    except ValueError:
        seconds = 0.0
    if rate is not None and seconds > 0 and int(rate[1]) > 0:
        return int(rate[1]), seconds
    report.error(
        found.place("new", "at_most"),
        "bad-value",
        f"{shown(text)} is no rate",
        "write at_most: 5/h, 10/d or 3/30m",
    )
    return None
