"""`python -m logwatch`, and the commands `logwatch` and `logwatchd`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return the exit status."""
    from logwatch.cli.main import run_command_line  # noqa: PLC0415 - keeps `import logwatch` light

    return run_command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
