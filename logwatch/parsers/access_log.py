r"""`combined`: access logs of Apache and nginx, in the combined and the common format.

A virtual host before the address (Apache's `vhost_combined`) and anything after the user agent are
allowed. Escapes (`\"`, `\x22`) stay as they were written; `-` is no field. `path` is the request's
target without its query. A line has its time and its first fields as soon as it is well-formed up
to the stamp, however it ends.

`request_time`, in seconds, is the first column behind the user agent that is written as nginx
writes `$request_time`, with three digits after the point (`$gzip_ratio` has two): `0.123`,
`"0.123"`, `rt=0.123`. Source: ngx_http_log_module, ngx_http_gzip_module.
"""

from __future__ import annotations

import re

from logwatch.conditions import Predicate
from logwatch.parsers.base import MayLead, Parsed, ParserSettings
from logwatch.parsers.needles import Enumerated, Verbatim, Writing
from logwatch.parsers.timestamps import StampReader

_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
# An address or a host name has a dot or a colon; an ident, which would stand there in a line
# without a virtual host, is a dash. A user may hold blanks, but only so much is looked through.
_HEAD = re.compile(
    r"(?:(?P<vhost>[^ ]+) (?=[^ ]*[.:]))?(?P<remote_addr>[^ ]+) (?P<ident>[^ ]+)"
    r" (?P<user>[^\[]{0,256}?) \[(?P<time_local>[^\]]{20,40})\]"
).match
_TAIL = re.compile(
    rf" {_QUOTED} ([0-9]{{3}}|-) ([0-9]+|-)(?: {_QUOTED}(?: {_QUOTED})?)?", re.DOTALL
).match
_TAIL_NAMES = ("request", "status", "bytes", "referer", "user_agent")
# Each column is read once and as a whole: a client may have sent what is between quotes.
_REQUEST_TIME = re.compile(
    r'(?: (?>(?:[^ "]|"[^"\\]*+(?>(?:\\.[^"\\]*+)*)")*))*?'
    r' (?:(?:rt|request_time)=)?("?)([0-9]+\.[0-9]{3})\1(?![^ ])',
    re.DOTALL,
).match
_REQUEST = re.compile(r"([!-~]+) ([^?]*)(?:\?.*)? (HTTP/[0-9.]+)", re.DOTALL).fullmatch

# Nearly every line: no virtual host, no ident, a user without blanks, a request without escapes.
_USUAL = re.compile(
    r"([^ ]+) - ([^\[ ]+) \[([^\]]{20,40})\]"
    r' "(([!#-~]+) ([^?" \\]*)(?:\?[^" \\]*)? (HTTP/[0-9.]+))" ([0-9]{3}) ([0-9]+)'
    r'(?: "([^"\\]*)" "([^"\\]*)"|\Z)'
).match
_WRITINGS: dict[str, Writing | Enumerated] = {
    "remote_addr": Verbatim("", " "),
    "ip": Verbatim("", " "),
    "vhost": Verbatim(r"\A", " "),
    "ident": Verbatim(" ", " "),
    "user": Verbatim(" ", r" \["),
    "time_local": Verbatim(r"\[", r"\]"),
    "request": Verbatim(' "', '" '),
    "method": Verbatim(' "', " "),
    "path": Verbatim(" ", r"(?:\?| HTTP/)"),
    "protocol": Verbatim(" ", '" '),
    "status": Enumerated('" ', " [-0-9]", [f"{number:03}" for number in range(1000)], str),
    "bytes": Verbatim('" (?:[0-9]{3}|-) ', "(?![0-9])"),
    "referer": Verbatim(' "', '"'),
    "user_agent": Verbatim(' "', '"'),
    "request_time": Verbatim('[ "=]', '(?: |"|\\Z)'),
}


def writing(field: str) -> Writing | Enumerated | None:
    """How a line has `field`; None for what no line has."""
    return _WRITINGS.get(field)


class AccessLogParser:
    """See the module."""

    may_lead: MayLead | None = None

    def __init__(self, settings: ParserSettings) -> None:
        self._stamps = StampReader(settings.tz)

    def parse(self, text: str, now: float) -> Parsed:  # noqa: ARG002 - these stamps have a year
        """See `Parser.parse`."""
        usual = _USUAL(text)
        if usual:
            return self._usual(usual)
        head = _HEAD(text)
        time = self._stamps.clf(head["time_local"]) if head else None
        if head is None or time is None:
            return Parsed(None, {})
        fields = {name: value for name, value in head.groupdict().items() if value not in _NOTHING}
        if "remote_addr" in fields:
            fields["ip"] = fields["remote_addr"]
        tail = _TAIL(text, head.end())
        if tail:
            values = zip(_TAIL_NAMES, tail.groups(), strict=True)
            fields.update((name, value) for name, value in values if value not in _NOTHING)
            _split_request(fields)
            if tail.group(5) is not None:
                _find_request_time(fields, text, tail.end())
        return Parsed(time, fields)

    def _usual(self, found: re.Match[str]) -> Parsed:
        """As `parse`, for a line that `_USUAL` matches."""
        addr, user, stamp, request, method, path, protocol, status, size, referer, agent = (
            found.groups("")
        )
        time = self._stamps.clf(stamp)
        if time is None:
            return Parsed(None, {})
        fields = {
            "remote_addr": addr,
            "ip": addr,
            "time_local": stamp,
            "request": request,
            "method": method,
            "path": path,
            "protocol": protocol,
            "status": status,
            "bytes": size,
        }
        if user != "-":
            fields["user"] = user
        if referer and referer != "-":
            fields["referer"] = referer
        if agent and agent != "-":
            fields["user_agent"] = agent
        if addr == "-":
            del fields["remote_addr"], fields["ip"]
        if found.end() < len(found.string):
            _find_request_time(fields, found.string, found.end())
        return Parsed(time, fields)

    def select(self, text: str, now: float, wanted: Predicate) -> Parsed | None:
        """See `Parser.select`."""
        parsed = self.parse(text, now)
        return parsed if wanted(parsed.fields) else None

    def time(self, text: str, now: float) -> float | None:  # noqa: ARG002 - these stamps have a year
        """See `Parser.time`."""
        head = _HEAD(text)
        return self._stamps.clf(text, head.start("time_local")) if head else None


_NOTHING = (None, "-", "")


def _split_request(fields: dict[str, str]) -> None:
    """Method, path and protocol, where the request is one; scanners send all sorts of bytes."""
    found = _REQUEST(fields.get("request", ""))
    if found:
        fields["method"], fields["path"], fields["protocol"] = found.groups()


def _find_request_time(fields: dict[str, str], text: str, at: int) -> None:
    """The field, where one of the columns behind `at`, the end of the user agent, is a time."""
    found = _REQUEST_TIME(text, at)
    if found:
        fields["request_time"] = found[2]


PARSER = AccessLogParser
