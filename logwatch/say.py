"""The `say` template: `{name}`, `{name|default}`, `{n:,}`, and nothing else.

A log line must never reach Python objects, so there is no attribute and no index access, and a
width is bounded, for `{n:999999999}` would be a memory bomb. A missing field reads `<none>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from logwatch.records import MISSING

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[\w.\-@]+")
_SPEC = re.compile(r"[<>^]?\d{0,3}(?:,|\.\d{1,2}f)?")


class TemplateError(ValueError):
    """Raised for a template that cannot be; `position` is the offset of the fault in it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class Say:
    """One compiled template."""

    def __init__(self, template: str) -> None:
        """Raises TemplateError."""
        self._parts: list[str | tuple[str, str, str]] = []
        self.placeholders: list[tuple[str, int]] = []
        """Each name that the template uses, with its offset."""
        end = 0
        for found in _PLACEHOLDER.finditer(template):
            self._parts.append(template[end : found.start()])
            end = found.end()
            if found[0] in ("{{", "}}"):
                self._parts.append(found[0][0])
            else:
                self._parts.append(self._placeholder(found))
        self._parts.append(template[end:])

    def render(self, values: Mapping[str, object]) -> str:
        """The text for `values`."""
        return "".join(
            part if isinstance(part, str) else _formatted(values, *part) for part in self._parts
        )

    def _placeholder(self, found: re.Match[str]) -> tuple[str, str, str]:
        if found[1] is None:
            raise TemplateError(
                f"a lone {found[0]!r}; write {found[0] * 2!r} for the character itself",
                found.start(),
            )
        body, bar, default = found[1].partition("|")
        name, _, spec = body.partition(":")
        start = found.start() + 1
        if not _NAME.fullmatch(name):
            raise TemplateError(
                f"{name!r} is not a field name; write {{name}}, {{name|default}} or {{name:,}}",
                start,
            )
        if not _SPEC.fullmatch(spec):
            raise TemplateError(
                f"{spec!r} is not a format; write a width such as 10 or >10, a comma, or .1f",
                start + len(name) + 1,
            )
        self.placeholders.append((name, start))
        return name, spec, default if bar else MISSING


def placeholders(template: str) -> list[tuple[str, int]]:
    """The names that `template` uses, each with its offset. Raises TemplateError."""
    return Say(template).placeholders


def _formatted(values: Mapping[str, object], name: str, spec: str, default: str) -> str:
    value = values.get(name)
    if value is None:
        return default
    if not spec:
        return str(value)
    if isinstance(value, int | float):
        return format(value, spec)
    text = str(value)
    if spec.endswith((",", "f")):  # what a width alone is for is text: 007, or a hash such as 1e5
        for number in (int, float):
            try:
                return format(number(text), spec)
            except ValueError:
                pass
    return format(text, spec.rstrip(",").partition(".")[0])
