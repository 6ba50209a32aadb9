"""Where the daemon of a configuration keeps its store, found without reading the rest of it.

What reads the store needs no secret and no sound rule, and is to start at once: only the file's
syntax and its key `state` are looked at; and of a file whose syntax is broken, as while somebody
edits it, that key alone, where it stands in a line of its own.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from yaml import MappingNode

from logwatch.config.document import Document
from logwatch.config.document_files import read_document, shown_name
from logwatch.config.key_forms import Keys
from logwatch.config.problems import InvalidConfigError, Place, Report, render
from logwatch.config.references import References
from logwatch.config.search import default_state
from logwatch.config.walker import Walker

_NAMED = re.compile(r"""\bstate["']?\s*:""")


class StateKeys(Keys, frozen=True):
    """The one key."""

    state: str | None = None


def state_folder(path: Path | str, *, environ: Mapping[str, str] = os.environ) -> Path:
    """Folder of the store of the configuration in `path`. Raises InvalidConfigError."""
    report = Report()
    name = shown_name(path)
    document = read_document(Path(path), name, Place(name, 0, 0, 1), report)
    state = None
    if document is not None:
        sound = document.parse(report)
        state = _state(document, environ, report) if sound else _alone(document, environ)
    if state is None:
        texts = {document.name: document.text} if document is not None else {}
        problems = report.in_order(list(texts))
        raise InvalidConfigError(render(problems, texts, counted="1 file"), problems)
    return state


def state_of(
    text: str | None,
    environ: Mapping[str, str],
    references: References,
    place: Place,
    report: Report,
) -> Path | None:
    """The folder that `state: text` means; None after reporting that it means none."""
    if text is None:
        return default_state(environ)
    if not text or "\0" in text:
        report.error(place, "bad-value", "'state' names no folder", None)
        return None
    return references.path(text)


def _alone(document: Document, environ: Mapping[str, str]) -> Path | None:
    """What the key means in a file that cannot be parsed; None where that is not certain."""
    lines = [line for line in document.lines if line.startswith("state:")]
    if not lines and not _NAMED.search(document.text):
        return default_state(environ)
    if len(lines) != 1 or lines[0].rstrip().endswith((",", "}")):
        return None
    report = Report()
    line = Document(document.name, lines[0], document.folder, document.path)
    return _state(line, environ, report) if line.parse(report) else None


def _state(document: Document, environ: Mapping[str, str], report: Report) -> Path | None:
    root = document.root
    if not isinstance(root, MappingNode):
        report.error(document.start, "empty", "there is nothing in the file", None)
        return None
    pairs = [pair for pair in root.value if pair[0].value == "state"]
    alone = MappingNode(root.tag, pairs, root.start_mark, root.end_mark)
    references = References(environ, document.folder, report.secrets)
    found = Walker(document, report, references).keys(StateKeys, alone, "the file")
    if found is None or not found.sound("state"):
        return None
    return state_of(found.value.state, environ, references, found.place("state"), report)
