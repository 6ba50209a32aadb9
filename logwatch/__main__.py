"""`python -m logwatch`, and the commands `logwatch` and `logwatchd`."""

from __future__ import annotations

import gc
import sys

OBJECTS_OF_IMPORTS = 100_000
"""About as many as importing makes: all of them stay, and to look for garbage among them again and
again takes a seventh of the time that it takes to import them."""


def main() -> int:
    """Run the command line and return the exit status."""
    gc.set_threshold(OBJECTS_OF_IMPORTS)
    from logwatch.cli.encoding import take_every_character  # noqa: PLC0415 - as the next
    from logwatch.cli.main import run_command_line  # noqa: PLC0415 - keeps `import logwatch` light

    take_every_character()
    try:
        return run_command_line(sys.argv[1:])
    finally:
        gc.freeze()  # Python looks through all there is once more when it ends, for nobody's good


if __name__ == "__main__":
    sys.exit(main())
