"""Completion and the manual page: made of the table of verbs, and they work."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from shutil import which
from zipfile import ZipFile

import pytest

from logwatch.cli.shell.files import PLACES, shell_files, write_shell_files
from logwatch.cli.shell.whole_parser import parsers_of_verbs, whole_parser
from logwatch.cli.verbs import VERBS

ROOT = Path(__file__).parents[2]


def shown(action: argparse.Action) -> list[str]:
    """The flags that help names."""
    return [] if action.help == argparse.SUPPRESS else list(action.option_strings)


FLAGS = {
    verb: [flag for action in parser._actions for flag in shown(action)]
    for verb, parser in parsers_of_verbs(whole_parser()).items()
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An installation's share folders."""
    path = tmp_path_factory.mktemp("prefix")
    write_shell_files(path)
    return path


def completed(folder: Path, *words: str, program: str = "logwatch") -> set[str]:
    """What bash offers when TAB is pressed at the end of the last word."""
    quoted = " ".join(f"'{word}'" for word in (program, *words))
    script = f"""
        source '{folder / PLACES["bash"]}'
        cd '{folder}'
        COMP_WORDS=({quoted}); COMP_CWORD={len(words)}
        call=$(complete -p {program} | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        "$call" {program} '{words[-1]}' '{words[-2] if len(words) > 1 else program}'
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, timeout=30
    )
    return set(done.stdout.split())


def test_bash_reads_its_file(folder):
    """Without a word."""
    done = subprocess.run(["bash", "-n", folder / PLACES["bash"]], capture_output=True, check=True)
    assert done.stderr == b""


def test_bash_completes_verbs(folder):
    """For both names of the program."""
    assert set(VERBS) | {"help"} <= completed(folder, "")
    assert completed(folder, "sta") == {"status"}
    assert completed(folder, "sta", program="logwatchd") == {"status"}


@pytest.mark.parametrize("verb", VERBS)
def test_bash_completes_the_flags_of_each_verb(folder, verb):
    """Every one that help names."""
    long_flags = {flag for flag in FLAGS[verb] if flag.startswith("--")}
    assert long_flags <= completed(folder, verb, "--")


def test_bash_completes_values_and_files(folder):
    """Choices of a flag, codes of `help`, files where one is named."""
    (folder / "some.yaml").touch()
    assert completed(folder, "status", "--color", "a") == {"auto", "always"}
    assert "unknown-key" in completed(folder, "help", "unk")
    assert completed(folder, "check", "-c", "som") == {"some.yaml"}
    assert completed(folder, "check", "som") == {"some.yaml"}


def test_zsh_and_fish_know_every_verb_and_flag():
    """Whether or not there is such a shell here."""
    texts = shell_files()
    assert texts["zsh"].startswith("#compdef logwatch logwatchd\n")
    for verb, flags in FLAGS.items():
        assert f"_shtab_logwatch_{verb}_options=(" in texts["zsh"]
        assert f"complete -c logwatch -n __fish_use_subcommand -a {verb} " in texts["fish"]
        where = f"complete -c logwatch -n '__fish_seen_subcommand_from {verb}' "
        told = "\n".join(line for line in texts["fish"].splitlines() if line.startswith(where))
        for flag in flags:
            assert flag in texts["zsh"]
            assert f"-l {flag[2:]} " in told if flag.startswith("--") else f"-s {flag[1:]} " in told


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_their_files(folder, shell):
    """Where they are installed."""
    if which(shell):
        done = subprocess.run(
            [shell, "-n", folder / PLACES[shell]], capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")


def test_the_manual_page_is_sound_and_has_every_verb(folder):
    """Groff has nothing against it."""
    page = folder / PLACES["man"]
    if which("groff"):
        command = ["groff", "-man", "-ww", "-z", "-Kutf8", page]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        command = ["groff", "-man", "-Tutf8", "-Kutf8", "-P-cbou", page]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "logwatch check -c logwatch.yaml --strict" in shown
        assert "--min-coverage PERCENT" in shown
    text = page.read_text()
    for verb in VERBS:
        assert f"\n.SS logwatch {verb}\n" in text


@pytest.mark.stress
def test_the_wheel_installs_them(tmp_path):
    """Built from this folder; what it needs for that comes from the index."""
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", tmp_path, ROOT]
    subprocess.run(command, check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    names = ZipFile(wheel).namelist()
    for place in PLACES.values():
        assert sum(name.endswith(f".data/data/{place}") for name in names) == 1
    assert "logwatch/config/logwatch.schema.json" in names
