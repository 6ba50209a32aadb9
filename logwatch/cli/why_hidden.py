"""What hides alerts now: mutes of the configuration, silences and inhibition, as a daemon has them.

Asked of the store beside the daemon, so what was committed counts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from logwatch import telemetry
from logwatch.alerts.mutes import NAME, SILENCES, Mutes
from logwatch.alerts.silences import Silence
from logwatch.cli.figures import rough
from logwatch.cli.silence_words import matchers
from logwatch.clock import Moment
from logwatch.config.model import Config
from logwatch.errors import StoreError
from logwatch.matching.searches import guarded_search
from logwatch.records import Alert, decode_alert
from logwatch.rules.base import RuleSettings
from logwatch.rules.explaining import on_clock
from logwatch.rules.message import about_logwatch
from logwatch.store.reader import StoreReader

if TYPE_CHECKING:
    from logwatch.cli.verdicts import Verdict  # loads what reads and matches lines


class Hidden:
    """What hides alerts at one moment."""

    def __init__(self, config: Config | None, reader: StoreReader | None, now: Moment) -> None:
        """Without a configuration its mutes are not known, without a store no silence is."""
        self._now = now
        mutes, inhibits = (config.mutes, config.inhibit) if config is not None else ((), ())
        self._mutes = Mutes(mutes, inhibits, host=os.uname().nodename, make_search=guarded_search)
        burning: list[Alert] = []
        if reader is not None:
            self._restore(reader)
            burning = [decode_alert(each.body) for each in reader.burning()]
        self._mutes.begin(burning, now)
        listed = self._mutes.silences.listed(now)
        self._silences: Mapping[str, Silence] = {each.name: each for each in listed}

    def by(self, alert: Alert) -> str | None:
        """What would hide `alert` now, as `muted_by` says it; None: nothing."""
        muting = self._mutes.verdict(alert, self._now)
        return None if muting is None else muting.by

    def in_words(self, by: str) -> str:
        """`silence #3 'pen test' by ann (rule=ssh-*), until 17:12 (38m)`, for what is `by`."""
        silence = self._silences.get(by)
        if silence is None:
            return by
        why = f" '{silence.comment}'" if silence.comment else ""
        return f"{by}{why} by {silence.author} ({matchers(silence)}), {self._end(silence)}"

    def _end(self, silence: Silence) -> str:
        now = self._now.wall
        if silence.ended is not None:
            by = f" by {silence.ended_by}" if silence.ended_by else ""
            return f"ended {on_clock(silence.ended, now)}{by}"
        if silence.until is None:
            return "until what it hid at its making is resolved"
        return f"until {on_clock(silence.until, now)} ({rough(ceil(silence.until - now))})"

    def _restore(self, reader: StoreReader) -> None:
        for name in (NAME, SILENCES):
            for state in reader.states(name, ""):
                try:
                    self._mutes.restore(state)
                except (ValueError, msgspec.DecodeError) as problem:  # another version wrote it
                    telemetry.debug("why.state_not_read", name=name, reason=repr(problem))


class Hiding:
    """What would hide the alert of a rule that takes a line."""

    def __init__(self, config: Config, now: Moment) -> None:
        self._rules = {rule.name: rule for rule in config.rules}
        self._now = now.wall
        try:
            reader = StoreReader(config.state)
        except StoreError:  # there is none, or it is closed to whoever asks: mutes are known
            self._hidden = Hidden(config, None, now)
            return
        try:
            self._hidden = Hidden(config, reader, now)
        finally:
            reader.close()

    def by(self, verdict: Verdict, source: str, line: str) -> str | None:
        """What hides it now; None where nothing does, or where no alert would come of it."""
        rule = self._rules.get(verdict.rule)
        if verdict.outcome != "taken" or rule is None or rule.shadow:
            return None
        return self._hidden.by(self._alert(rule, verdict, source, line))

    def in_words(self, by: str) -> str:
        """See `Hidden.in_words`."""
        return self._hidden.in_words(by)

    def _alert(self, rule: RuleSettings, verdict: Verdict, source: str, line: str) -> Alert:
        """As much of the alert as is known of it before there is one."""
        captures = {one.name: line[one.start : one.end] for one in verdict.captures}
        alert = about_logwatch(
            rule.name,
            "",
            id="",
            severity=rule.severity,
            wall=self._now,
            host=os.uname().nodename,
            source=source,
            labels=rule.labels,
        )
        key = {name: captures[name] for name in rule.by if name in captures}
        return replace(alert, key=key, fields=captures)
