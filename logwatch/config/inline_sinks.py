"""`to: 'slack://...'`: sinks that a route or a rule names by URL, without an entry in `sinks`.

Each stands in the configuration once, however often it is named. Its name is the scheme and a hash
of the URL as it is written: it shows no secret, and stays when what `${env:...}` or `${file:...}`
stand for changes, so that what waits for it in the outbox is still sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from logwatch.config import sinks
from logwatch.config.document import is_null
from logwatch.config.model import NamedSink
from logwatch.config.names import Names
from logwatch.config.problems import split_remedy
from logwatch.config.references import STAND_IN, UnresolvedError
from logwatch.config.walker import Walker
from logwatch.sinks import KINDS, sink_from_url
from logwatch.sinks.base import SinkKind, SinkSettings
from logwatch.sinks.http_answer import secrets_of
from logwatch.sinks.url_forms import UnknownSinkError, scheme_of

_DIGITS = 6


class InlineSinks:
    """Finds them, and puts their names in the place of their URLs."""

    def __init__(
        self, kinds: Mapping[str, SinkKind], names: Names, *, thorough: bool, sends: bool
    ) -> None:
        """`names` are those of all sinks. `sends`: without it secrets need not be there."""
        self._kinds = kinds
        self._names = names
        self._thorough = thorough
        self._sends = sends
        self._called: dict[tuple[str, Path], str] = {}
        self._rewritten: dict[int, tuple[Node, Node]] = {}
        self.built: list[NamedSink] = []
        """Those that could be made, in the order in which they are named first."""

    def named(self, entry: Node, walker: Walker) -> Node:
        """`entry`, a route or a rule, with names in its `to`; reports URLs that are no sinks."""
        if not isinstance(entry, MappingNode) or all(key.value != "to" for key, _ in entry.value):
            return entry
        pairs = [
            (key, self._to(value, walker) if key.value == "to" else value)
            for key, value in entry.value
        ]
        same = all(new[1] is old[1] for new, old in zip(pairs, entry.value, strict=True))
        return entry if same else _with_value(entry, pairs)

    def _to(self, node: Node, walker: Walker) -> Node:
        """`node`, the value of a `to`, with names; aliases of a long list cost nothing."""
        if not isinstance(node, SequenceNode):
            return self._name(node, walker)
        if id(node) not in self._rewritten:
            items = [self._name(each, walker) for each in node.value]
            same = all(new is old for new, old in zip(items, node.value, strict=True))
            # The node itself is kept, so that its identity is not given to another.
            self._rewritten[id(node)] = (node, node if same else _with_value(node, items))
        return self._rewritten[id(node)][1]

    def _name(self, node: Node, walker: Walker) -> Node:
        """The name of the sink that `node` means by a URL; else `node` itself."""
        if not isinstance(node, ScalarNode) or is_null(node):
            return node
        try:
            with walker.references.needed(self._sends):
                url = walker.references.expand(node.value)
        except UnresolvedError:
            return node  # whoever reads the entry reports it
        if scheme_of(url) is None:
            return node
        written = (node.value, walker.document.folder)
        if written not in self._called:
            self._called[written] = self._build(url, node, walker)
        if self._thorough and "${" not in node.value:
            _warn_of_secrets(url, node, walker)
        return _with_value(node, self._called[written])

    def _build(self, url: str, node: ScalarNode, walker: Walker) -> str:
        """Make the sink unless it is there; its name, though it could not be made."""
        chosen = self._settings(url, node, walker)
        place = walker.document.place(node)
        if chosen is None or sinks.has_shell_reference(node, walker):
            name = _name_of(node.value)
            self._names.places.setdefault(name, place)
            return name
        kind, settings = chosen
        whole = sinks.with_absolute_paths(settings, walker)
        is_local = whole != settings or "${file:" in node.value
        name = _name_of(node.value, walker.document.folder if is_local else None)
        if any(each.name == name for each in self.built):
            return name
        sink = NamedSink(
            name=name, kind=kind.name, settings=whole, defined_at=place.short, rate=kind.rate
        )
        if self._names.add(name, place, walker.report):
            self.built.append(sink)
            if self._thorough:
                sinks.examine(sink, node, walker, {kind.name: kind})
        return name

    def _settings(
        self, url: str, node: ScalarNode, walker: Walker
    ) -> tuple[SinkKind, SinkSettings] | None:
        """What `url` means; None after reporting that it means nothing."""
        try:
            kind, settings = sink_from_url(url)
        except ValueError as error:
            if not self._sends and _is_for_elsewhere(error, url):
                return self._settings(STAND_IN, node, walker)
            code = "unknown-name" if isinstance(error, UnknownSinkError) else "bad-value"
            walker.report.error(walker.document.place(node), code, *_words(error, url))
            return None
        return self._kinds.get(kind) or KINDS[kind], settings


def _is_for_elsewhere(error: ValueError, url: str) -> bool:
    """Whether `url` may well be one where the secret is, or the library."""
    from logwatch.sinks import apprise  # noqa: PLC0415 - few name a sink of it

    is_foreign = isinstance(error, UnknownSinkError) and "://" in url
    return STAND_IN in url or (is_foreign and not apprise.is_installed())


def _name_of(written: str, folder: Path | None = None) -> str:
    """`tgram-1f3a9c`; `folder` is that of the file, where the sink is another one elsewhere."""
    from hashlib import sha256  # noqa: PLC0415 - it loads OpenSSL, and few name a sink by its URL

    means = written if folder is None else f"{written}\0{folder}"
    digest = sha256(means.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{(scheme_of(written) or 'url').replace('+', '-')}-{digest[:_DIGITS]}"


def _words(error: ValueError, url: str) -> tuple[str, str | None]:
    """What is said of `url`, without what may be secret in it."""
    if isinstance(error, UnknownSinkError):
        return error.message, error.remedy
    scheme = f"{scheme_of(url)}:"
    text = str(error).removeprefix(scheme).strip()
    for secret in filter(None, (url[len(scheme) :], *_secrets(url))):
        text = text.replace(secret, "…")
    if text.startswith("write "):
        return f"{scheme} is not followed by what it needs", text
    message, remedy = split_remedy(text)
    return f"{scheme} {message}", remedy


def _secrets(url: str) -> tuple[str, ...]:
    try:
        return secrets_of(url, ())
    except ValueError:
        return ()


def _warn_of_secrets(url: str, node: ScalarNode, walker: Walker) -> None:
    """Warn where the URL, which stands in the file, holds what nobody else should know."""
    if sinks.warn_of_plain_secrets(node, walker):
        return
    try:
        _, settings = sink_from_url(url)
    except ValueError:
        return
    from logwatch.sinks import apprise  # noqa: PLC0415 - few name a sink of it

    if isinstance(settings, apprise.AppriseSettings):
        is_secret = any(map(apprise.holds_secret, settings.urls))
    else:
        is_secret = bool(getattr(settings, "token", None))
    if is_secret:
        sinks.warn_of_secret(walker.document.place(node), walker)


def _with_value(node: Node, value: object) -> Node:
    """A node like `node`, at its place, with another value."""
    from copy import copy  # noqa: PLC0415 - it looks for Jython, and few name a sink by its URL

    made = copy(node)
    made.value = value
    return made
