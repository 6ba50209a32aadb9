"""The JSON Schema takes what `check` takes, and refuses what it refuses for its form."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from logwatch.config.key_forms import Keys
from logwatch.config.keys import FileKeys, InhibitKeys, MuteKeys, RouteKeys, RuleKeys, SourceKeys
from logwatch.config.loader import from_text
from logwatch.config.problems import InvalidConfigError
from logwatch.config.scalars import plain
from logwatch.config.schema import MODELINE, SCHEMA_FILE, json_schema
from logwatch.sinks import KINDS

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "config").rglob("*.yaml"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = [
    (f"{page.relative_to(ROOT)}-{number}", block)
    for page in PAGES
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL))
]
SCHEMA = json_schema()
VALIDATOR = Draft7Validator(SCHEMA)
LEAST = "sources: {app: /var/log/app.log}\nrules: [{name: errors, match: ERROR}]\n"


def value_of(node: yaml.Node):
    """A tree as an editor reads it: YAML 1.2, core schema."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: value_of(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [value_of(item) for item in node.value]
    if node.style:
        return node.value
    return None if node.value in ("", "~", "null") else plain(node.value)


def faults(text: str) -> list[str]:
    """What the schema has against a file."""
    node = yaml.compose(text)
    return [] if node is None else [each.message for each in VALIDATOR.iter_errors(value_of(node))]


def test_the_schema_is_one():
    """Of draft 7."""
    Draft7Validator.check_schema(SCHEMA)


def test_the_installed_schema_is_that_of_the_types():
    """Else: logwatch check --schema > logwatch/config/logwatch.schema.json."""
    assert json.loads(SCHEMA_FILE.read_text()) == SCHEMA


def test_the_modeline_names_a_file_that_is_there():
    """An editor reads it from there, without a network."""
    assert Path(MODELINE.partition("$schema=")[2]) == SCHEMA_FILE


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_it_takes_every_shipped_configuration(path):
    """With all its files."""
    assert faults(path.read_text()) == []


@pytest.mark.parametrize(("name", "block"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_it_takes_every_example_of_the_documentation(name, block):
    """Those that are maps: others are parts of one."""
    node = yaml.compose(block)
    if isinstance(node, yaml.MappingNode):
        assert faults(block) == []


def entries() -> list[tuple[str, type[Keys], str]]:
    """Each map with a good example of each key, as its own help line has it."""
    return [
        (f"{struct.__name__}.{key}", struct, key)
        for struct in (FileKeys, SourceKeys, RuleKeys, RouteKeys, MuteKeys, InhibitKeys)
        for key in struct.examples
    ]


def whole(struct: type[Keys], key: str, example: str) -> str:
    """A file with `key: example` in a map of that kind."""
    if struct is FileKeys:
        return f"{key}: {example}\n"
    before, after = {
        SourceKeys: ("sources: {a: {path: /x, ", "}}\n"),
        RuleKeys: ("rules: [{name: a, match: x, ", "}]\n"),
        RouteKeys: ("routes: [{to: ops, ", "}]\n"),
        MuteKeys: ("mutes: [{name: a, ", "}]\n"),
        InhibitKeys: ("inhibit: [{while: {rule: a}, mute: {rule: b}, ", "}]\n"),
    }[struct]
    if f"{key}: " in before:
        before = re.sub(rf"\b{key}: (?:\{{[^}}]*\}}|[^,]*), ", "", before)
    return f"{before}{key}: {example}{after}"


@pytest.mark.parametrize(("name", "struct", "key"), entries(), ids=[each[0] for each in entries()])
def test_it_takes_each_key_with_the_example_that_help_lines_give(name, struct, key):
    """And refuses the same key with another letter, as `check` does."""
    example = struct.examples[key]
    if struct is FileKeys or ":" not in re.sub(r"'[^']*'|\{.*\}|\[.*\]", "", example):
        assert faults(whole(struct, key, example)) == []
    misspelt = whole(struct, f"{key}x", example)
    assert any("were unexpected" in one or "unexpected" in one or one for one in faults(misspelt))


WRONG = [
    "rules: {name: a}\n",
    "rules: [{name: a, match: x, coldown: 5m}]\n",
    "rules: [{name: a, match: x, cooldown: soon}]\n",
    "rules: [{name: a, match: x, cooldown: 5}]\n",
    "rules: [{name: a, match: {a: b}}]\n",
    "rules: [{name: a}]\n",
    "rules: [{name: a, match: x, severity: terrible}]\n",
    "rules: [{name: a, match: x, severity: }]\n",
    "rules: [{name: a, match: x, max_keys: 0}]\n",
    "rules: [{name: a, match: x, max_keys: many}]\n",
    "rules: [{name: a, match: x, absorbs: perhaps}]\n",
    "rules: [{name: a, match: x, context: {bevor: 3}}]\n",
    "rules: [{name: a, match: x, when: {count: 5}}]\n",
    "rules: [{name: a, match: x, levels: {terrible: 5}}]\n",
    "rules: [{name: a, match: x, labels: [b]}]\n",
    "rules: [text]\n",
    "sources: [a]\n",
    "sources: {a: {format: syslog}}\n",
    "sources: {a: {path: /x, max_line: 1}}\n",
    "sources: {a: {path: /x, max_line: huge}}\n",
    "sources: {a: {path: /x, start: middle}}\n",
    "sinks: {a: {consol: {}}}\n",
    "sinks: {a: {console: {}, webhook: 'http://x'}}\n",
    "sinks: {a: {}}\n",
    "sinks: {a: console}\n",
    "sinks: {a: {webhook: {}}}\n",
    "sinks: {a: {webhook: {url: 'http://x', method: GET}}}\n",
    "sinks: {a: {console: {}, rat: 1/s}}\n",
    "routes: [{if: {severity: critical}}]\n",
    "routes: [{to: a, if: severity}]\n",
    "mutes: [{if: {rule: a}}]\n",
    "inhibit: [{while: {rule: a}}]\n",
    "defaults: {cooldwn: 5m}\n",
    "version: 2\n",
    "nonsense: 1\n",
    "heartbeat: {every: 1m}\n",
]


@pytest.mark.parametrize("text", WRONG)
def test_it_refuses_what_check_refuses(text):
    """Unknown keys, missing keys, wrong forms."""
    given = {line.partition(":")[0] for line in text.splitlines()}
    rest = "".join(line for line in LEAST.splitlines(True) if line.partition(":")[0] not in given)
    sinks = "" if "sinks" in given else "sinks: {ops: {console: {}}}\n"
    assert faults(text)
    with pytest.raises(InvalidConfigError):
        from_text(text + rest + sinks, environ={})


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_it_knows_every_setting_of_every_sink(kind):
    """A setting with another letter is refused."""
    properties = SCHEMA["properties"]["sinks"]["anyOf"][0]["additionalProperties"]["properties"]
    assert kind.name in properties
    assert faults(f"sinks: {{a: {{{kind.name}: {{nonsense: 1}}}}}}\n")


def test_a_reference_may_stand_for_any_value():
    """`${env:NAME}` is put in before the value is read."""
    text = "rules: [{name: a, match: x, max_keys: '${env:MOST}', cooldown: '${file:/etc/c}'}]\n"
    assert faults(text) == []
