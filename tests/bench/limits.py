"""The raw limits beside the programs: they are run, counted and subtracted like these.

No program that reads these logs block by block with this scanner, and looks for the rules as they
are written, can cost less than "Hyperscan alone".
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from bench import child
from bench.corpus import Corpus
from bench.peers import Peer
from bench.rule_sets import NamedPattern
from bench.subject import count_lines

SCRIPT = Path(__file__).with_name("bare.py")
OUR_SCAN = "the scan of logwatch alone"


class Limit:
    """One mode of bare.py."""

    group = "limit"
    first_guess = 1 << 30
    whole_log = True

    def __init__(self, name: str, mode: str, compiler: str = "compile") -> None:
        self.name = name
        self._mode = mode
        self._compiler = compiler

    def installed(self) -> bool:
        """See `Peer.installed`."""
        return self._mode == "read" or find_spec("hyperscan") is not None

    def version(self) -> str:
        """See `Peer.version`."""
        return sys.version.split()[0]

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """Compile the rules, unless they are not needed."""
        self._rules, self._out = folder / "rules.txt", folder / "out"
        self._database = folder / "database"
        self._rules.write_text("".join(f"{rule.pattern}\n" for rule in rules))
        if self._mode != "read":
            child.run([sys.executable, SCRIPT, self._compiler, self._rules, self._database])

    def run(self, corpus: Corpus) -> child.Spent:
        """See `Peer.run`."""
        more = {"read": (), "scan": (self._database,), "confirm": (self._database, self._rules)}
        words = [sys.executable, SCRIPT, self._mode, corpus.path, *more[self._mode]]
        return child.run(words, stdout=self._out)

    def count(self) -> int | None:
        """See `Peer.count`."""
        return count_lines(self._out) if self._mode == "confirm" else None


def limits() -> list[Peer]:
    """Those that can be measured here."""
    each: list[Peer] = [
        Limit("read the file", "read"),
        Limit(OUR_SCAN, "scan", "compile-ours"),
        Limit("Hyperscan alone", "scan"),
        Limit("Hyperscan and re alone", "confirm"),
    ]
    return [one for one in each if one.installed()]
