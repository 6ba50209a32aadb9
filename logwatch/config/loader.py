"""Files -> `Config`: reads, includes, checks everything, and reports every problem in one run.

`load` is for what must run, and raises; `examine` is for `check`, looks closer and never raises for
content. What a problem makes unknowable is not asked about again, so one mistake is one problem.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from glob import glob, has_magic
from pathlib import Path
from typing import Final

from msgspec import Struct

from logwatch.config.assembly import Assembly
from logwatch.config.document import Document
from logwatch.config.document_files import read_document, shown_name
from logwatch.config.model import Config
from logwatch.config.problems import (
    InvalidConfigError,
    Place,
    Problem,
    Report,
    plural,
    render,
)
from logwatch.config.search import find_config
from logwatch.matching.known_patterns import KnownPatterns
from logwatch.sinks import KINDS
from logwatch.sinks.base import SinkKind

__all__ = ["Summary", "examine", "find_config", "from_text", "load"]

MOST_FILES: Final = 10_000


class Summary(Struct, frozen=True, kw_only=True):
    """What was read, wrong or right."""

    files: int = 0
    rules: int = 0
    sources: int = 0
    sinks: int = 0
    routes: int = 0
    mutes: int = 0
    inhibit: int = 0
    tests: int = 0
    texts: dict[str, str] = {}
    """The text of each file by its name, for `render`."""

    @property
    def counted(self) -> str:
        """`3 files, 14 rules, 9 sources, 4 sinks, 1 route`."""
        nouns = ["file", "rule", "source", "sink", "route"]
        nouns += [noun for noun in ("mute", "test") if getattr(self, f"{noun}s")]
        return ", ".join(plural(getattr(self, f"{noun}s"), noun) for noun in nouns)


def load(
    path: Path | str,
    *,
    environ: Mapping[str, str] = os.environ,
    known: KnownPatterns | None = None,
    sends: bool = True,
) -> Config:
    """The configuration in `path` and what it includes.

    `sends`: whether anything will be sent; without it secrets of sinks need not be there. `known`
    learns what was found out of its patterns; it is the caller who keeps that. Raises
    InvalidConfigError, a ConfigError, whose text is every error with its line.
    """
    return _valid(
        *_examined_file(Path(path), environ, KINDS, thorough=False, known=known, sends=sends)
    )


def examine(
    path: Path | str,
    *,
    environ: Mapping[str, str] = os.environ,
    kinds: Mapping[str, SinkKind] = KINDS,
    now: float | None = None,
) -> tuple[Config | None, list[Problem], Summary]:
    """The configuration in `path` where it can be used, every error and warning, and the counts.

    `now` is wall time, to warn of what is over.
    """
    return _examined_file(Path(path), environ, kinds, thorough=True, now=now)


def from_text(
    text: str,
    name: str = "<text>",
    *,
    environ: Mapping[str, str] = os.environ,
    kinds: Mapping[str, SinkKind] = KINDS,
    folder: Path | None = None,
    rules_needed: bool = True,
) -> Config:
    """The configuration in `text`; relative paths are relative to `folder` (the working one).

    Raises InvalidConfigError.
    """
    document = Document(name, text, (folder or Path()).absolute())
    report = Report()
    assembly = Assembly(report, environ, kinds=kinds, thorough=False)
    return _valid(*_examined([document], assembly, report, rules_needed=rules_needed))


def _valid(config: Config | None, problems: list[Problem], summary: Summary) -> Config:
    if config is None:
        errors = [problem for problem in problems if problem.level == "error"]
        raise InvalidConfigError(render(errors, summary.texts, counted=summary.counted), errors)
    return config


def _examined_file(
    path: Path,
    environ: Mapping[str, str],
    kinds: Mapping[str, SinkKind],
    *,
    thorough: bool,
    known: KnownPatterns | None = None,
    sends: bool = True,
    now: float | None = None,
) -> tuple[Config | None, list[Problem], Summary]:
    report = Report()
    name = shown_name(path)
    document = read_document(path, name, Place(name, 0, 0, 1), report)
    documents = [document] if document else []
    assembly = Assembly(
        report,
        environ,
        kinds=kinds,
        thorough=thorough,
        known=known,
        sends=sends,
        now=now,
    )
    return _examined(documents, assembly, report)


def _examined(
    documents: list[Document], assembly: Assembly, report: Report, *, rules_needed: bool = True
) -> tuple[Config | None, list[Problem], Summary]:
    with _garbage_waits():
        if documents and assembly.add_main(documents[0]):
            for document in _included(documents[0], assembly, report):
                documents.append(document)
                assembly.add(document)
            config = assembly.finish(rules_needed=rules_needed)
        else:
            config = None
    texts = {document.name: document.text for document in documents}
    summary = Summary(files=len(documents), texts=texts, **assembly.counts)
    problems = report.in_order([document.name for document in documents])
    return None if report.failed else config, problems, summary


def _included(main: Document, assembly: Assembly, report: Report) -> Iterator[Document]:
    """The files that `main` includes: glob after glob, each in order of names, each file once."""
    seen = {_identity(main.path)} if main.path else set()
    for pattern, place in assembly.includes():
        paths = sorted(glob(pattern, recursive=True)) if has_magic(pattern) else [pattern]  # noqa: PTH207  # absolute and recursive
        if not paths:
            report.warning(place, "no-match", "no file matches now", f"looked for {pattern}")
        for path in paths[:MOST_FILES]:
            if _identity(Path(path)) in seen:
                continue
            seen.add(_identity(Path(path)))
            name = shown_name(_name_beside(main, Path(path)))
            document = read_document(Path(path), name, place, report)
            if document is None:
                assembly.lost_something()
            else:
                yield document


def _name_beside(main: Document, path: Path) -> str:
    """`path` as a person who named the main file would name it."""
    shown = Path(main.name).parent
    try:
        return str(shown / path.relative_to(main.folder))
    except ValueError:
        return str(path)


def _identity(path: Path) -> Path:
    return Path(os.path.realpath(path))


@contextmanager
def _garbage_waits() -> Iterator[None]:
    """A tree of nodes is all references and no garbage: collecting meanwhile triples the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
