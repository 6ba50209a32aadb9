"""What a store holds is read by the place of each value: a later version must keep those places."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from logwatch import alerts, rules, templates, windows

KNOWN = Path(__file__).with_name("stored_shapes.txt")
"""A struct a line, with its fields: those that are there stay in their places, new ones come last.
That is so of what is derived from a struct, too: a field more of a base is not last in it."""


def shapes() -> Iterator[str]:
    """Of all structs that are stored as arrays."""
    packages = (alerts, rules, templates, windows)
    for package in packages:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    names = tuple(f"{package.__name__}." for package in packages)
    for each in derived(Struct):
        if each.__struct_config__.array_like and each.__module__.startswith(names):
            module = each.__module__.removeprefix("logwatch.")
            yield f"{module}.{each.__name__}: {' '.join(each.__struct_fields__)}"


def derived(struct: type[Struct]) -> Iterator[type[Struct]]:
    """All that are derived from it, at any distance."""
    for each in struct.__subclasses__():
        yield each
        yield from derived(each)


def test_what_former_versions_stored_is_read_by_the_same_places():
    """Or all that is open when somebody upgrades would be forgotten."""
    assert sorted(shapes()) == KNOWN.read_text("utf-8").splitlines()
