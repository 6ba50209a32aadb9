"""`logwatch why`: every gate that a line, an alert or a key came to, and what it said."""

from __future__ import annotations

import argparse
import re

from logwatch.errors import Exit, UsageError

_ID = re.compile(r"[0-9a-f]{1,16}")


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    if options.line is not None:
        if options.what is not None:
            raise UsageError("--line asks all rules; ask about an alert or a rule without it")
        from logwatch.cli import why_line  # noqa: PLC0415 - loads what reads and matches lines

        return why_line.explain(options)
    if options.what is None:
        raise UsageError("why what?  logwatch why ID, why RULE key=value, or why --line 'TEXT'")
    from logwatch.cli import why_known  # noqa: PLC0415 - loads the store

    return why_known.explain(options, is_id=bool(_ID.fullmatch(options.what)))
