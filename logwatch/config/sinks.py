"""`sinks:` -> settings of each sink, read by the kind's own type from the registry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from logwatch.config.document import child, is_null
from logwatch.config.model import NamedSink
from logwatch.config.problems import Place, nearest, shown, split_remedy
from logwatch.config.references import shell_reference
from logwatch.config.sink_keys import BESIDE, build_beside
from logwatch.config.walker import Walker
from logwatch.sinks.base import SinkKind, SinkSettings

_TELLING_KEY = r"(?i)\b(?:authorization|password|secret|token|routing_key|api[-_]?key)\b|x-api-key"
_TELLING_URL = (
    r"(?i)://[^/@\s:]*:(?P<password>[^/@\s]+)@"
    r"|[?&](?:token|api_?key|key|secret|sig|password|access_token)=(?P<parameter>[^&\s]+)"
    r"|://hooks\.slack\.com/services/(?P<slack>[^\s?]+)"
    r"|://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/(?P<discord>[^\s?/]+)"
)
"""Each group is a secret; URLs of webhooks are, as whoever knows them can post.

`re` compiles it at its first use: only `check` looks for secrets.
"""

_FEW = 200

Settings = TypeVar("Settings", bound=SinkSettings)


def build_sink(
    name: str, node: Node, walker: Walker, kinds: Mapping[str, SinkKind]
) -> NamedSink | None:
    """One entry of `sinks:`; None after reporting why it cannot be."""
    chosen = _kind_of(name, node, walker, kinds)
    if chosen is None:
        return None
    kind, value = chosen
    beside = build_beside(name, node, walker, kind)
    if has_shell_reference(node, walker) or beside is None:
        return None
    what = f"sink {name!r} ({kind.name})"
    settings = walker.settings(kind.settings, value, what, kind.short)
    if settings is None:
        return None
    place = walker.document.place(node)
    return NamedSink(
        name=name,
        kind=kind.name,
        settings=with_absolute_paths(settings, walker),
        defined_at=place.short,
        rate=beside.rate,
        fallback=beside.fallback,
        max_age=beside.max_age,
    )


def examine(sink: NamedSink, node: Node, walker: Walker, kinds: Mapping[str, SinkKind]) -> None:
    """Report what only the kind itself can find out about its settings, and not quickly."""
    look = kinds[sink.kind].examine
    for problem in look(sink.settings) if look is not None else ():
        message, remedy = split_remedy(problem)
        report = walker.report
        what = f"sink {sink.name!r} ({sink.kind})"
        report.error(walker.document.place(node), "bad-value", f"{what}: {message}", remedy)


def warn_of_missing_program(sink: NamedSink, node: Node, walker: Walker) -> None:
    """Warn where the program of a `command` sink is not there, or may not be run."""
    if sink.kind != "command":
        return
    from logwatch.sinks.command import CommandSettings  # noqa: PLC0415 - loaded with such a sink

    assert isinstance(sink.settings, CommandSettings)
    from shutil import which  # noqa: PLC0415 - it loads three compressors

    program = sink.settings.argv[0]
    if which(program) is not None:
        return
    if "/" not in program:
        message, remedy = f"there is no program {program!r}", "write its full path"
    elif Path(program).exists():
        message, remedy = f"{program} may not be run", f"chmod +x {program}"
    else:
        message, remedy = f"there is no program {program}", "correct the path, or install it"
    argv = child(node, "command", "argv")
    first = argv.value[0] if isinstance(argv, SequenceNode) and argv.value else argv
    walker.report.warning(walker.document.place(first), "missing-program", message, remedy)


def warn_of_plain_secrets(node: Node, walker: Walker) -> bool:
    """Warn of passwords and tokens that stand in the file itself; whether there are any."""
    found = False
    for key, scalar in _scalars(node):
        if "${" in scalar.value or not scalar.value:
            _warn_of_open_files(scalar, walker)
            continue
        in_url = re.search(_TELLING_URL, scalar.value)
        if in_url:
            group = str(in_url.lastgroup)
            place = walker.document.inside(scalar, in_url.start(group), len(in_url[group]))
        elif re.search(_TELLING_KEY, key) and not key.lower().endswith("file"):
            place = walker.document.place(scalar)
        else:
            continue
        found = True
        warn_of_secret(place, walker)
    return found


def _warn_of_open_files(scalar: ScalarNode, walker: Walker) -> None:
    """Warn of files with secrets that every user of the machine may read."""
    for start, length, path in walker.references.open_files(scalar.value):
        walker.report.warning(
            walker.document.inside(scalar, start, length),
            "open-secret",
            f"every user of this machine may read {path}",
            f"chmod o-r {path}; the service may read it by its group, or by LoadCredential=",
        )


def warn_of_secret(place: Place, walker: Walker) -> None:
    """Warn of the secret that stands at `place`."""
    walker.report.warning(
        place,
        "plain-secret",
        "a secret stands in the file",
        "keep it outside: '${file:/etc/logwatchd/NAME}' or '${env:NAME}'",
    )


def has_shell_reference(node: Node, walker: Walker) -> bool:
    """Whether a value holds `${NAME}`, which would be used as it stands; reports each."""
    found = False
    for _, scalar in _scalars(node):
        reference = shell_reference(scalar.value)
        if reference:
            found = True
            walker.report.error(
                walker.document.inside(scalar, reference.start(), len(reference[0])),
                "bad-value",
                f"{reference[0]} is not looked up",
                f"write ${{env:{reference[1]}}}, or $${{{reference[1]}}} for the text itself",
            )
    return found


def _kind_of(
    name: str, node: Node, walker: Walker, kinds: Mapping[str, SinkKind]
) -> tuple[SinkKind, Node] | None:
    report = walker.report
    if not isinstance(node, MappingNode):
        text = node.value if isinstance(node, ScalarNode) else ""
        kind = text if text in kinds else name if name in kinds else "console"
        report.error(
            walker.document.place(node),
            "bad-type",
            f"sink {name!r} must be a map from its kind to its settings",
            f"write {name}: {{{kind}: {{...}}}}",
        )
        return None
    pairs = walker.pairs(node, f"sink {name!r}")
    places = {key.value: walker.document.place(key) for key, _ in node.value}
    chosen = [key for key in pairs if key in kinds]
    sound = len(pairs) == len(node.value)
    for key in pairs:
        if key in kinds or key in BESIDE:
            continue
        sound = False
        if key == "heartbeat":
            message = "'heartbeat' is no sink, but a key beside 'sinks'"
            remedy = "write heartbeat: https://host/path at the outermost level"
            report.error(places[key], "unknown-name", message, remedy)
        else:
            from logwatch.config.other_words import KINDS  # noqa: PLC0415 - for a mistake only

            message = f"there is no kind of sink {shown(key)}"
            near = nearest(key, (*kinds, *BESIDE), KINDS)
            remedy = f"did you mean {near[0]!r}?" if near else f"kinds: {_listed(kinds)}"
            report.error(places[key], "unknown-name", message, remedy)
    if len(chosen) > 1:
        message = f"sink {name!r} is of two kinds, {chosen[0]!r} and {chosen[1]!r}"
        report.error(places[chosen[1]], "bad-value", message, "make two sinks of it")
        return None
    if sound and not chosen:
        message = f"sink {name!r} has no kind"
        report.error(
            walker.document.place(node), "missing-key", message, f"kinds: {_listed(kinds)}"
        )
    return (kinds[chosen[0]], pairs[chosen[0]]) if chosen and sound else None


def with_absolute_paths(settings: Settings, walker: Walker) -> Settings:
    """Files named in the settings, relative to the configuration file that names them."""
    changed: dict[str, Any] = {}
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        if isinstance(value, SinkSettings):
            changed[name] = with_absolute_paths(value, walker)
        elif name in settings.files and isinstance(value, str) and value:
            changed[name] = str(walker.references.path(value))
    return msgspec.structs.replace(settings, **changed) if changed else settings


def _scalars(node: Node) -> Iterator[tuple[str, ScalarNode]]:
    """The first texts below `node`, each with its key; aliases cannot make it long."""
    left = _FEW
    waiting = [("", node)]
    while waiting and left:
        left -= 1
        key, found = waiting.pop()
        if isinstance(found, ScalarNode):
            if not is_null(found):
                yield key, found
        elif isinstance(found, MappingNode):
            waiting += [(str(inner.value), value) for inner, value in found.value]
        elif isinstance(found, SequenceNode):
            waiting += [(key, value) for value in found.value]


def _listed(kinds: Mapping[str, SinkKind]) -> str:
    return " ".join(sorted(kinds))
