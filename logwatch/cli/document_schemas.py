"""The JSON Schema of what each command prints with `-o json`, made of the types in documents.py."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct, inspect

from logwatch.cli.documents import DOCUMENTS


def schema_of(verb: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one line. Raises KeyError where the command has no JSON."""
    types = DOCUMENTS[verb]
    schemas, definitions = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    for each in types:
        definitions[each.__name__]["required"] = _always_there(each)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"logwatch {verb} -o json",
        "anyOf": list(schemas),
        "$defs": definitions,
    }


def schema_text(verb: str) -> str:
    """The same as a text."""
    return msgspec.json.format(msgspec.json.encode(schema_of(verb)), indent=2).decode() + "\n"


def _always_there(struct: type[Struct]) -> list[str]:
    """Fields have defaults for whoever makes them; whoever reads them may count on them."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    tag = [] if info.tag_field is None else [info.tag_field]
    return [*tag, *(each.encode_name for each in info.fields if not _may_be_unset(each))]


def _may_be_unset(field: inspect.Field) -> bool:
    return not field.required and field.default is NODEFAULT and field.default_factory is NODEFAULT
