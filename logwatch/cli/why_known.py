"""`logwatch why ID` and `why RULE`: what the store and the daemon know, found and printed.

Reads the store beside the daemon, or without one; writes nothing. A configuration that an editor
has open and broken hides no alert: then only what it alone knows is missing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from logwatch import telemetry
from logwatch.cli.json_lines import encoded
from logwatch.cli.looker import Absence
from logwatch.cli.marking import screen_of
from logwatch.cli.volume import least_level
from logwatch.cli.why_alert import as_builtins, life_of
from logwatch.cli.why_alert_text import life_in_words
from logwatch.cli.why_hidden import Hidden
from logwatch.cli.why_page import daemon_of
from logwatch.cli.why_rule import Asked, answer_of
from logwatch.cli.why_rule_text import answer_in_words
from logwatch.clock import Clock, SystemClock
from logwatch.config.loader import load
from logwatch.config.model import Config
from logwatch.config.search import find_config
from logwatch.config.state_place import state_folder
from logwatch.errors import ConfigError, Exit, StoreDeniedError, StoreError, UsageError
from logwatch.sinks.plain_text import visible
from logwatch.store.last_seen import last_seen
from logwatch.store.life import LifeReader


def explain(options: argparse.Namespace, *, is_id: bool) -> Exit:
    """Print what is known of `options.what`; `is_id`: it may be the beginning of an id."""
    telemetry.telemetry.configure(least_level())
    clock = SystemClock()
    path = find_config(options.config)
    state = state_folder(path)
    config, broken = _loaded(path)
    reader = _reader(state)
    try:
        known = {rule.name for rule in config.rules} if config else set()
        if reader is not None:
            known |= reader.remembered_rules().keys()
        if is_id and not options.key and options.what not in known:
            return _alert(options, reader, config, broken, clock, known=known)
        if config is None:
            assert broken is not None
            raise broken
        return _rule(options, reader, config, known, clock)
    finally:
        if reader is not None:
            reader.close()


def _loaded(path: Path) -> tuple[Config | None, ConfigError | None]:
    try:
        return load(path, sends=False), None
    except ConfigError as problem:
        return None, problem


def _reader(state: Path) -> LifeReader | None:
    """None where there is no store. Raises StoreError where there is one that cannot be read."""
    try:
        return LifeReader(state)
    except StoreDeniedError:
        raise
    except StoreError:
        if last_seen(state) is None:
            return None
        raise


def _alert(
    options: argparse.Namespace,
    reader: LifeReader | None,
    config: Config | None,
    broken: ConfigError | None,
    clock: Clock,
    *,
    known: Iterable[str],
) -> Exit:
    if reader is None:
        print("there is no store: no daemon has run with this configuration", file=sys.stderr)
        return Exit.UNREACHABLE
    hidden = Hidden(config, reader, clock.moment())
    daemon = daemon_of(options.config, clock)
    life = life_of(options.what, reader, config, daemon, hidden)
    if life is None:
        from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

        near = get_close_matches(options.what, known, 1)
        hint = f"; did you mean the rule {near[0]!r}?" if near else " (logwatch alerts)"
        print(
            f"no rule is named {options.what!r}, and no alert that is kept has an id that begins so"
            f"{hint}",
            file=sys.stderr,
        )
        return Exit.NO
    if broken is not None:
        first = str(broken).partition("\n")[0]
        print(f"the configuration cannot be read: {visible(first)}", file=sys.stderr)
    if options.output == "json":
        _print([encoded(as_builtins(life))])
    else:
        _print(life_in_words(life, hidden, screen_of(), clock.moment()))
    return Exit.DONE


def _rule(
    options: argparse.Namespace,
    reader: LifeReader | None,
    config: Config,
    known: Iterable[str],
    clock: Clock,
) -> Exit:
    daemon = daemon_of(options.config, clock)
    asked = Asked(options.what, dict(_pairs(options.key)))
    answer = answer_of(asked, reader, config, daemon, clock, known=sorted(known))
    if options.output == "json":
        _print([encoded(msgspec.to_builtins(answer))])
    else:
        _print(answer_in_words(answer, screen_of(), clock.wall()))
    if reader is None and isinstance(daemon, Absence):
        return Exit.UNREACHABLE
    return Exit.DONE if answer.known else Exit.NO


def _pairs(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(f"{word!r} is no key; write ip=203.0.113.9")
        yield name, value


def _print(lines: Iterable[str]) -> None:
    screen = screen_of()
    screen.write(*lines)
    screen.flush()
