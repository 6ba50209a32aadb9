"""What is known of a rule, in words: first what keeps it from firing, last what to try next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from logwatch.cli.figures import epoch, number, size
from logwatch.cli.marking import Screen
from logwatch.cli.why_page import labelled, pairs, wrapped
from logwatch.cli.why_rule import Answer
from logwatch.cli.why_sources import File, Source
from logwatch.rules.explaining import ago, on_clock
from logwatch.sinks.plain_text import shorten, visible

LONGEST_KEY = 60
MOST_FILES = 5
"""Files of one source that are listed; those that are not read first."""


def answer_in_words(answer: Answer, screen: Screen, now: float) -> Iterator[str]:
    """The lines of the screen; `now` is wall time."""
    parts = [answer.rule, pairs(answer.asked), answer.defined_at, answer.kind]
    parts += [f"by {', '.join(answer.by)}"] if answer.by else []
    yield from wrapped(screen, "", "  ".join(part for part in parts if part))
    if not answer.in_config:
        gone = "it is not in the configuration: removed, renamed, or in a file not included"
        if answer.rule.startswith("logwatch."):
            gone = "logwatch tells this of itself; it is no rule of the configuration"
        yield from labelled(screen, "config", [gone])
    yield from labelled(screen, "mode", _mode(answer, now))
    yield from labelled(screen, "daemon", [answer.daemon] if answer.daemon else [])
    for each in answer.remarks:
        remedy = f" ({each.remedy})" if each.remedy else ""
        yield from labelled(screen, "!", [f"{each.about}: {each.text}{remedy}"])
    for source in answer.sources:
        yield from labelled(screen, "source", _source(source, now))
    for heard in answer.hears:
        text = f"{heard.burning:,} of it burning now" if heard.burning else "does not burn"
        yield from labelled(screen, "hears", [f"{heard.rule}: {text}"])
    if answer.in_config:
        yield from labelled(screen, "as of", [_as_of(answer, now)])
    yield from labelled(screen, "state", _state(answer))
    yield from _keys(answer, screen)
    if answer.last is not None:
        last = answer.last
        told = f"{last.status} {on_clock(epoch(last.at), now)}: {last.message}"
        yield from labelled(screen, "last", [told, f"logwatch why {last.alert}"])
    yield from labelled(screen, "next", _next(answer))


def _mode(answer: Answer, now: float) -> Iterator[str]:
    """What may keep it from firing, or from telling anybody, whatever comes."""
    if answer.mode == "shadow":
        yield "shadow: it fires, that is stored, and nobody is told"
    if answer.active is not None:
        until = ""
        if answer.active_changes is not None:
            until = f" until {on_clock(epoch(answer.active_changes), now)}"
        state = "it looks at lines now" if answer.is_active else "it looks at no line now"
        yield f"active {answer.active}: {state}{until}"
    for name in answer.absorbed_by:
        yield f"while {name} burns, that is told instead of this rule"


def _as_of(answer: Answer, now: float) -> str:
    if answer.as_of is None:
        return "nothing is stored"
    at = epoch(answer.as_of)
    if answer.running is False or now - at > 1:
        return f"{on_clock(at, now)}, {ago(at, now)}"
    return f"{on_clock(at, now)}; the store may be a second behind"


def _source(source: Source, now: float) -> Iterator[str]:
    if not source.files and not source.problems:
        is_file = bool(source.paths)
        paths = f"no file matches {' or '.join(source.paths)}"
        yield f"{source.name}: {paths if is_file else 'read while the daemon runs'}"
    for problem in source.problems:
        yield f"{source.name}: {problem}"
    bad_first = sorted(source.files, key=lambda each: each.status in ("following", "readable"))
    for file in bad_first[:MOST_FILES]:
        yield f"{source.name}: {_file(file, now)}"
    more = len(bad_first) - MOST_FILES
    if more > 0:
        yield f"{source.name}: and {number(more, 'more file')} (logwatch status -a)"


def _file(file: File, now: float) -> str:
    facts = [file.status]
    if file.detail:
        facts[0] += f": {file.detail}"
    if file.behind:
        facts.append(f"{size(file.behind)} not read yet")
    if file.status == "following":
        read = file.last_read
        facts.append("nothing new since the start" if read is None else _read(epoch(read), now))
    return f"{file.path}  {', '.join(facts)}"


def _read(at: float, now: float) -> str:
    return f"last read {ago(min(at, now), now)}"


def _state(answer: Answer) -> Iterator[str]:
    """What is remembered of the rule, and of the one key that was asked about."""
    if answer.memory:
        yield answer.memory
    yield from answer.standing
    if answer.asked and not answer.keys:
        yield f"not known: {answer.unknown or 'nothing is left'}"
        for near in answer.near:
            yield f"did you mean {pairs(near)}?"
    elif _is_one(answer):
        key = answer.keys[0]
        if key.key != answer.asked:
            yield pairs(key.key)
        yield from key.state
    elif answer.in_config and not answer.keys and not answer.memory:
        yield "nothing is remembered" + (" of any key" if answer.key_fields else "")


def _is_one(answer: Answer) -> bool:
    """Whether there is one key to tell everything of."""
    return len(answer.keys) == 1 and (bool(answer.asked) or not answer.key_fields)


def _keys(answer: Answer, screen: Screen) -> Iterator[str]:
    """A line for each key, where several may be meant."""
    if not answer.keys or _is_one(answer):
        return
    count = answer.number_of_keys
    few = f", {len(answer.keys)} of them:" if count > len(answer.keys) else ":"
    yield from labelled(screen, "keys", [f"{count:,} remembered{few}"])
    for key in answer.keys:
        name = visible(shorten(pairs(key.key), LONGEST_KEY))
        yield from wrapped(screen, f"  {name}  ", "".join(key.state[:1]))


def _next(answer: Answer) -> Iterator[str]:
    """The nearest things to try."""
    rule = shlex.quote(answer.rule)
    if not answer.in_config:
        if answer.rule.startswith("logwatch."):
            yield "logwatch status  how it is now"
            return
        yield "logwatch check  reads the configuration, and says what it read"
        return
    unread = [source.name for source in answer.sources if not source.is_read]
    if unread:
        yield f"no file of {', '.join(unread)} is read now: nothing of it can fire"
    if answer.sources and not answer.rule.startswith("logwatch."):
        yield "logwatch why --line 'TEXT'  whether a line that should count is taken"
        yield f"logwatch try {rule} FILE  what it takes of a log, and what it just misses"
    for heard in answer.hears:
        yield f"logwatch why {shlex.quote(heard.rule)}  why a rule that it listens to fires or not"
