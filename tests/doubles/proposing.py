"""`logwatch init` in tests: the stock rules are read once, and so is what they compile to."""

from __future__ import annotations

from functools import cache

from logwatch.cli.stock_rules import StockRule, stock_rules
from logwatch.matching.engines import Engines


@cache
def stock() -> list[StockRule]:
    """The rules that come with logwatch."""
    return stock_rules()


@cache
def engines() -> Engines:
    """What keeps all that was compiled."""
    return Engines()


def made_once(monkeypatch) -> None:
    """Have `init` take these."""
    monkeypatch.setattr("logwatch.cli.proposal.stock_rules", stock)
    monkeypatch.setattr("logwatch.cli.init.Engines", engines)
