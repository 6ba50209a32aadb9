"""The settings of each kind of source that is no file."""

from __future__ import annotations

import re
from collections.abc import Callable

from logwatch.config.document import child
from logwatch.config.found import Found
from logwatch.config.keys import SourceKeys
from logwatch.config.origin_keys import SyslogKeys
from logwatch.config.problems import Report, shown, split_remedy
from logwatch.config.references import References
from logwatch.receivers.addresses import Address, Allowed, parse_address
from logwatch.receivers.journal import JournaldSettings, Match
from logwatch.receivers.stream_settings import ExecSettings, PipeSettings, StdinSettings
from logwatch.receivers.syslog_settings import SyslogSettings, TlsSettings
from logwatch.tailer.settings import Origin

_FIELD = re.compile(r"_{0,2}[A-Z][A-Z0-9_]{0,62}").fullmatch


def _journald(
    found: Found[SourceKeys], references: References, report: Report
) -> JournaldSettings | None:
    keys = found.value.journald
    assert keys is not None
    checks = _check_texts(found, "journald", ("units", "identifiers"), report)
    checks += [_check_match(found, name, values, report) for name, values in keys.match.items()]
    if keys.directory is not None:
        checks.append(_check_text(found, ("journald", "directory"), keys.directory, report))
    if not all(checks):
        return None
    return JournaldSettings(
        units=keys.units,
        identifiers=keys.identifiers,
        priority=keys.priority,
        matches=tuple(Match(name, values) for name, values in keys.match.items()),
        boot=keys.boot,
        directory=None if keys.directory is None else str(references.path(keys.directory)),
    )


def _check_match(
    found: Found[SourceKeys], name: str, values: tuple[str, ...], report: Report
) -> bool:
    if not _FIELD(name):
        report.error(
            found.key("journald", "match", name),
            "bad-value",
            f"{shown(name)} is no name of a field of the journal",
            "they are as in systemd.journal-fields(7): _SYSTEMD_UNIT, _UID, SYSLOG_IDENTIFIER",
        )
        return False
    if not values:
        place = found.key("journald", "match", name)
        report.error(place, "bad-value", f"{name!r} is compared with nothing", "write one value")
        return False
    checks = [
        _check_text(found, ("journald", "match", name, number), text, report)
        for number, text in enumerate(values)
    ]
    return all(checks)


def _check_texts(
    found: Found[SourceKeys], kind: str, words: tuple[str, ...], report: Report
) -> list[bool]:
    """Each text of the lists that `words` name."""
    keys = getattr(found.value, kind)
    return [
        _check_text(found, (kind, word, number), text, report)
        for word in words
        for number, text in enumerate(getattr(keys, word))
    ]


def _check_text(
    found: Found[SourceKeys], path: tuple[str | int, ...], text: str, report: Report
) -> bool:
    """Whether it says something, and nothing that no program can be told."""
    if text.strip() and "\0" not in text and "\n" not in text:
        return True
    node = child(found.node, *path)
    place = found.document.place(node)
    name = next(each for each in path[1::-1] if isinstance(each, str))
    what = "is empty" if not text.strip() else "holds a NUL or a line break"
    report.error(place, "bad-value", f"{name!r}: a text {what}", "write it, or leave it out")
    return False


# -- syslog ------------------------------------------------------------------------------------

_LISTENERS = ("udp", "tcp", "tls", "unix", "unix_stream")
_MODE = re.compile(r"0?[0-7]{3}").fullmatch


def _syslog(
    found: Found[SourceKeys], references: References, report: Report
) -> SyslogSettings | None:
    keys = found.value.syslog
    assert keys is not None
    addresses = {
        word: _addresses(found, word, texts, report)
        for word, texts in (("udp", keys.udp), ("tcp", keys.tcp), ("tls", keys.tls))
    }
    checks = [
        *_check_texts(found, "syslog", ("unix", "unix_stream"), report),
        _check_any(found, report),
        _check_mode(found, keys.mode, report),
        _check_allow(found, keys.allow, report),
        _check_certificates(found, keys, report),
    ]
    if not all(checks) or any(each is None for each in addresses.values()):
        return None
    return SyslogSettings(
        udp=addresses["udp"] or (),
        tcp=addresses["tcp"] or (),
        tls=addresses["tls"] or (),
        unix=tuple(str(references.path(text)) for text in keys.unix),
        unix_stream=tuple(str(references.path(text)) for text in keys.unix_stream),
        mode=int(keys.mode, 8),
        allow=keys.allow,
        connections=keys.connections,
        idle=keys.idle,
        receive_buffer=keys.receive_buffer,
        certificates=_certificates(keys, references),
    )


def _check_any(found: Found[SourceKeys], report: Report) -> bool:
    keys = found.value.syslog
    if any(getattr(keys, word) for word in _LISTENERS):
        return True
    report.error(
        found.key("syslog"),
        "missing-key",
        "'syslog' says not where to listen",
        "write syslog: {udp: 0.0.0.0:514, tcp: 0.0.0.0:601}, or unix: /run/logwatch/log",
    )
    return False


def _addresses(
    found: Found[SourceKeys], word: str, texts: tuple[str, ...], report: Report
) -> tuple[Address, ...] | None:
    made = []
    for number, text in enumerate(texts):
        try:
            made.append(parse_address(text))
        except ValueError as problem:
            message, remedy = split_remedy(str(problem))
            # In the short form there is no such key to point at.
            node = child(found.node, "syslog", word, number)
            report.error(found.document.place(node), "bad-value", message, remedy)
    return tuple(made) if len(made) == len(texts) else None


def _check_mode(found: Found[SourceKeys], text: str, report: Report) -> bool:
    if _MODE(text):
        return True
    report.error(
        found.place("syslog", "mode"), "bad-value", f"{shown(text)} is no mode", "write '0660'"
    )
    return False


def _check_allow(found: Found[SourceKeys], texts: tuple[str, ...], report: Report) -> bool:
    sound = True
    for number, text in enumerate(texts):
        try:
            Allowed((text,))
        except ValueError:
            sound = False
            report.error(
                found.place("syslog", "allow", number),
                "bad-value",
                f"{shown(text)} is no address and no network",
                "write 10.0.0.0/8, or one address",
            )
    return sound


def _check_certificates(found: Found[SourceKeys], keys: SyslogKeys, report: Report) -> bool:
    needed = [name for name in ("certificate", "key") if not getattr(keys, name)]
    if keys.tls and needed:
        report.error(
            found.key("syslog", "tls"),
            "missing-key",
            f"'tls' needs {' and '.join(map(repr, needed))}",
            "write tls: 0.0.0.0:6514, certificate: /etc/logwatchd/syslog.pem, key: ...",
        )
        return False
    return True


def _certificates(keys: SyslogKeys, references: References) -> TlsSettings | None:
    if not keys.tls or keys.certificate is None or keys.key is None:
        return None
    ca = keys.client_ca
    return TlsSettings(
        certificate=str(references.path(keys.certificate)),
        key=str(references.path(keys.key)),
        client_ca=None if ca is None else str(references.path(ca)),
    )


# -- streams -----------------------------------------------------------------------------------


def _stdin(
    found: Found[SourceKeys],
    references: References,  # noqa: ARG001 - as the others
    report: Report,
) -> StdinSettings | None:
    if found.value.stdin:
        return StdinSettings()
    report.error(
        found.place("stdin"), "bad-value", "'stdin: false' is no source", "write stdin: true"
    )
    return None


def _pipe(found: Found[SourceKeys], references: References, report: Report) -> PipeSettings | None:
    text = found.value.pipe or ""
    if not _check_text(found, ("pipe",), text, report):
        return None
    return PipeSettings(place=str(references.path(text)))


def _exec(
    found: Found[SourceKeys],
    references: References,  # noqa: ARG001 - as the others
    report: Report,
) -> ExecSettings | None:
    command = found.value.exec
    problem, remedy = _problem_of(command)
    if problem:
        report.error(found.place("exec"), "bad-value", problem, remedy)
        return None
    return ExecSettings(command=command)


def _problem_of(command: tuple[str, ...]) -> tuple[str, str]:
    if not command or not command[0].strip():
        return "'exec' names no program", "write exec: [dmesg, --follow]"
    if any("\0" in word for word in command):
        return "an argument cannot hold a NUL", "remove it"
    program = command[0]
    if len(command) == 1 and " " in program and not program.startswith("/"):
        words = ", ".join(program.split())
        return "no shell is involved: this is one word", f"write exec: [{words}]"
    if "/" in program and not program.startswith("/"):
        return f"{shown(program)} depends on the working folder", "write its full path"
    return "", ""


KINDS: dict[str, Callable[[Found[SourceKeys], References, Report], Origin | None]] = {
    "journald": _journald,
    "syslog": _syslog,
    "stdin": _stdin,
    "pipe": _pipe,
    "exec": _exec,
}
"""The key that stands in the place of `path` -> what makes its settings."""
