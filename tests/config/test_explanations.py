"""Each code is explained, and its example triggers it where its carets are."""

from __future__ import annotations

import textwrap

import pytest

from logwatch.cli.code_page import code_page, list_of_codes
from logwatch.cli.main import run_command_line
from logwatch.config.explanations import EXPLANATIONS
from logwatch.config.loader import examine
from logwatch.config.problems import CODES

REST = {
    "sources": "sources: {app: /dev/null}",
    "rules": "rules: [{name: any, match: x, to: out}]",
    "sinks": "sinks: {out: {console: {}}}",
}
WHERE = {"empty": None}
"""Codes of a file as a whole have no caret."""


def drawn(example: str) -> tuple[list[str], tuple[int, int, int] | None]:
    """The lines without those of carets, and line, column and end that the carets mark."""
    lines, marked = [], None
    for line in textwrap.dedent(example).splitlines():
        if line.strip() and not line.strip(" ^"):
            marked = (len(lines), line.index("^") + 1, line.rindex("^") + 2)
        else:
            lines.append(line)
    return lines, marked


def examined(lines: list[str], folder):
    """What `check` says of an example, with what it lacks to be whole."""
    given = {line.partition(":")[0] for line in lines}
    rest = [text for key, text in REST.items() if key not in given]
    path = folder / "logwatch.yaml"
    path.write_text("\n".join([*lines, *rest]) + "\n")
    return examine(path)[1]


def test_every_code_is_explained():
    """And nothing else."""
    assert set(EXPLANATIONS) == set(CODES)


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_the_example_of_a_code_triggers_it_at_its_carets(code, tmp_path):
    """With the level that the page names, and no other code."""
    lines, marked = drawn(EXPLANATIONS[code].example)
    problems = examined(lines, tmp_path)
    assert {each.code for each in problems} == {code}
    assert problems[0].level == EXPLANATIONS[code].level
    if code == "empty":
        assert (marked, problems[0].line) == (None, 0)
    else:
        assert (problems[0].line, problems[0].column, problems[0].end_column) == marked


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_help_with_a_code_prints_its_page(code, capsys):
    """Within 88 columns, but for what is quoted."""
    assert run_command_line(["help", code]) == 0
    page = capsys.readouterr().out
    assert page == code_page(code)
    assert page.startswith(f"{code}  ({EXPLANATIONS[code].level})\n\n")
    assert EXPLANATIONS[code].better in page
    assert max(map(len, page.splitlines())) <= 100


def test_help_codes_lists_them_all(capsys):
    """One a line."""
    assert run_command_line(["help", "codes"]) == 0
    shown = capsys.readouterr().out
    assert shown == list_of_codes()
    assert [line.split()[0] for line in shown.splitlines()[: len(CODES)]] == list(EXPLANATIONS)


def test_a_code_that_is_none_gets_a_suggestion(capsys):
    """Verbs and codes alike."""
    assert run_command_line(["help", "unknwon-key"]) == 2
    assert "did you mean 'unknown-key'?" in capsys.readouterr().err
    assert run_command_line(["help", "chekc"]) == 2
    assert "did you mean 'check'?" in capsys.readouterr().err
