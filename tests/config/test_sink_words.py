"""What the templates of sinks may name."""

from __future__ import annotations

import pytest

from logwatch.config.loader import from_text
from logwatch.config.problems import InvalidConfigError

CONFIG = """
sources: {{app: {{path: /var/log/app.log, format: {format}}}}}
rules: [{{name: a, match: 'by (?P<user>x)', labels: {{team: web}}}}]
sinks:
  out:
    ntfy:
      topic: ops
      {key}: '{template}'
"""


def load(template, *, key="title", form="plain"):
    return from_text(CONFIG.format(template=template, key=key, format=form))


@pytest.mark.parametrize("key", ["title", "text"])
@pytest.mark.parametrize("name", ["user", "team", "rule", "message", "silence", "user|nobody"])
def test_what_rules_capture_and_alerts_have_may_be_named(key, name):
    assert load(f"{{{name}}}", key=key).sinks


@pytest.mark.parametrize("key", ["title", "text"])
@pytest.mark.parametrize("name", ["usr", "usr|nobody", "ip"])
def test_what_no_rule_captures_may_not(key, name):
    with pytest.raises(InvalidConfigError) as caught:
        load(f"{{rule}} of {{{name}}}", key=key)
    text = str(caught.value)
    bare = name.partition("|")[0]
    assert f"'{key}' uses {{{bare}}}, which no rule captures" in text
    column = len(f"      {key}: '{{rule}} of {{") + 1
    assert f":8:{column}: error" in text
    if bare == "usr":
        assert "did you mean 'user'?" in text


def test_where_only_the_lines_decide_any_name_may_be_used():
    assert load("{http.status}", form="json").sinks


def test_a_template_that_is_none_is_reported_with_its_remedy():
    with pytest.raises(InvalidConfigError, match="a lone '}'"):
        load("50% }")
