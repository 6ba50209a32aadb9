"""The static look at patterns (backtracking.py), kept on disk beside what was compiled.

It takes longer than `re` takes to compile, so that with thousands of rules the first lines after a
start would wait seconds for it. Without a folder to keep it in, each pattern is looked at when its
first line comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from logwatch.matching.backtracking import Danger, danger
from logwatch.matching.database_cache import DatabaseCache
from logwatch.matching.syntax import parse


def dangers(
    texts: Sequence[str], cache: Path | None, *, records: bool = False
) -> Sequence[Danger] | None:
    """What the look finds for each of the valid patterns `texts`; None without a `cache`.

    With `records` they are for records of several lines.
    """
    if cache is None or not texts:
        return None
    kept = DatabaseCache(cache, "dangers-records" if records else "dangers", "backtracking")
    found = _load(kept, texts)
    if found is None:
        found = [danger(parse(text, records=records)) for text in texts]
        kept.save(texts, msgspec.msgpack.encode(found))
    return found


def _load(kept: DatabaseCache, texts: Sequence[str]) -> list[Danger] | None:
    body = kept.load(texts)
    try:
        found = None if body is None else msgspec.msgpack.decode(body, type=list[Danger])
    except msgspec.MsgspecError:
        return None
    return found if found and len(found) == len(texts) else None
