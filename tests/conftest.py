"""What holds for every test."""

from __future__ import annotations

from logwatch.telemetry import telemetry

# Some tests give up their rights, and could not import it any more at the first event.
telemetry.load()
