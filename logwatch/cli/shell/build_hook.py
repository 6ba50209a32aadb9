"""Puts completions and the manual page into the wheel; hatchling runs this when it builds one.

It imports nothing of logwatch but the table of verbs, which needs no dependency.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import (  # type: ignore[import-not-found,unused-ignore] # there is hatchling only where a wheel is built
    BuildHookInterface,
)


class ShellFiles(BuildHookInterface):  # type: ignore[misc,unused-ignore] # as above
    """Makes the files of `files.PLACES`, and takes them away when they are in the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - as hatchling calls it
        """Before the wheel is filled."""
        sys.path.insert(0, self.root)
        try:
            from logwatch.cli.shell.files import write_shell_files  # noqa: PLC0415 - found by now
        finally:
            sys.path.remove(self.root)
        self._folder = TemporaryDirectory()
        build_data["shared_data"].update(write_shell_files(Path(self._folder.name)))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """After it is filled."""
        self._folder.cleanup()


def get_build_hook() -> type[ShellFiles]:
    """What hatchling asks for."""
    return ShellFiles
