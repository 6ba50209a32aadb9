"""Sets of 10, 100, 1,000 and 5,000 rules as people write them: each set begins with the one before.

Only the first ten match anything in the made-up logs, so that every set has the same hits and what
more rules cost is not what more hits cost. All use named groups; among them are anchors,
alternations, classes, bounded and unbounded repeats. They keep to what Python, PCRE, RE2 and, once
rewritten by `extended`, POSIX have in common, so that other programs can be given the same rules.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import NamedTuple

SIZES = (10, 100, 1_000, 5_000)
SEED = 20_260_105


class NamedPattern(NamedTuple):
    """One rule."""

    name: str
    pattern: str


FIRST_TEN = (
    NamedPattern(
        "ssh-invalid-user",
        r"Failed password for invalid user (?P<user>\S+) from (?P<ip>[0-9a-f.:]+)"
        r" port (?P<port>\d+)",
    ),
    NamedPattern(
        "out-of-memory", r"Out of memory: Killed? process (?P<pid>\d+) \((?P<name>[^)]+)\)"
    ),
    NamedPattern("segfault", r"(?P<name>\w+)\[(?P<pid>\d+)\]: segfault at (?P<at>[0-9a-f]+) ip"),
    NamedPattern("disk-error", r"I/O error, dev (?P<dev>[a-z]+), sector (?P<sector>\d+)"),
    NamedPattern(
        "server-error",
        r'"(?P<method>GET|POST|PUT|DELETE) (?P<path>\S+) HTTP/[12]\.[01]" (?P<status>5\d\d) \d+',
    ),
    NamedPattern(
        "java-exception", r"\b(?P<class>java\.(?:io|net|sql|util)\.\w+Exception): (?P<what>.+)$"
    ),
    NamedPattern(
        "postgres-fatal",
        r"^\S+ \S+ \w+ \[(?P<pid>\d+)\] (?P<role>\w+)@\w+ FATAL:  "
        r"(?P<what>password authentication failed|too many connections|the database system is)",
    ),
    NamedPattern("json-error", r'"level":"(?P<level>error|fatal)",.*"msg":"(?P<what>[^"]+)"'),
    NamedPattern(
        "unit-failed",
        r"systemd\[1\]: (?P<unit>[A-Za-z0-9@._-]+)\.service: "
        r"Failed with result '(?P<result>[a-z-]+)'",
    ),
    NamedPattern("ext4-error", r"EXT4-fs error \(device (?P<dev>[a-z0-9-]+)\): (?P<function>\w+)"),
)

SERVICES = [
    "auth", "billing", "cart", "catalog", "checkout", "delivery", "export", "feed", "fraud",
    "gateway", "identity", "invoice", "ledger", "mailer", "media", "notify", "order", "payment",
    "pricing", "profile", "proxy", "quota", "ranking", "refund", "report", "router", "search",
    "session", "shipping", "signup", "stats", "storage", "stream", "support", "sync", "tax",
    "tenant", "ticket", "token", "user", "vault", "video", "wallet", "webhook",
]  # fmt: skip
TIERS = ["api", "worker", "cron", "edge", "batch", "core", "admin", "sidecar"]
DRIVERS = [
    "ahci", "bnx2x", "e1000e", "igb", "ixgbe", "megaraid", "mlx5", "nvme", "r8169", "tg3", "xhci",
    "virtio",
]  # fmt: skip
COMPANIES = ["acme", "globex", "initech", "umbrella", "hooli", "stark", "wayne", "wonka"]
COMPLAINTS = (
    "connection pool exhausted",
    "circuit breaker open",
    "deadline exceeded",
    "schema mismatch",
    "checksum mismatch",
    "lease lost",
    "replica too far behind",
    "invalid signature",
    "payload too large",
    "retry budget exhausted",
    "unexpected end of stream",
    "lock wait timeout",
    "dead letter queue full",
    "migration failed",
)

Shape = Callable[[str, str, str, str, int], str]
SHAPES: tuple[tuple[str, Shape], ...] = (
    (
        "daemon",
        lambda service, tier, _, complaint, number: (
            rf"{service}-{tier}\[(?P<pid>\d+)\]: (?:error|critical): {complaint} \(code={number}"
        ),
    ),
    (
        "database",
        lambda *words: rf"ORA-{words[4]}: (?P<what>[A-Za-z ]+) at line (?P<line>\d+)",
    ),
    (
        "endpoint",
        lambda service, tier, _, __, number: (
            rf'"(?P<method>GET|POST|PUT) /api/v\d/{service}/{tier}/{number}\S* HTTP/[12]\.[01]"'
            r" (?P<status>50[0-4]) "
        ),
    ),
    (
        "driver",
        lambda _, __, driver, complaint, number: (
            rf"^\S+ +\d+ [0-9:]+ (?P<host>\S+) kernel: {driver} {number}: {complaint}$"
        ),
    ),
    (
        "logfmt",
        lambda service, tier, _, complaint, number: (
            rf"level=(?:error|fatal) service={service}[.]{tier} code={number} msg=.{complaint}. "
            r"trace=(?P<trace>[0-9a-f]{8,32})"
        ),
    ),
    (
        "exception",
        lambda service, company, _, complaint, number: (
            rf"com\.{company}\.{service}\.(?P<class>\w+)Exception: {complaint} {number}"
        ),
    ),
    (
        "audit",
        lambda *words: rf"event=E{words[4]}\b.*severity=(?P<severity>CRIT|ERR|ALERT)",
    ),
    (
        "upstream",
        lambda service, tier, _, complaint, number: (
            rf"upstream {service}-{tier}-{number} (?P<address>[0-9.]+):\d+ {complaint}"
            r" after (?P<seconds>\d+(?:\.\d+)?)s"
        ),
    ),
    (
        "job",
        lambda service, tier, _, complaint, number: (
            rf"job {service}/{tier}/{number} (?:failed|aborted): {complaint}"
            r" \(attempt (?P<attempt>\d+) of (?P<most>\d+)\)"
        ),
    ),
    (
        "structured",
        lambda service, tier, _, __, number: (
            rf'"level":"(?P<level>warn|error)","service":"{service}-{tier}","code":{number},'
        ),
    ),
)


def rule_set(size: int) -> list[NamedPattern]:
    """The first `size` rules."""
    return list(islice(_all(), size))


def _all() -> Iterator[NamedPattern]:
    yield from FIRST_TEN
    chance = random.Random(SEED)
    for number in count(len(FIRST_TEN)):
        kind, shape = SHAPES[number % len(SHAPES)]
        second = COMPANIES if kind == "exception" else TIERS
        words = [chance.choice(each) for each in (SERVICES, second, DRIVERS, COMPLAINTS)]
        yield NamedPattern(f"{kind}-{number}", shape(*words, 10_000 + number))


_NAMED_GROUP = re.compile(r"\(\?(?:P<\w+>|:)")


def without_names(pattern: str) -> str:
    """The same pattern for a program that joins all patterns to one: groups only group."""
    return _NAMED_GROUP.sub("(?:", pattern)


def extended(pattern: str) -> str:
    r"""The same pattern for `grep -E` of GNU, which knows `\S \w \b` but no named group."""
    return _NAMED_GROUP.sub("(", pattern).replace(r"\d", "[0-9]")
