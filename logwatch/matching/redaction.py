r"""Secrets in lines: what patterns capture is replaced before anybody is told of the line.

Rules match the line as it was written. What is made of it then, and so everything that is stored or
sent, has `[redacted]` in the place of each secret: the text, the parsed fields, what patterns
captured, and the lines around it. A secret is what the groups of a pattern took, or all that it
found where it has none. It is a safety net, with holes: no pattern knows every secret.
"""

from __future__ import annotations

from collections.abc import Sequence

from logwatch.expressions import compiled

MASK = "[redacted]"

STOCK = "stock"
"""The word that stands for `STOCK_PATTERNS`."""

_NAMES = (
    r"pass(?:word|wd|phrase)|(?<![a-z])(?:pass|pwd)|secret|token|api[_-]?key|access[_-]?key|client[_-]?secret"
    r"|private[_-]?key|credentials?"
)
STOCK_PATTERNS = (
    # password=..., "token": "...", DB_PASSWD='...'
    (
        rf"(?i)(?:{_NAMES})[\"']?\s?(?:=|[\"']:|:(?=\s?[\"']))\s?(?:\"((?:[^\"\\]|\\.)+)\"|'([^']+)'"
        r"|([^\s\"'&;,)\]}]+))"
    ),
    # Authorization: Bearer ...
    r"(?i)\bauthorization[\"']?[:=]\s?[\"']?(?:(?:bearer|basic|token|digest)\s)?([^\s\"',]{6,})",
    r"(?i)\b(?:bearer|basic)\s([A-Za-z0-9._~+/=-]{16,})",
    # scheme://user:...@host
    r"://[^\s/:@]*:([^\s/@]+)@",
    # Keys that show what they are: AWS, GitHub, GitLab, Slack, OpenAI, Stripe, JSON Web Tokens. If
    # the head of a token could go beyond where the next begins, each would be read to the end.
    (
        r"\b((?:AKIA|ASIA)[0-9A-Z]{16}|gh[opsur]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}"
        r"|xox[abeoprs]-[\w-]{10,}|[rs]k[_-](?:live_|test_|proj-|ant-)?[\w-]{20,}"
        r"|eyJ(?:(?!-eyJ)[\w-]){10,}\.[\w-]{10,}\.[\w-]*)"
    ),
)
"""What looks like a secret in most logs."""

_LEAST_TOLD_APART = 4
"""Characters of a secret that is looked for within other values; a shorter one is in anything."""


class Redactor:
    """Replaces what its patterns capture; they are valid."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [compiled(text) for text in patterns]

    def text(self, text: str) -> str:
        """`text` without its secrets."""
        return self.split(text)[0]

    def split(self, text: str) -> tuple[str, frozenset[str]]:
        """`text` without its secrets, and these."""
        spans = sorted(self._spans(text))
        if not spans:
            return text, frozenset()
        parts: list[str] = []
        secrets: set[str] = set()
        end = 0
        for start, stop in spans:
            secrets.add(text[start:stop])
            if start >= end:
                parts += (text[end:start], MASK)
            end = max(end, stop)
        return "".join((*parts, text[end:])), frozenset(secrets)

    def _spans(self, text: str) -> set[tuple[int, int]]:
        found: set[tuple[int, int]] = set()
        for pattern in self._patterns:
            for match in pattern.finditer(text):
                groups = range(1, pattern.groups + 1) if pattern.groups else (0,)
                found.update(match.span(group) for group in groups)
        return {(start, end) for start, end in found if end > start >= 0}


def hidden(values: dict[str, str], secrets: frozenset[str]) -> dict[str, str]:
    """`values` without what is in `secrets`."""
    return {name: _hidden(value, secrets) for name, value in values.items()}


def _hidden(value: str, secrets: frozenset[str]) -> str:
    if value in secrets:
        return MASK
    for secret in secrets:
        if len(secret) >= _LEAST_TOLD_APART:
            value = value.replace(secret, MASK)
    return value
