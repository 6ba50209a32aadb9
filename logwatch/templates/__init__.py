"""Which kinds of message a log holds, and whether one has been seen before.

    message -> Masks -> tokens -> Tree -> template, with an id that stays

`TemplateMiner` is the whole of it for one source: it learns templates one message at a time, keeps
a bounded number, and gives its state in parts that a store can keep. No time is read and nothing is
drawn by lot here: two miners that learn the same messages answer the same.
"""

from __future__ import annotations

from logwatch.templates.masks import WILDCARD, Masks
from logwatch.templates.miner import Seen, TemplateMiner

__all__ = ["WILDCARD", "Masks", "Seen", "TemplateMiner"]
