"""`tests:` -> what rules are given and must say; names, times and fields are checked here."""

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from msgspec import Struct

from logwatch.config.dates import EXAMPLE_TIME, date_time
from logwatch.config.found import Found
from logwatch.config.key_forms import Keys, OneOrMany
from logwatch.config.line_keys import LineKeys, numbered
from logwatch.config.names import Names, distinct
from logwatch.config.problems import Place, Report, shown, split_remedy, suggestion
from logwatch.config.references import References
from logwatch.config.rule_tests import (
    START_SECONDS,
    ExpectedAlert,
    Probe,
    RuleTest,
    TimedLine,
)
from logwatch.records import SEVERITIES, STATUSES
from logwatch.rules.base import RuleSettings
from logwatch.tailer.settings import SourceSettings
from logwatch.units import parse_duration


class RuleTestKeys(Keys, frozen=True):
    """One entry of `tests:`."""

    required: ClassVar = ("rule", "lines")
    either: ClassVar = {"lines": ("file",)}
    examples: ClassVar = {
        "rule": "backup-not-finished",
        "start": "2026-01-05T01:00:00Z",
        "lines": "['+0s started job=db']",
        "file": "samples/jobs.log",
        "source": "app",
        "until": "+3h",
        "fires": "[{at: +2h, job: db}]",
        "resolves": "[{at: +4h, job: db}]",
        "quiet": "true",
        "sent_to": "[ops]",
        "muted_by": "outage",
        "at": "[{at: +2h, job: db, burning: true}]",
    }

    rule: str = ""
    start: str | None = None
    lines: tuple[LineKeys, ...] = ()
    file: str | None = None
    source: str | None = None
    until: str | None = None
    fires: tuple[dict[str, str], ...] = ()
    resolves: tuple[dict[str, str], ...] | None = None
    quiet: bool = False
    sent_to: OneOrMany | None = None
    muted_by: str | None = None
    at: tuple[dict[str, str], ...] = ()


class Tested(Struct, frozen=True):
    """What a test may refer to."""

    rules: Names
    sources: Names
    sinks: Names
    mutes: Names
    inhibits: bool
    """Whether any episode keeps others from being told."""
    own_source: Mapping[str, str]
    """The source that the lines of a test of this rule come from; only of rules that are sound."""
    absorbing: Mapping[str, Collection[str]]
    """Rule -> the rules that absorb it."""
    of_lines: Collection[str]
    """Sources that are sound and whose records are no entries; see `Origin.joins`."""
    joining: Collection[str]
    """Those of them that put lines together to records."""
    tagged: Mapping[str, str]
    """Tag -> the first source that has it: rules are tested with whatever sources there are."""


def surroundings(
    names: Mapping[str, Names],
    rules: Sequence[RuleSettings],
    sources: Mapping[str, SourceSettings],
    *,
    inhibits: bool = False,
) -> Tested:
    """What tests may refer to, where these rules and sources are sound."""
    by_name = {rule.name: rule for rule in rules}
    of_lines = {
        name for name, each in sources.items() if each.origin is None or not each.origin.joins
    }
    absorbing: dict[str, set[str]] = {}
    for rule in rules:
        for part in rule.kind.hears() if getattr(rule.kind, "absorbs", False) else ():
            absorbing.setdefault(part, set()).add(rule.name)
    return Tested(
        rules=names["rules"],
        sources=names["sources"],
        sinks=names["sinks"],
        mutes=names["mutes"],
        inhibits=inhibits,
        own_source={
            name: _own_source(rule, by_name, tuple(sources)) for name, rule in by_name.items()
        },
        absorbing=absorbing,
        of_lines=of_lines,
        joining={name for name in of_lines if sources[name].multiline is not None},
        tagged={
            tag: source.name for source in reversed([*sources.values()]) for tag in source.tags
        },
    )


def _own_source(
    rule: RuleSettings, rules: Mapping[str, RuleSettings], sources: Sequence[str]
) -> str:
    """The first source that `rule` looks at, or that a rule does whose episodes it hears of."""
    names = [*sources[:1], ""]
    waiting, seen = [rule], {rule.name}
    while waiting:
        this = waiting.pop(0)
        for selector in this.selectors():
            return (selector.sources or names)[0]
        more = [name for name in this.kind.hears() if name in rules and name not in seen]
        seen.update(more)
        waiting += [rules[name] for name in more]
    return names[0]


def look_for_file(found: Found[RuleTestKeys], test: RuleTest, report: Report) -> None:
    """Warn when the file of a test is not there: `logwatch test` fails then, `run` does not."""
    if test.file is not None and not test.file.is_file():
        report.warning(
            found.place("file"), "no-match", "there is no such file now", f"looked for {test.file}"
        )


class _Section:
    """One entry on its way."""

    def __init__(self, found: Found[RuleTestKeys], around: Tested, report: Report) -> None:
        self.found = found
        self.around = around
        self.report = report
        self.sound = not found.broken

    def refuse(self, place: Place, message: str, remedy: str, code: str = "bad-value") -> None:
        self.report.error(place, code, message, remedy)
        self.sound = False

    def time(self, text: str, place: Place, start: float) -> float:
        """When `text` is: `+2h` after the start, or a date and time."""
        try:
            if text.startswith("+"):
                return start + parse_duration(text[1:].strip())
            return date_time(text)
        except ValueError as error:
            message, remedy = split_remedy(str(error))
            also = "" if text.startswith("+") else ", or +2h"
            self.refuse(place, message, f"{remedy or EXAMPLE_TIME}{also}")
            return start


def build_test(
    found: Found[RuleTestKeys], around: Tested, references: References, report: Report
) -> RuleTest | None:
    """One test; None after reporting why it cannot be."""
    section = _Section(found, around, report)
    keys = found.value
    if found.sound("rule") and "rule" in found.given:
        section.sound &= around.rules.check(keys.rule, found.place("rule"), report)
    start = START_SECONDS
    if keys.start is not None:
        start = section.time(keys.start, found.place("start"), start)
    _check_verdict(section)
    source = _source(section)
    test = RuleTest(
        rule=keys.rule,
        place=found.place(),
        start=start,
        lines=_lines(section, start, source),
        file=None if keys.file is None else references.path(_path(section, keys.file)),
        source=source,
        until=None if keys.until is None else section.time(keys.until, found.place("until"), start),
        fires=_expected(section, "fires", keys.fires, start),
        resolves=None
        if keys.resolves is None
        else _expected(section, "resolves", keys.resolves, start),
        quiet=keys.quiet,
        sent_to=_sent_to(section),
        muted_by=_muted_by(section),
        probes=_probes(section, start),
        fires_place=found.place("fires" if "fires" in found.given else "quiet"),
    )
    return test if section.sound else None


def _check_verdict(section: _Section) -> None:
    """A test that asks for nothing passes by accident."""
    found = section.found
    fires, quiet = bool(found.value.fires), found.value.quiet
    if not found.sound("fires", "quiet", "rule"):
        return
    if fires and quiet:
        section.refuse(
            found.place("quiet"),
            "'quiet' says that nothing fires, and 'fires' what does",
            "leave one of them out",
        )
    elif not fires and not quiet:
        section.refuse(
            found.place(),
            "the test has neither 'fires' nor 'quiet', so it would always pass",
            "write fires: [{at: +2h}], or quiet: true",
            "missing-key",
        )
    if found.value.lines and found.value.file is not None:
        section.refuse(found.key("file"), "'file' beside 'lines'", "leave one of them out")


def _source(section: _Section) -> str:
    found, around = section.found, section.around
    name = found.value.source
    if name is None:
        return around.own_source.get(found.value.rule, "")
    return _known_source(section, name, found.place("source"))


def _known_source(section: _Section, name: str, place: Place) -> str:
    """The source that `name` means, which may be a tag of it."""
    sources, tagged = section.around.sources, section.around.tagged
    section.sound &= sources.check(name, place, section.report, also=tagged)
    return name if name in sources else tagged.get(name, name)


def _path(section: _Section, text: str) -> str:
    if text.strip() and "\0" not in text:
        return text
    section.refuse(section.found.place("file"), "'file' names no file", "write file: jobs.log")
    return "."


def _lines(section: _Section, start: float, source: str) -> tuple[TimedLine, ...]:
    found = section.found
    lines = []
    at = start
    for number, line in enumerate(found.value.lines):
        place = found.place("lines", number)
        if line.at is not None:
            at = section.time(line.at, found.place("lines", number, "at"), start)
        here = source
        if line.source is not None:
            here = _known_source(section, line.source, found.place("lines", number, "source"))
        is_line = here in section.around.of_lines
        text, joins = line.text.removesuffix("\n"), here in section.around.joining
        if is_line and not joins and "\n" in text:
            remedy = f"write a list entry for each; {shown(here)} has no 'multiline'"
            section.refuse(place, "this is more than one line", remedy)
        if is_line and line.fields is not None:
            there = found.place("lines", number, "fields")
            message = f"'fields' beside a line of {shown(here)}, which has them in its text"
            section.refuse(there, message, "leave them out; they are for the journal and syslog")
        if line.every and line.times is None:
            there = found.place("lines", number, "every")
            section.refuse(there, "'every' without 'times'", "write times: 50, too", "missing-key")
        first = at
        for index in range(line.times or 1):
            at = first + index * line.every
            this = numbered(line.times and index + 1, text, line.fields)
            lines += [
                TimedLine(at=at, text=each, source=here, place=place, fields=this[1])
                for each in (this[0].split("\n") if joins else this[:1])
            ]
    return tuple(lines)


def _expected(
    section: _Section, key: str, entries: tuple[dict[str, str], ...], start: float
) -> tuple[ExpectedAlert, ...]:
    """The alerts that `fires` or `resolves` lists."""
    found = section.found
    alerts = []
    for number, entry in enumerate(entries):
        places = {name: found.place(key, number, name) for name in entry}
        values = dict(entry)
        at = values.pop("at", None)
        for name in entry:
            _check_expected(section, name, entry[name], places[name])
        if "say" in values:
            values["message"], places["message"] = values.pop("say"), places.pop("say")
        alerts.append(
            ExpectedAlert(
                at=None if at is None else section.time(at, places["at"], start),
                values=values,
                place=found.place(key, number),
                places=places,
            )
        )
    return tuple(alerts)


def _check_expected(section: _Section, name: str, text: str, place: Place) -> None:
    """Whether an alert can have this value under `name`."""
    choices = {"severity": SEVERITIES, "status": STATUSES}.get(name)
    if name == "status":
        from difflib import get_close_matches  # noqa: PLC0415 - few tests name it

        if not get_close_matches(text, STATUSES, 1, cutoff=0.7):
            return  # the field of an access log, say
    if choices is not None and text not in choices:
        section.refuse(
            place, f"{shown(text)} is no {name!r}", suggestion(text, choices, of="choose")
        )
    elif name in ("count", "suppressed") and not text.isdecimal():
        section.refuse(place, f"{name!r} must be a whole number", f"write {name}: 5", "bad-type")


def _sent_to(section: _Section) -> tuple[str, ...] | None:
    found = section.found
    if found.value.sent_to is None:
        return None
    for number, name in enumerate(found.value.sent_to):
        place = found.place("sent_to", number)
        section.sound &= section.around.sinks.check(name, place, section.report)
    return distinct(found.value.sent_to)


def _muted_by(section: _Section) -> str | None:
    """What keeps this rule from being told, as alerts say it: a composite, a mute, another rule."""
    found, around = section.found, section.around
    name = found.value.muted_by
    if name is None:
        return None
    absorbing = around.absorbing.get(found.value.rule, ())
    place, what = found.place("muted_by"), name.partition(" ")
    if what[0] == "mute" and what[2]:
        section.sound &= around.mutes.check(what[2], place, section.report)
        return name
    if name in absorbing or found.value.rule not in around.own_source:
        return name
    if name in around.mutes:
        return f"mute {name}"
    inhibitor = name.removeprefix("inhibit by ")
    if around.inhibits and inhibitor in around.rules:
        return f"inhibit by {inhibitor}"
    if around.mutes.complete:
        section.refuse(
            place,
            f"{shown(name)} neither absorbs nor mutes {shown(found.value.rule)}",
            suggestion(name, {*absorbing, *around.mutes}, of="what may"),
            "unknown-name",
        )
    return name


def _probes(section: _Section, start: float) -> tuple[Probe, ...]:
    found = section.found
    probes = []
    for number, entry in enumerate(found.value.at):
        key = dict(entry)
        at, burning = key.pop("at", None), key.pop("burning", None)
        for name, value in (("at", at), ("burning", burning)):
            if value is None:
                message = f"the probe has no {name!r}"
                remedy = "write {at: +2h, burning: true}"
                section.refuse(found.place("at", number), message, remedy, "missing-key")
        if burning not in ("true", "false", None):
            place = found.place("at", number, "burning")
            message = f"'burning' must be true or false, not {shown(burning)}"
            section.refuse(place, message, "write true or false", "bad-type")
        probes.append(
            Probe(
                at=section.time(at or "+0s", found.place("at", number, "at"), start),
                key=key,
                burning=burning == "true",
                place=found.place("at", number),
            )
        )
    return tuple(probes)
