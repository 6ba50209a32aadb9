"""All files' entries, joined: names first, then what refers to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from yaml import Node

from logwatch.config import routes, rules, sinks, sources
from logwatch.config.alert_conditions import AlertFields
from logwatch.config.document import Document
from logwatch.config.feedback import warn_of_feedback
from logwatch.config.found import Found
from logwatch.config.inline_sinks import InlineSinks
from logwatch.config.keys import (
    MAIN_FILE_ONLY,
    FileKeys,
    InhibitKeys,
    MuteKeys,
    RouteKeys,
    RuleKeys,
    SourceKeys,
)
from logwatch.config.model import Config, NamedSink
from logwatch.config.notifying import Notifying
from logwatch.config.origins import check_together
from logwatch.config.problems import Place, Report
from logwatch.config.redacting import build_redaction
from logwatch.config.roots import build_roots, check_roots
from logwatch.config.rule_tests import RuleTest
from logwatch.config.sections import Sections
from logwatch.config.sink_keys import check_fallbacks, fallback_place
from logwatch.config.sink_words import check_words, has_own_words
from logwatch.config.state_place import state_of
from logwatch.config.surroundings import Surroundings
from logwatch.config.walker import Walker
from logwatch.matching.known_patterns import CACHE_FOLDER, KnownPatterns
from logwatch.rules.base import RuleSettings
from logwatch.sinks.base import SinkKind
from logwatch.tailer.settings import SourceSettings

if TYPE_CHECKING:
    from logwatch.config.heartbeat import HeartbeatSettings
    from logwatch.config.http import HttpSettings
    from logwatch.config.otel import OtelSettings


class Assembly:
    """One configuration on its way from files to `Config`."""

    def __init__(
        self,
        report: Report,
        environ: Mapping[str, str],
        *,
        kinds: Mapping[str, SinkKind],
        thorough: bool,
        known: KnownPatterns | None = None,
        sends: bool = True,
        now: float | None = None,
    ) -> None:
        """`sends`: without it the secrets of sinks need not be there. `now`: wall time."""
        self._report = report
        self._now = now
        self._sends = sends
        self._known = known or KnownPatterns()
        self._environ = environ
        self._kinds = kinds
        self._thorough = thorough
        self._sections = Sections(report, environ)
        self._names = self._sections.names
        self._main: Found[FileKeys] | None = None
        self._own_words: list[tuple[NamedSink, Node, Walker]] = []
        self._inline = InlineSinks(kinds, self._names["sinks"], thorough=thorough, sends=sends)

    @property
    def counts(self) -> dict[str, int]:
        """Entries of each section, wrong or right."""
        return self._sections.counts

    def add_main(self, document: Document) -> bool:
        """Take the main file; False when there is nothing in it to go on with."""
        self._main = self._sections.take(document, "the file")
        return self._main is not None

    def add(self, document: Document) -> None:
        """Take an included file."""
        top = self._sections.take(document, "an included file")
        if top is None:
            return
        for key in MAIN_FILE_ONLY:
            if key in top.given:
                self._report.error(
                    top.key(key),
                    "not-supported",
                    f"{key!r} is not supported in an included file",
                    f"move it to {self._main_walker.document.name}",
                )

    def includes(self) -> Iterator[tuple[str, Place]]:
        """The globs of `include`, each with its place."""
        assert self._main is not None
        walker = self._main_walker
        for number, text in enumerate(self._main.value.include):
            place = self._main.place("include", number)
            if not text or "\0" in text:
                self._report.error(place, "bad-value", "this names no file", "remove it")
            else:
                yield str(walker.references.path(text)), place

    def lost_something(self) -> None:
        """A file or a section could not be read: what it would have defined is unknown now."""
        self._sections.lost_something()

    def finish(self, *, rules_needed: bool) -> Config | None:
        """Check everything and build; None when anything was wrong."""
        assert self._main is not None
        state = self.state()
        if state is not None and not self._thorough:
            self._known.open(state / CACHE_FOLDER)
        found_sources, built_sources = self._sources()
        roots = build_roots(self._main, self._main_walker.references, self._report)
        check_roots(roots, found_sources, built_sources, self._report)
        built_sinks = self._sinks()
        warn_of_feedback(found_sources, built_sources, built_sinks, self._report)
        redact = build_redaction(self._main, self._report)
        heartbeat, http, otel = self._heartbeat(), self._http(), self._otel()
        notifying = Notifying(
            self._sections.listed("routes", RouteKeys, self._inline.named),
            self._sections.listed("mutes", MuteKeys),
            self._sections.listed("inhibit", InhibitKeys),
            self._report,
        )
        notifying.build(self._names)
        built_rules = self._rules(built_sources)
        built_sinks += self._inline.built
        self._sections.counts["sinks"] += len(self._inline.built)
        built_tests = self._tests(built_rules, built_sources, inhibits=bool(notifying.inhibit))
        for sink, node, walker in self._own_words:
            known = self._alert_fields(built_rules, built_sources).fields
            check_words(sink, node, walker, known)
        if rules_needed:
            self._check_not_empty()
        if notifying:
            notifying.check(self._alert_fields(built_rules, built_sources))
        if self._thorough:
            from logwatch.config.service_reader import (  # noqa: PLC0415 - for `check`
                service_reader,
                warn_of_unreadable,
            )

            reader = service_reader()
            for name, found in found_sources.items():
                sources.look_for_files(found, built_sources[name], self._report)
                if reader is not None:
                    warn_of_unreadable(found, built_sources[name], reader, self._report)
            notifying.warn(built_rules, self._now)
            if not self._report.failed:
                sink_names = self._names["sinks"]
                routes.warn_of_unreached_sinks(
                    sink_names.without(each.fallback.to for each in built_sinks if each.fallback),
                    notifying.routes,
                    built_rules,
                    self._report,
                )
        if self._report.failed or state is None:
            return None
        return Config(
            files=tuple(
                walker.document.path for walker, _ in self._sections.files if walker.document.path
            ),
            state=state,
            engine=self._main.value.engine,
            audit=self._main.value.audit,
            allowed_roots=roots,
            held_files=self._main.value.held_files.limits(),
            redact=redact,
            sources=tuple(built_sources.values()),
            rules=tuple(built_rules),
            sinks=tuple(built_sinks),
            routes=notifying.routes,
            mutes=notifying.mutes,
            inhibit=notifying.inhibit,
            heartbeat=heartbeat,
            http=http,
            otel=otel,
            tests=tuple(built_tests),
        )

    def state(self) -> Path | None:
        """Folder of the store; None after reporting why it cannot be known."""
        assert self._main is not None
        if not self._main.sound("state"):
            return None
        references = self._main_walker.references
        place = self._main.place("state")
        return state_of(self._main.value.state, self._environ, references, place, self._report)

    @property
    def _main_walker(self) -> Walker:
        return self._sections.files[0].walker

    # -- sections ----------------------------------------------------------------------------

    def _sources(self) -> tuple[dict[str, Found[SourceKeys]], dict[str, SourceSettings]]:
        assert self._main is not None
        found_sources: dict[str, Found[SourceKeys]] = {}
        built: dict[str, SourceSettings] = {}
        for walker, name, node in self._sections.entries("sources"):
            found = walker.keys(SourceKeys, node, f"source {name!r}")
            if found is None:
                continue
            settings = sources.build_source(
                name, found, walker.references, self._main.value.defaults, self._report
            )
            if settings is not None:
                found_sources[name], built[name] = found, settings
        check_together(found_sources, self._report)
        return found_sources, built

    def _sinks(self) -> list[NamedSink]:
        built = []
        fallbacks = {}
        for walker, name, node in self._sections.entries("sinks"):
            with walker.references.needed(self._sends):
                settings = sinks.build_sink(name, node, walker, self._kinds)
            if settings is not None:
                if has_own_words(settings):
                    self._own_words.append((settings, node, walker))
                built.append(settings)
                fallbacks[name] = fallback_place(node, walker.document)
            if self._thorough:
                sinks.warn_of_plain_secrets(node, walker)
                if settings is not None:
                    sinks.examine(settings, node, walker, self._kinds)
                    sinks.warn_of_missing_program(settings, node, walker)
        check_fallbacks(built, fallbacks, self._names["sinks"], self._report)
        return built

    # What few configurations have is loaded where it stands in one.

    def _heartbeat(self) -> HeartbeatSettings | None:
        node = self._seldom_given("heartbeat")
        if node is None:
            return None
        from logwatch.config.heartbeat import build_heartbeat  # noqa: PLC0415

        return build_heartbeat(node, self._main_walker, sends=self._sends)

    def _http(self) -> HttpSettings | None:
        node = self._seldom_given("http")
        if node is None:
            return None
        from logwatch.config.http import build_http  # noqa: PLC0415

        return build_http(node, self._main_walker, sends=self._sends)

    def _otel(self) -> OtelSettings | None:
        node = self._seldom_given("otel")
        if node is None:
            return None
        from logwatch.config.otel import build_otel  # noqa: PLC0415

        return build_otel(node, self._main_walker, sends=self._sends)

    def _seldom_given(self, key: str) -> Node | None:
        """What stands under a key of the main file; warns of secrets in it."""
        assert self._main is not None
        node: Node | None = getattr(self._main.value, key)
        if self._thorough and node is not None:
            sinks.warn_of_plain_secrets(node, self._main_walker)
        return node

    def _rules(self, built_sources: Mapping[str, SourceSettings]) -> list[RuleSettings]:
        assert self._main is not None
        around = Surroundings(
            sources=built_sources,
            source_names=self._names["sources"],
            rule_names=self._names["rules"],
            sinks=self._names["sinks"],
            defaults=self._main.value.defaults,
            thorough=self._thorough,
            known=self._known,
        )
        return rules.build_rules(
            self._sections.listed("rules", RuleKeys, self._inline.named), around, self._report
        )

    def _tests(
        self,
        built_rules: list[RuleSettings],
        built_sources: Mapping[str, SourceSettings],
        *,
        inhibits: bool,
    ) -> list[RuleTest]:
        if all(top.value.tests is None for _, top in self._sections.files):
            return []
        from logwatch.config import tests_section  # noqa: PLC0415 - many have no tests

        around = tests_section.surroundings(
            self._names, built_rules, built_sources, inhibits=inhibits
        )
        references = {id(walker.document): walker.references for walker, _ in self._sections.files}
        built = []
        for found in self._sections.listed("tests", tests_section.RuleTestKeys):
            known = references[id(found.document)]
            test = tests_section.build_test(found, around, known, self._report)
            if test is not None:
                built.append(test)
            if test is not None and self._thorough:
                tests_section.look_for_file(found, test, self._report)
        return built

    # -- what belongs together ---------------------------------------------------------------

    def _check_not_empty(self) -> None:
        if not self._sections.complete:
            return
        place = Place(self._main_walker.document.name, 0, 0, 1)
        for section, remedy in (
            ("sources", "sources: {app: /var/log/app.log}"),
            ("rules", "rules: [{name: errors, match: 'ERROR'}]"),
        ):
            if not self._sections.counts[section]:
                message = f"there are no {section}, so nothing is watched"
                self._report.error(place, "empty", message, f"write {remedy}")
        if self._thorough and not self._sections.counts["sinks"]:
            message = "there are no sinks, so nobody is told"
            self._report.warning(place, "empty", message, "write sinks: {out: {console: {}}}")

    def _alert_fields(
        self, built_rules: list[RuleSettings], built_sources: Mapping[str, SourceSettings]
    ) -> AlertFields:
        """What alerts have, as far as it is known."""
        rule_names, source_names = self._names["rules"], self._names["sources"]
        sure = rule_names.complete and source_names.complete
        sure = sure and len(built_rules) == len(rule_names)
        return AlertFields(
            {"rule": rule_names, "source": source_names},
            rules.known_fields(built_rules, built_sources) if sure else None,
        )
