"""The JSON Schema of a configuration file, made of the types that the walker reads.

Editors complete keys with it and underline what `logwatch check` would refuse: unknown keys, keys
that miss, values of a wrong form. What needs more than one value to be judged (names, fields,
patterns) is left to `check`. The schema is of draft 7, which language servers of YAML know.

Source: JSON Schema draft 7 (json-schema.org/draft-07/schema).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, inspect

from logwatch.config.heartbeat import HeartbeatSettings
from logwatch.config.http import HttpSettings
from logwatch.config.key_forms import Keys
from logwatch.config.keys import FileKeys, InhibitKeys, MuteKeys, RouteKeys, RuleKeys, SourceKeys
from logwatch.config.kind_keys import ValueKeys
from logwatch.config.otel import OtelSettings
from logwatch.config.shapes import SEQUENCES, Shape, is_one_or_many, item_type, shape_of
from logwatch.config.sink_keys import BESIDE, SinkKeys
from logwatch.config.tests_section import RuleTestKeys
from logwatch.sinks import KINDS

SCHEMA_FILE: Final = Path(__file__).with_name("logwatch.schema.json")
"""The schema as it is installed."""

MODELINE: Final = f"# yaml-language-server: $schema={SCHEMA_FILE}"
"""First line of a configuration that logwatch writes: by it editors find the schema."""

Schema = dict[str, Any]

_SECTIONS: Final[dict[str, type[Keys]]] = {
    "rules": RuleKeys,
    "routes": RouteKeys,
    "mutes": MuteKeys,
    "inhibit": InhibitKeys,
    "tests": RuleTestKeys,
}
_TEXT: Final = ["string", "number", "boolean"]
"""Text is taken as it is written: `host: 7` is the text 7."""
_REFERENCE: Final = r"\$\{(env|file):"
_NUMBER: Final = r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,2})?"
_UNITS: Final = {
    "duration": r"0|([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+",
    "size": r"[0-9]+ *([KMGT]i?)?B?",
    "share": r"0|[0-9]{1,3}(\.[0-9]{1,6})? *%",
}
_BOUNDS: Final = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}
_MEASURES: Final = "^(p[5-9][0-9]|avg|sum|max|min)$"
"""Keys of `value:` that name a field, see `ValueKeys.from_pairs`."""


def json_schema() -> Schema:
    """The schema of a main or an included file."""
    return _Builder().whole()


class _Builder:
    """Collects the definitions that others refer to."""

    def __init__(self) -> None:
        self._definitions: dict[str, Schema] = {}

    def whole(self) -> Schema:
        top = self._map(FileKeys)
        properties = top["properties"]
        properties["version"] = {"enum": [1, "1"]}
        properties["sources"] = _or_nothing(_map_of(self._type(inspect.type_info(SourceKeys))))
        properties["sinks"] = _or_nothing(_map_of(self._sink()))
        properties["heartbeat"] = self._settings(HeartbeatSettings, "url")
        properties["http"] = self._settings(HttpSettings, "listen")
        properties["otel"] = self._settings(OtelSettings, "url")
        for name, keys in _SECTIONS.items():
            item = self._type(inspect.type_info(keys))
            properties[name] = _or_nothing({"type": "array", "items": item})
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": "Configuration of logwatch",
            **top,
            "definitions": dict(sorted(self._definitions.items())),
        }

    # -- maps --------------------------------------------------------------------------------

    def _map(self, struct: type[Struct]) -> Schema:
        """What the keys of `struct` may be."""
        shape = shape_of(struct)
        schema: Schema = {
            "type": "object",
            "properties": {
                name: self._field(shape, name, field.type) for name, field in shape.fields.items()
            },
            "additionalProperties": False,
        }
        if struct is ValueKeys:
            self._with_measures(schema)
            shape = shape._replace(required=tuple(each for each in shape.required if each != "of"))
        return {**schema, **_required(shape)}

    def _field(self, shape: Shape, name: str, info: inspect.Type) -> Schema:
        example = shape.examples.get(name)
        if example and isinstance(info, inspect.UnionType):
            schema = self._union(info, nothing=False)  # left empty it was forgotten
        else:
            schema = self._type(info)
        if not example or "$ref" in schema:
            return schema
        return {"description": f"such as  {name}: {example}", **schema}

    def _with_measures(self, schema: Schema) -> None:
        schema["patternProperties"] = {_MEASURES: {"type": _TEXT}}
        schema["properties"] = {**schema["properties"], "min": {"type": _TEXT}}

    def _sink(self) -> Schema:
        """One kind, and what stands beside it."""
        beside = self._map(SinkKeys)["properties"]
        settings = {name: self._settings(kind.settings, kind.short) for name, kind in KINDS.items()}
        return {
            "type": "object",
            "properties": {**settings, **{name: beside[name] for name in BESIDE}},
            "additionalProperties": False,
            "oneOf": [{"required": [name]} for name in KINDS],
        }

    def _settings(self, struct: type[Struct], short: str | None) -> Schema:
        """Settings, all of them or the one that stands for them."""
        schema = self._map(struct)
        others: list[Schema] = [{"type": _TEXT}] if short is not None else []
        if not schema.get("required"):
            others.append({"type": "null"})
        return {"anyOf": [schema, *others]} if others else schema

    # -- values ------------------------------------------------------------------------------

    def _type(self, info: inspect.Type) -> Schema:
        extra: Mapping[str, Any] = {}
        one_or_many = is_one_or_many(info)
        while isinstance(info, inspect.Metadata):
            extra = info.extra or extra
            info = info.type
        if extra.get("raw"):
            return {}
        if isinstance(info, SEQUENCES):
            items: Schema = {"type": "array", "items": self._type(item_type(info))}
            return {"anyOf": [items["items"], items]} if one_or_many else items
        schema: Schema
        match info:
            case inspect.UnionType():
                schema = self._union(info)
            case inspect.StructType():
                schema = self._struct(info.cls)
            case inspect.DictType():
                schema = self._dict(info)
            case inspect.AnyType():
                schema = {}
            case _:
                schema = _scalar(info, extra.get("unit"))
        return schema

    def _union(self, info: inspect.UnionType, *, nothing: bool = True) -> Schema:
        kinds = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
        schemas = [self._type(kind) for kind in kinds]
        if nothing and len(kinds) < len(info.types):
            schemas.append({"type": "null"})
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def _struct(self, struct: type[Struct]) -> Schema:
        name = struct.__name__.removesuffix("Keys").removesuffix("Settings")
        if name not in self._definitions:
            self._definitions[name] = {}  # a struct may hold itself
            schema = self._map(struct)
            forms: list[Schema] = [schema]
            if hasattr(struct, "from_text"):
                forms.append({"type": _TEXT})
            if not shape_of(struct).required:
                forms.append({"type": "null"})
            self._definitions[name] = schema if len(forms) == 1 else {"anyOf": forms}
        return {"$ref": f"#/definitions/{name}"}

    def _dict(self, info: inspect.DictType) -> Schema:
        schema = _map_of(self._type(info.value_type))
        if isinstance(info.key_type, inspect.LiteralType):
            schema["propertyNames"] = {"enum": list(info.key_type.values)}
        return schema


def _scalar(info: inspect.Type, unit: str | None) -> Schema:
    """What one scalar may be: of its type, or a text that is read as one."""
    bounds = {
        word: limit
        for name, word in _BOUNDS.items()
        if (limit := getattr(info, name, None)) is not None
    }
    if unit is not None:
        number: Schema = {"type": "integer", **bounds} if unit == "size" else {"const": 0}
        return _or_text(number, _UNITS[unit])
    match info:
        case inspect.BoolType():
            return _or_text({"type": "boolean"}, "true|True|TRUE|false|False|FALSE")
        case inspect.IntType():
            return _or_text({"type": "integer", **bounds}, "[-+]?[0-9]{1,18}")
        case inspect.FloatType():
            return _or_text({"type": "number", **bounds}, _NUMBER)
        case inspect.LiteralType(values=values):
            return {"anyOf": [{"enum": list(values)}, {"type": "string", "pattern": _REFERENCE}]}
        case _:
            return {"type": _TEXT}


def _or_text(schema: Schema, pattern: str) -> Schema:
    text = {"type": "string", "pattern": rf"^\s*({pattern})\s*$|{_REFERENCE}"}
    return {"anyOf": [schema, text]}


def _or_nothing(schema: Schema) -> Schema:
    """A section may be empty."""
    return {"anyOf": [schema, {"type": "null"}]}


def _map_of(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}


def _required(shape: Shape) -> Schema:
    """The keys that must be there, and those of which one must be."""
    plain = []
    choices = []
    for name in shape.required:
        ways = (name, *shape.either.get(name, ()), *shape.instead.get(name, ()))
        if len(ways) == 1:
            plain.append(name)
        else:
            choices.append({"anyOf": [{"required": [way]} for way in ways]})
    schema: Schema = {"required": plain} if plain else {}
    return {**schema, "allOf": choices} if choices else schema
