"""Libraries, loaded without what they bring along and we never use: a quarter of a start.

What is left out is there all the same for whoever asks for it later.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, cast

_NOTHING = cast("ModuleType", None)
"""In the place of a module: it is as if that were not installed."""


def load_msgspec() -> None:
    """It takes two names from typing_extensions, which `typing` has as well.

    Where another package has brought that along, loading it, with inspect, ast and tokenize, takes
    7 ms.
    """
    with _in_the_place_of_others({"typing_extensions": _NOTHING}):
        import msgspec  # noqa: F401, PLC0415 - not for help, nor for a tail of files


def load_yaml() -> None:
    """It compiles the patterns of its parser in Python, and we use the one in C.

    One of them, a set up to the last character of Unicode, takes half of the import.
    """
    if "yaml" in sys.modules:
        return
    usual = sys.modules["re"]
    stand_in = ModuleType("re")
    vars(stand_in).update({**vars(usual), "compile": _Later})
    sys.modules["re"] = stand_in
    try:
        import yaml  # noqa: F401, PLC0415 - as the other
    finally:
        sys.modules["re"] = usual


@contextmanager
def without_what_the_logger_never_uses() -> Iterator[None]:
    """It imports `rich`, where there is one, for tracebacks as we never want them.

    And `asyncio`, with `ssl` and `subprocess`, for coroutines that we do not have.
    """
    with _in_the_place_of_others({"rich": _NOTHING, "asyncio": _stand_in("asyncio")}):
        yield


class _Later:
    """A pattern that is compiled when somebody searches with it."""

    def __init__(self, *how: Any) -> None:
        self._how = how

    def __getattr__(self, name: str) -> Any:
        return getattr(re.compile(*self._how), name)


@contextmanager
def _in_the_place_of_others(modules: Mapping[str, ModuleType]) -> Iterator[None]:
    """Let these be found in the place of those of their names that are not loaded yet."""
    there = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules.update(there)
    try:
        yield
    finally:
        for name, module in there.items():
            if sys.modules.get(name, module) is module:
                sys.modules.pop(name, None)


def _stand_in(name: str) -> ModuleType:
    """A module that becomes the one of that name when somebody asks it for anything."""

    def of_the_real_one(attribute: str) -> object:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]
        return getattr(import_module(name), attribute)

    stand_in = ModuleType(name)
    stand_in.__getattr__ = of_the_real_one  # type: ignore[method-assign] # PEP 562
    return stand_in
