"""The patterns of `redact: stock`."""

from __future__ import annotations

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
"""What looks like a secret in most logs. The time that each takes grows with the length of a text
alone, so they are searched for without a limit."""
