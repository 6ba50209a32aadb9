"""`redact:` -> the patterns of what nobody is to be told."""

from __future__ import annotations

from logwatch.config.found import Found
from logwatch.config.keys import FileKeys
from logwatch.config.patterns import remedy, warn_of_risk
from logwatch.config.problems import Report
from logwatch.matching.pattern import PatternError, compile_pattern, risk
from logwatch.matching.stock_secrets import STOCK, STOCK_PATTERNS


def build_redaction(found: Found[FileKeys], report: Report) -> tuple[str, ...]:
    """The patterns, `stock` written out, after reporting those that cannot be used."""
    patterns: dict[str, None] = {}
    for number, text in enumerate(found.value.redact):
        place = found.place("redact", number)
        if text == STOCK:
            patterns.update(dict.fromkeys(STOCK_PATTERNS))
            continue
        try:
            takes_nothing = compile_pattern(text).search("") is not None
        except PatternError as error:
            report.error(place, "bad-pattern", f"bad pattern: {error.message}", remedy(error))
            continue
        if takes_nothing:
            message = "this finds something in a line without a character"
            report.error(place, "bad-value", message, "write what the secret looks like: '\\S+'")
            continue
        if reason := risk(text):
            warn_of_risk(place, reason, report)
        patterns[text] = None
    return tuple(patterns)
