"""The sections of a configuration over all its files: what they hold, and under which names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from yaml import MappingNode, Node, ScalarNode

from logwatch.config.document import Document, is_null
from logwatch.config.found import Found
from logwatch.config.keys import FileKeys, InhibitKeys, MuteKeys, RouteKeys, RuleKeys
from logwatch.config.names import Names
from logwatch.config.problems import Place, Report
from logwatch.config.references import References
from logwatch.config.scalars import Slot
from logwatch.config.walker import Walker

if TYPE_CHECKING:
    from logwatch.config.tests_section import RuleTestKeys

_Entry = TypeVar("_Entry", RuleKeys, RouteKeys, MuteKeys, InhibitKeys, "RuleTestKeys")
SECTIONS = ("sources", "sinks", "rules", "routes", "mutes", "inhibit", "tests")


class Top(NamedTuple):
    """One file."""

    walker: Walker
    keys: Found[FileKeys]


def _as_it_is(node: Node, _walker: Walker) -> Node:
    return node


class Sections:
    """The files that were read, the main one first; mistakes in them go to `report`."""

    def __init__(self, report: Report, environ: Mapping[str, str]) -> None:
        self._report = report
        self._environ = environ
        self.files: list[Top] = []
        self.names = {section: Names(section.removesuffix("s")) for section in SECTIONS}
        """The names that each section defines, as far as they are known."""
        self.counts = dict.fromkeys(SECTIONS, 0)
        """Entries of each section, wrong or right."""

    @property
    def complete(self) -> bool:
        """Whether every name is known that the files define."""
        return all(names.complete for names in self.names.values())

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, but for texts that are none."""
        found = (each.walker.document.path for each in self.files)
        return tuple(path for path in found if path)

    def lost_something(self) -> None:
        """A file or a section could not be read: what it would have defined is unknown now."""
        for names in self.names.values():
            names.complete = False

    def take(self, document: Document, what: str) -> Found[FileKeys] | None:
        """Read a file; None when there is nothing in it to go on with."""
        report = self._report
        references = References(self._environ, document.folder, report.secrets)
        walker = Walker(document, report, references)
        if not document.parse(report):
            self.lost_something()
            return None
        root = document.root
        if root is None or is_null(root):
            self._report_empty_file(document)
            return None
        top = self._keys_of(walker, root, what)
        if top is None:
            self.lost_something()
            return None
        self.files.append(Top(walker, top))
        version = top.value.version
        if version != 1:
            report.error(
                top.place("version"),
                "bad-value",
                f"version {version} is not known here",
                "write version: 1; later versions need a later logwatch",
            )
        return top

    def entries(self, section: str) -> Iterator[tuple[Walker, str, Node]]:
        """The entries of a section that maps names, over all files; repeated names are reported."""
        names = self.names[section]
        for walker, top in self.files:
            entries = walker.mapping(getattr(top.value, section), _slot(section))
            if entries is None:
                names.complete = False
                continue
            self.counts[section] += len(entries)
            keys = (
                {key.value: key for key, _ in getattr(top.value, section).value} if entries else {}
            )
            for name, node in entries.items():
                if names.add(name, walker.document.place(keys[name]), self._report):
                    yield walker, name, node

    def listed(
        self,
        section: str,
        keys: type[_Entry],
        named: Callable[[Node, Walker], Node] = _as_it_is,
    ) -> list[Found[_Entry]]:
        """The entries of a section that is a list, over all files, each as `named` makes it."""
        entries = []
        for walker, top in self.files:
            nodes = walker.sequence(getattr(top.value, section), _slot(section))
            if nodes is None:
                self.names[section].complete = False
                continue
            for node in nodes:
                self.counts[section] += 1
                found = walker.keys(keys, named(node, walker), self._called(section, node))
                if found is None:
                    self.names[section].complete = False
                else:
                    entries.append(found)
        return entries

    def _keys_of(self, walker: Walker, root: Node, what: str) -> Found[FileKeys] | None:
        if isinstance(root, MappingNode):
            return walker.keys(FileKeys, root, what)
        self._report.error(
            walker.document.place(root),
            "bad-type",
            "the file is no map of keys",
            "begin it with a key such as 'sources:' and a line break",
        )
        return None

    def _report_empty_file(self, document: Document) -> None:
        place = Place(document.name, 0, 0, 1)
        if self.files:
            self._report.warning(place, "empty", "there is nothing in the file", None)
        else:
            self._report.error(
                place,
                "empty",
                "there is nothing in the file",
                "the least that works: sources: {app: /var/log/app.log}, "
                "rules: [{name: errors, match: 'ERROR'}], sinks: {out: {console: {}}}",
            )

    def _called(self, section: str, node: Node) -> str:
        noun = section.removesuffix("s")
        for key, name in node.value if isinstance(node, MappingNode) else ():
            if key.value == "name" and isinstance(name, ScalarNode) and name.value:
                return f"{noun} {name.value[:60]!r}"
        return f"{noun} {self.counts[section]}"


def _slot(section: str) -> Slot:
    return Slot(section, FileKeys.examples[section])
