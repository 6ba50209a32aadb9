"""The names of the engines, for those who only choose one."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

Engine: TypeAlias = Literal["auto", "hyperscan", "aho-corasick", "reference"]
"""What may be asked for; "auto" is the best that can be used here."""

CHOICES: tuple[Engine, ...] = get_args(Engine)
