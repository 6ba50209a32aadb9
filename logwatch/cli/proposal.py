"""The proposed configuration, whole: drafted, read by the loader, tried on the sample, written.

A rule that the loader refuses or that finds none of the lines that it was made from is left out:
that it was drafted was a mistake of ours, and nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from logwatch.cli.config_draft import Entry, InLines, as_yaml
from logwatch.cli.figures import number
from logwatch.cli.progress import unseen
from logwatch.cli.proposing import Draft, drafts_for
from logwatch.cli.stock_rules import fitting, stock_rules, taken_by
from logwatch.cli.surveying import Survey
from logwatch.config.loader import from_text
from logwatch.config.model import Config
from logwatch.config.problems import InvalidConfigError
from logwatch.matching.engines import Engines
from logwatch.rules.kinds import Absence, NewTemplate

HEAD = (
    "Proposed by `logwatch init` from a sample of logs. Every rule is in shadow mode: what it",
    "finds is stored and sends nothing. Look at each with `logwatch try RULE`; to let one speak,",
    "remove its line `mode: shadow`. Counts are of the lines of the sample.",
)
FEW_STAMPED = 0.5
OUT_OF_ORDER = 0.98
SINKS: dict[str, dict[str, object]] = {"terminal": {"console": {}}}


class Proposal(Struct, frozen=True):
    """What is written, and what is in it in words."""

    text: str
    counted: str


class _Tried(Struct):
    """A draft, and what it found."""

    draft: Draft
    count: int = 0
    lines: int = 0
    example: str = ""


PASSES = 2
"""How often what was read of a log is tried: on the rules that we ship, and on its own."""


def propose(
    surveys: Sequence[Survey], engines: Engines, did: Callable[[int], object] = unseen
) -> Proposal:
    """A configuration for these logs; what is compiled on the way is kept by `engines`.

    `did` is told of bytes that were tried, `PASSES` times those that were read.
    """
    stock, taken = stock_rules(), set[str]()
    tried: list[_Tried] = []
    for found in surveys:
        fits = fitting(stock, found.source(), found.blocks, engines, did)
        drafts = [draft for draft in drafts_for(found, fits, taken) if _is_sound(found, draft)]
        tried += _tried(found, drafts, engines, did)
    text = _text(surveys, tried)
    from_text(text)
    sources, rules = number(len(surveys), "source"), number(len(tried), "rule")
    return Proposal(text, f"{sources}, {rules}, one console sink")


def _is_sound(found: Survey, draft: Draft) -> bool:
    try:
        _config(found, [draft])
    except InvalidConfigError:
        return False
    return True


def _config(found: Survey, drafts: Sequence[Draft]) -> Config:
    return from_text(
        as_yaml(
            (), [_source(found, comments=False)], [Entry((), one.written) for one in drafts], SINKS
        )
    )


def _tried(
    found: Survey, drafts: Sequence[Draft], engines: Engines, did: Callable[[int], object]
) -> list[_Tried]:
    """The drafts with what they find in the sample."""
    if not drafts:
        return []
    rules = _config(found, drafts).rules
    counts, examples = taken_by(rules, found.source(), found.blocks, engines, did)
    tried = []
    for index, (draft, rule) in enumerate(zip(drafts, rules, strict=True)):
        is_about_lines = not isinstance(rule.kind, NewTemplate | Absence)
        if is_about_lines and draft.is_expected and not counts[index]:
            continue
        count = counts[index] if is_about_lines else 0
        tried.append(_Tried(draft, count, found.lines, examples.get(index, "")))
    return tried


def _text(surveys: Sequence[Survey], tried: Sequence[_Tried]) -> str:
    return as_yaml(
        HEAD,
        [_source(found, comments=True) for found in surveys],
        [Entry(_comments(one), one.draft.written) for one in tried],
        SINKS,
    )


def _comments(one: _Tried) -> list[str]:
    notes = "; ".join(one.draft.notes)
    if one.count:
        lines = f"{one.count:,} of {number(one.lines, 'line')}"
        return [f"{notes}: {lines}, e.g." if notes else f"{lines}, e.g.", f"  {one.example}"]
    return [text for text in (notes, one.draft.why) if text]


def _source(found: Survey, *, comments: bool) -> Entry:
    form = found.form
    journald = found.group.journald
    value = InLines(path=found.group.path) if journald is None else InLines(journald=journald)
    if form.format != "plain":
        value["format"] = form.format
    if form.time_field is not None:
        value["time"] = form.time_field
    if form.time_format is not None:
        value["time_format"] = form.time_format
    if form.encoding != "utf-8":
        value["encoding"] = form.encoding
    if form.preset is not None:
        value["multiline"] = form.preset
    return Entry(_remarks(found) if comments else (), {found.name: value})


def _remarks(found: Survey) -> list[str]:
    """What a person should know of a log before its rules speak."""
    form, kinds = found.form, found.templates
    looked = "all" if found.whole else "a sample"
    what = "the journal" if found.group.journald else number(len(found.group.files), "file")
    remarks = [f"{what}; {looked} of {number(found.lines, 'line')}"]
    if kinds:
        remarks[0] += f", {number(kinds, 'kind')} of message"
    levels = [f"{level} {count:,}" for level, count in found.levels.most_common() if level]
    if levels:
        remarks.append(f"levels: {', '.join(levels[:8])}")
    if form.format != "plain" and form.share < 1:
        remarks.append(f"{form.share:.0%} of the lines are {form.format}")
    if form.stamped < FEW_STAMPED:
        remarks.append("no time is found in its lines: each counts when it is read")
    elif not form.names_zone:
        remarks.append("its stamps name no zone: set tz: where it is not that of this machine")
    if form.in_order < OUT_OF_ORDER:
        remarks.append(f"{1 - form.in_order:.0%} of its lines are older than the line before")
    if form.traces:
        remarks.append(f"{form.traces:,} lines go on with the one before (stack traces)")
    return remarks
