"""Where the configuration is when nobody says: environment, home, /etc."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from logwatch.config.references import expand_home
from logwatch.errors import ConfigError

SYSTEM_FILE = Path("/etc/logwatchd/logwatch.yaml")
HERE = Path("logwatch.yaml")


def find_config(
    explicit: Path | str | None = None,
    environ: Mapping[str, str] = os.environ,
    *,
    working_folder: bool = False,
) -> Path:
    """The file to load: `explicit`, else `$LOGWATCH_CONFIG`, else the first place that has one.

    `working_folder` is for commands that only read: a stranger may have left a file there that
    runs programs. Raises ConfigError that lists where it looked.
    """
    if explicit:
        return Path(explicit)
    named = environ.get("LOGWATCH_CONFIG")
    if named:
        return Path(expand_home(named, environ))
    places = [HERE] if working_folder else []
    places += [_home_folder(environ) / "logwatch" / "logwatch.yaml", SYSTEM_FILE]
    for place in places:
        if os.path.lexists(place):
            return place
    looked = "".join(f"\n  {place}" for place in places)
    remedy = "make one: logwatch init -w logwatch.yaml"
    if os.path.lexists(HERE):
        remedy = "or this one, which is taken only where it is named: logwatch ... -c logwatch.yaml"
    raise ConfigError(
        f"there is no configuration; looked for{looked}\n"
        f"name one: logwatch ... -c FILE, or set LOGWATCH_CONFIG=FILE\n{remedy}"
    )


def default_state(environ: Mapping[str, str] = os.environ) -> Path:
    """Folder of the store when `state` is not set: systemd's, else the XDG one."""
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]  # systemd may name several
    if given:
        return Path(given).absolute()
    state = environ.get("XDG_STATE_HOME", "")
    # The XDG specification: a relative path there is to be ignored.
    base = Path(state) if state.startswith("/") else Path(expand_home("~/.local/state", environ))
    return (base / "logwatch").absolute()


def _home_folder(environ: Mapping[str, str]) -> Path:
    named = environ.get("XDG_CONFIG_HOME", "")
    return Path(named) if named.startswith("/") else Path(expand_home("~/.config", environ))
