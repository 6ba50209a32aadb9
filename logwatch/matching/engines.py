"""Which engine scans blocks, and why that one.

Hyperscan where it can be used; else the literals of each pattern, with Aho-Corasick; else nothing
is scanned and every pattern runs on every line, as in reference.py. Each engine must give known
answers on this machine before it is used (probes.py). What is found is the same with all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from logwatch.errors import ConfigError
from logwatch.matching import literal_prefilter, literal_scanner, prefilter, scanner
from logwatch.matching.backtracking import Danger
from logwatch.matching.dangers import dangers
from logwatch.matching.database_cache import DatabaseCache
from logwatch.matching.engine_names import Engine
from logwatch.matching.prefilter import Compiling, Prefilter, Unwatched
from logwatch.matching.probes import PROOF_OF, failed_literal_probe, failed_probe
from logwatch.matching.scanner import HyperscanScanner, MakeScanner, RefusedError


class EngineError(ConfigError):
    """Raised when the engine that was asked for cannot be used; the text says why."""


class Choice(NamedTuple):
    """An engine that is ready to scan."""

    prefilter: Prefilter
    name: str
    """ "hyperscan", "aho-corasick" or "reference"."""
    reason: str
    """Why this one."""


class Engines:
    """The engine `wanted`, for one set of patterns after another.

    Those that ask for the same patterns share one engine. What is compiled is kept in the folder
    `cache`, and `compiling` is told when that is made anew. `proof` is such a folder of the daemon
    on this machine: where it notes there that Hyperscan passed its probes, they are not repeated.
    """

    def __init__(
        self,
        wanted: Engine = "auto",
        cache: Path | None = None,
        compiling: Compiling | None = None,
        *,
        proof: Path | None = None,
    ) -> None:
        if proof is not None and wanted in ("auto", "hyperscan"):
            _believe(proof)
        self._wanted = wanted
        self._cache = cache
        self._compiling = compiling or Unwatched()
        self._chosen: dict[tuple[tuple[str, ...], bool], Choice] = {}
        self._dangers: dict[tuple[tuple[str, ...], bool], Sequence[Danger] | None] = {}

    def choose(self, patterns: Sequence[str], *, records: bool = False) -> Choice:
        """An engine for valid patterns, in lines or in `records` of several lines.

        Raises EngineError where the one wanted cannot be had.
        """
        key = tuple(patterns), records
        if key not in self._chosen:
            self._chosen[key] = self._choose(*key)
        return self._chosen[key]

    def dangers(self, texts: Sequence[str], *, records: bool = False) -> Sequence[Danger] | None:
        """What is known of how badly valid patterns can do; None where nothing can be kept."""
        key = tuple(texts), records
        if key not in self._dangers:
            self._dangers[key] = dangers(key[0], self._cache, records=records)
        return self._dangers[key]

    def _choose(self, patterns: tuple[str, ...], records: bool) -> Choice:  # noqa: FBT001 - a key
        against: list[str] = []
        for name, build in _BUILDERS.items():
            if self._wanted not in ("auto", name):
                continue
            made = build(patterns, self._cache, self._compiling, records=records)
            if isinstance(made, Choice):
                if name == "hyperscan" and patterns and self._cache is not None:
                    _note_proof(self._cache)
                return made._replace(reason="; ".join([*against, made.reason]))
            if self._wanted == name:
                raise EngineError(f"engine {name!r} cannot be used: {made}")
            against.append(made)
        why = "; ".join(against) or "it was asked for"
        everywhere = dict.fromkeys(range(len(patterns)), "")
        return Choice(Prefilter(None, (), everywhere), "reference", why)


class _Build(Protocol):
    def __call__(
        self,
        patterns: Sequence[str],
        cache: Path | None,
        compiling: Compiling,
        *,
        records: bool,
    ) -> Choice | str:
        """The engine, or why it cannot be had."""
        ...


def _with_hyperscan(
    patterns: Sequence[str], cache: Path | None, compiling: Compiling, *, records: bool
) -> Choice | str:
    problem = unusable()
    if problem:
        return problem
    try:
        built = prefilter.build(patterns, cache, compiling, records=records)
    except RefusedError as error:
        return f"Hyperscan refuses these patterns together: {error}"
    return Choice(built, "hyperscan", f"{scanner.version()}, probes passed")


def _with_literals(
    patterns: Sequence[str], cache: Path | None, compiling: Compiling, *, records: bool
) -> Choice | str:
    problem = literals_unusable()
    if problem:
        return problem
    built = literal_prefilter.build(patterns, cache, compiling, records=records)
    return Choice(built, "aho-corasick", f"{literal_scanner.version()}, probes passed")


_BUILDERS: dict[str, _Build] = {
    "hyperscan": _with_hyperscan,
    "aho-corasick": _with_literals,
}
"""Best first."""

_verdicts: dict[object, str | None] = {}


def unusable(make: MakeScanner = HyperscanScanner.compiled) -> str | None:
    """Why Hyperscan cannot be used here, None where it can. Probed once in a process."""
    if scanner.version() is None:
        return "Hyperscan is not installed: there is no wheel for this Python or machine"
    if make not in _verdicts:
        problem = failed_probe(make)
        _verdicts[make] = f"{scanner.version()} failed a probe: {problem}" if problem else None
    return _verdicts[make]


def _believe(folder: Path) -> None:
    """Take what is noted in `folder` for probed, where that was on this machine and this build."""
    kept = _proofs(folder)
    if kept is not None and kept.load(PROOF_OF) is not None:
        _verdicts.setdefault(HyperscanScanner.compiled, None)


def _note_proof(folder: Path) -> None:
    kept = _proofs(folder)
    if kept is not None and kept.load(PROOF_OF) is None:
        kept.save(PROOF_OF, b"")


def _proofs(folder: Path) -> DatabaseCache | None:
    version = scanner.version()
    return DatabaseCache(folder, "probed", version) if version is not None else None


def literals_unusable(
    make: literal_scanner.MakeLiteralScanner = literal_scanner.LiteralScanner,
) -> str | None:
    """Why the literals cannot be used here, None where they can. Probed once in a process."""
    if literal_scanner.version() is None:
        return "ahocorasick_rs is not installed"
    if make not in _verdicts:
        problem = failed_literal_probe(make)
        name = literal_scanner.version()
        _verdicts[make] = f"{name} failed a probe: {problem}" if problem else None
    return _verdicts[make]
