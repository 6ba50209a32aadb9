"""`syslog`: lines as rsyslog, syslog-ng and journald's forwarders write them to files.

Three forms, told apart by how the line begins: RFC 3164 (`Jan  5 01:00:00 host tag[pid]: text`),
the same with an RFC 3339 stamp (the default of newer Debian and Ubuntu), and RFC 5424
(`<34>1 stamp host app procid msgid [data] text`). A `<PRI>` before the first two is read too. The
stamp alone decides whether a line is syslog: tag, and even host, may be missing. What network
devices and a few others write instead is read in syslog_headers.py.
"""

from __future__ import annotations

import re
from itertools import islice

from logwatch.conditions import Predicate
from logwatch.parsers.base import MayLead, Parsed, ParserSettings
from logwatch.parsers.field_names import FACILITIES, SEVERITIES
from logwatch.parsers.needles import Enumerated, Verbatim, Writing
from logwatch.parsers.timestamps import StampReader, end_of_bsd, end_of_iso

_MAX_PARAMS = 200
"""More parameters of structured data than this are not told."""

_PRI = re.compile(r"<([0-9]{1,3})>").match
# What follows the stamp. A first word that ends with a colon is the tag of a line without a host.
_HEADER = re.compile(
    r":?(?: +(?P<host>[^ ]*[^ :])(?= |$))?"
    r"(?: +(?P<program>[^ :\[]+)(?:\[(?P<pid>[^\] ]*)\])?:(?= |$))?"
    r" ?(?P<message>.*)",
    re.DOTALL,
).match
LEVEL = rf"(?:{'|'.join(FACILITIES)})\.(?:{'|'.join(SEVERITIES)}|warn)"
"""`daemon.info`, which busybox and OpenWrt write before the tag."""
# What may stand where the tag should: that, or all that a device of Cisco sent to a relay.
_OTHER_TAG = re.compile(
    rf"(?:{LEVEL} |:? ?(?:[0-9]{{1,10}}: )*[*.]?"
    r"(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9 ][0-9:. ]+(?:[A-Z]{2,5})?: )?(?=%))"
    r"(?P<program>[^ :\[]+)(?:\[(?P<pid>[^\] ]*)\])? ?:(?= |$) ?(?P<message>.*)",
    re.DOTALL,
).match
_MAY_BE_OTHER = re.compile(r"[0-9]{0,10}: |RP/|[*.]?[A-Z][a-z]{2} |2[0-9]{3} |[0-9]{10}\.").match
"""How a line may begin that syslog_headers.py can read."""
_HEADER_5424 = re.compile(
    r"1 (?P<stamp>[^ ]+) (?P<host>[^ ]+) (?P<program>[^ ]+) (?P<pid>[^ ]+) (?P<msgid>[^ ]+) ?"
).match
_ELEMENT = re.compile(
    r'\[([^ =\]"]+)((?: +[^ =\]"]+="[^"\\]*(?:\\.[^"\\]*)*")*) *\]', re.DOTALL
).match
_PARAM = re.compile(r'([^ =\]"]+)="([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\\]])')

_PRI_DIGITS = [f"{number:0{width}}" for width in (1, 2, 3) for number in range(10**width)]
_WRITINGS: dict[str, Writing | Enumerated] = {
    "host": Verbatim(" ", "(?![^ \\n])"),
    "program": Verbatim(" ", r"[\[: ]"),
    "pid": Verbatim(r"[\[ ]", r"[\] ]"),
    "message": Verbatim(),
    "msgid": Verbatim(" "),
    "priority": Enumerated("\\A<", ">", _PRI_DIGITS, str),
    "severity": Enumerated("\\A<", ">", _PRI_DIGITS, lambda digits: SEVERITIES[int(digits) % 8]),
    "facility": Enumerated(
        "\\A<", ">", _PRI_DIGITS, lambda digits: dict(enumerate(FACILITIES)).get(int(digits) // 8)
    ),
}


def writing(field: str) -> Writing | Enumerated | None:
    """How a line has `field`; None for what no line has."""
    if "." not in field:
        return _WRITINGS.get(field)
    return Verbatim(re.escape(field.rpartition(".")[2]) + '="', '"', _escape_param)


def _escape_param(text: str) -> str:
    """A pattern for the ways to write `text` as a value of structured data."""
    special = {'"': r'\\"', "\\": r"\\\\?", "]": r"\\?\]"}
    return "".join(special.get(char) or re.escape(char) for char in text)


class SyslogParser:
    """See the module."""

    may_lead: MayLead | None = None

    def __init__(self, settings: ParserSettings) -> None:
        self._tz = settings.tz
        self._stamps = StampReader(settings.tz)

    def select(self, text: str, now: float, wanted: Predicate) -> Parsed | None:
        """See `Parser.select`."""
        parsed = self.parse(text, now)
        return parsed if wanted(parsed.fields) else None

    def time(self, text: str, now: float) -> float | None:
        """See `Parser.time`."""
        at = 0
        if text[:1] == "<":
            priority = _PRI(text)
            if priority is None:
                return None
            at = priority.end()
            if text.startswith("1 ", at):
                return self._stamps.iso(text, at + 2)
        if text[at : at + 1] in "0123456789":
            time = self._stamps.iso(text, at)
        else:
            time = self._stamps.bsd(text, now, at)
            if time is not None and _goes_on(text, at + 15):
                return self._other(text, at, now)[0]
        return self._other(text, at, now)[0] if time is None else time

    def parse(self, text: str, now: float) -> Parsed:
        """See `Parser.parse`."""
        if text[:1] in "0123456789":  # the usual form of today
            time, end = self._stamps.iso_with_end(text)
            if time is None:
                time, end = self._other(text, 0, now)
            return Parsed(None, {}) if time is None else Parsed(time, _header_fields(text, end))
        time = self.time(text, now)
        priority = _PRI(text) if text[:1] == "<" else None
        at = priority.end() if priority else 0
        header = _HEADER_5424(text, at) if priority else None
        if header and (time is not None or header["stamp"] == "-"):
            fields = _present(header.groupdict())
            fields.pop("stamp", None)
            _read_structured_data(text, header.end(), fields)
        elif time is None:
            return Parsed(None, {})
        else:
            fields = _header_fields(text, self._end(text, at, now))
        if priority:
            _name_priority(priority[1], fields)
        return Parsed(time, fields)

    def _end(self, text: str, at: int, now: float) -> int:
        """Where the stamp at `at` ends, which has been read."""
        end = end_of_iso(text, at) if text[at : at + 1] in "0123456789" else at
        if end == at and (self._stamps.bsd(text, now, at) is None or _goes_on(text, at + 15)):
            return self._other(text, at, now)[1]
        return end if end > at else end_of_bsd(text, at)

    def _other(self, text: str, at: int, now: float) -> tuple[float | None, int]:
        """As `other_header`, which is not asked of what cannot be one."""
        if not _MAY_BE_OTHER(text, at):
            return None, at
        from logwatch.parsers.syslog_headers import other_header  # noqa: PLC0415 - in few logs

        return other_header(text, at, self._stamps, self._tz, now)


def _goes_on(text: str, end: int) -> bool:
    """Whether a year, a fraction or the name of a zone may follow a BSD stamp that ends there."""
    return (
        text[end : end + 1] == "." or text[end : end + 3] == " 20" or ":" in text[end + 4 : end + 6]
    )


def _header_fields(text: str, at: int) -> dict[str, str]:
    """What follows a stamp that ends at `at`."""
    header = _HEADER(text, at)
    assert header, "it matches anything"
    host, program, pid, message = header.groups("")
    if host and pid and message and host != "-" != message and program != "-" != pid:
        return {"host": host, "program": program, "pid": pid, "message": message}
    if not program or program.isdigit():
        other = _OTHER_TAG(text, header.start("message"))
        if other:
            return _present({"host": header["host"], **other.groupdict()})
    return _present(header.groupdict())


def _present(groups: dict[str, str | None]) -> dict[str, str]:
    """Without what is missing; `-` is how RFC 5424 says that there is none."""
    return {name: text for name, text in groups.items() if text and text != "-"}


def _name_priority(digits: str, fields: dict[str, str]) -> None:
    facility, severity = divmod(int(digits), 8)
    fields["priority"] = digits
    fields["severity"] = SEVERITIES[severity]
    if facility < len(FACILITIES):
        fields["facility"] = FACILITIES[facility]


def _read_structured_data(text: str, at: int, fields: dict[str, str]) -> None:
    """RFC 5424 section 6.3: `-` or elements `[id name="value"]`, then the message."""
    if text.startswith("-", at):
        at += 1
    params = 0
    while element := _ELEMENT(text, at):
        for param in islice(_PARAM.finditer(element[2]), _MAX_PARAMS - params):
            fields[f"{element[1]}.{param[1]}"] = _ESCAPE.sub(r"\1", param[2])
            params += 1
        at = element.end()
    message = text[at:].removeprefix(" ").removeprefix("\ufeff")
    if message:
        fields["message"] = message


PARSER = SyslogParser
