"""Stage 7, notifications -> the world: one file per protocol.

To add one: a file beside these with its settings, its sink and its `KIND`, its name in
`registry.py`, an example in `config/examples/sinks/` and a page in `docs/sinks/`; `tests/contracts`
says what is missing. The registry is loaded when somebody asks for it, and a kind when it is named:
who only wants log text made harmless need not wait for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logwatch.sinks.registry import KINDS, sink_from_url

__all__ = ["KINDS", "sink_from_url"]


def __getattr__(name: str) -> Any:
    """See PEP 562: the registry, at its first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from logwatch.sinks import registry  # noqa: PLC0415 - see the module

    return getattr(registry, name)
