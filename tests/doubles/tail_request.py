"""What somebody asked `logwatch tail` for who follows files by name, and waits for them."""

from __future__ import annotations

from logwatch.cli.tail_request import Request

FOLLOWING = Request(
    files=(),
    unit="lines",
    amount=10,
    from_start=False,
    follow="name",
    retry=True,
    headers=False,
    end=b"\n",
    interval=1.0,
    pid=None,
    events=False,
    amount_given=False,
)
