"""Configurations and histories by chance: rules of every kind, of any shape, over two logs.

The same seed gives the same. What `logwatch check` would refuse is thrown away, so a configuration
is one that somebody may have written.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from doubles.survival import End, Step, words
from logwatch.config.loader import from_text
from logwatch.config.problems import InvalidConfigError

Keys = dict[str, Any]

PATTERNS = (
    r"k=(?P<k>\w)",
    r"hit k=(?P<k>\w)",
    r"(?P<verb>\w+) k=(?P<k>\w) v=(?P<v>\d)",
    r"open k=(?P<k>\w) v=(?P<v>\d)",
    r"beat k=(?P<k>\w)",
    r"k=(?P<k>[ab])",
    r"(?P<k>disk|net|cpu) is",
)
OWN_FORMAT = r"(?P<verb>\w+) k=(?P<k>\w) v=(?P<v>\d)"
CONDITIONS: tuple[Keys, ...] = ({"v": ">= 3"}, {"k": "[ab]"}, {"k": "!= a"}, {"v": ["1", "2"]})
VERBS = ("hit", "hit", "hit", "open", "close", "beat")
# In halves: a deadline that waits for a quarter of a second coincides with no line that way, which
# would come before it or after it as somebody is there or not. And their sums are exact.
GAPS = (0, 0, 0, 0.5, 0.5, 1, 1, 2, 3, 5, 10, 15, 20, 31, 60, 700)
AWAY = (0, 0.5, 2, 15, 60, 700)
BEHIND = (0, 0, 0, 0.1, 1.5, 7, 30, 200)


class Play(NamedTuple):
    """What may happen in a history, and what its rules may have."""

    ends: tuple[End, ...] = ("kill", "finish")
    away: tuple[float, ...] = (0,)
    behind: tuple[float, ...] = (0,)
    quiet: bool = True
    """Whether sources have `quiet_after`: of a backlog it does not tell what was in between."""
    crowded: bool = True
    """Whether keys must go for others. Which one does so hangs, where a deadline and a line are of
    the same instant, on whether somebody was there."""
    routed: bool = False
    """Whether alerts are put together, held back and inhibited."""


PLAYS = {
    "at once": Play(),
    "routed": Play(routed=True),
    "late": Play(ends=("finish",), behind=BEHIND),
    "meanwhile": Play(away=AWAY, quiet=False, crowded=False),
}


def configuration(rng: Random, play: Play) -> str:
    """One that is valid, as JSON, which is YAML."""
    while True:
        text = json.dumps(_drawn(rng, play))
        try:
            from_text(text)
        except InvalidConfigError:
            continue
        return text


def history(rng: Random, play: Play) -> list[Step]:
    """What is written and when; lines of the same time come by source."""
    steps: list[Step] = []
    often = rng.choice([0.1, 0.25, 0.5])
    for _ in range(rng.randint(1, 60)):
        source, gap = rng.choice(["app", "web"]), rng.choice(GAPS)
        if gap == 0 and steps and source < steps[-1].source:
            gap = 0.5
        text = words(rng.choice(VERBS), rng.choice("aabc"), rng.randint(1, 5))
        end = rng.choice(play.ends) if rng.random() < often else None
        steps.append(Step(gap, source, text, end, rng.choice(play.away), rng.choice(play.behind)))
    return steps


def _drawn(rng: Random, play: Play) -> Keys:
    rules: list[Keys] = []
    for number in range(rng.randint(3, 9)):
        rules.append(_rule(rng, f"r{number}", [each["name"] for each in rules], play))
    sources: dict[str, Keys] = {
        "app": {"path": "/var/log/app.log", "format": rng.choice(["plain", OWN_FORMAT])},
        "web": {"path": "/var/log/web.log", "format": "logfmt"},
    }
    for source in sources.values():
        _perhaps(rng, source, 0.3, late=_span)
        if play.quiet:
            _perhaps(rng, source, 0.2, quiet_after=_span)
    sinks: dict[str, Keys] = {name: {"jsonl_file": f"/nowhere/{name}"} for name in ("desk", "page")}
    drawn: Keys = {
        "defaults": {"cooldown": rng.choice(["0", "10s", "1m"])},
        "sources": sources,
        "rules": rules,
        "sinks": sinks,
        "routes": [{"if": {"severity": "critical"}, "to": ["page", "desk"]}, {"to": "desk"}],
    }
    if play.routed:
        drawn["routes"] = [*(_route(rng) for _ in range(rng.randint(1, 3))), {"to": "desk"}]
        muted = rng.choice(["r1", "r2", "r[1-4]"])
        _perhaps(rng, drawn, 0.3, inhibit=[{"while": {"rule": "r0"}, "mute": {"rule": muted}}])
        _perhaps(rng, sinks["desk"], 0.3, rate=rng.choice(["2/min", "10/min", "5/h"]))
    return drawn


def _route(rng: Random) -> Keys:
    route: Keys = {"to": rng.choice(["desk", "page"]), "also": True}
    conditions = ({"severity": ">= error"}, {"rule": "r[0-3]"}, {"status": "firing"})
    _perhaps(rng, route, 0.4, **{"if": rng.choice(conditions)})
    chance = rng.random()
    if chance < 0.5:
        by = rng.choice([["rule"], ["source"], ["k"], ["severity"]])
        route |= {"group": by, "wait": _span(rng), "updates": _span(rng)}
        _perhaps(rng, route, 0.5, remind=rng.choice(["1m", "10m", "1h"]))
    elif chance < 0.65:
        route["digest"] = "daily 00:10"
    return route


def _rule(rng: Random, name: str, earlier: list[str], play: Play) -> Keys:
    kind = rng.choice(_KINDS)
    rule: Keys = {"name": name, **_look(rng, play), **kind(rng, earlier)}
    if "sequence" in rule or "all_of" in rule or "any_of" in rule:
        for key in ("match", "unless", "where", "in"):
            rule.pop(key, None)
        _perhaps(rng, rule, 0.6, by="k")
    elif "(?P<k>" in rule.get("match", "") and "template" not in rule.get("new", ()):
        _perhaps(rng, rule, 0.7, by="k")
    _perhaps(rng, rule, 0.3, hold=_span)
    _perhaps(rng, rule, 0.6, cooldown=rng.choice(["0", _span(rng)]))
    if play.crowded:
        _perhaps(rng, rule, 0.2, max_keys=rng.randint(1, 3))
    _perhaps(rng, rule, 0.15, active=rng.choice(["Mon 00:00-00:01", "Mon 00:01-00:03"]))
    _perhaps(rng, rule, 0.1, mode="shadow")
    _perhaps(rng, rule, 0.2, severity=rng.choice(["info", "error", "critical"]))
    _perhaps(rng, rule, 0.2, context=rng.choice([1, {"before": 1}, {"after": 2, "max_wait": "5s"}]))
    _perhaps(rng, rule, 0.2, say="{count} of {key} {duration} {first} {last} {suppressed} {k|none}")
    return rule


def _look(rng: Random, play: Play) -> Keys:
    look: Keys = {"match": rng.choice(PATTERNS)}
    _perhaps(rng, look, 0.4, **{"in": rng.choice(["app", "web"])})
    _perhaps(rng, look, 0.2, unless=rng.choice(["beat", r"v=[12]", "swap is", {"k": "a"}]))
    if "in" in look:  # a plain line has no fields, and check says so
        _perhaps(rng, look, 0.4, where=rng.choice(CONDITIONS))
    return look


def _threshold(rng: Random, _: list[str]) -> Keys:
    count = rng.randint(1, 5)
    rule: Keys = {"when": f"{count} in {_span(rng)}"}
    _perhaps(rng, rule, 0.4, levels={"warning": count, "critical": count + rng.randint(1, 4)})
    _perhaps(rng, rule, 0.5, clear=f"{rng.randint(0, 1)} in {_span(rng)}")
    return rule


def _cleared(rng: Random, _: list[str]) -> Keys:
    clear: Keys = {"match": rng.choice(["close k={k}", "close", r"close k=(?P<k>\w)"])}
    _perhaps(rng, clear, 0.4, count=0, **{"in": _span(rng)})
    _perhaps(rng, clear, 0.3, source=rng.choice(["app", "web"]))
    _perhaps(rng, clear, 0.2, unless=r"v=[12]")
    rule: Keys = {"match": rng.choice([r"open k=(?P<k>\w)", r"k=(?P<k>\w)"]), "clear": clear}
    if rng.random() < 0.5:
        count = rng.randint(1, 4)
        rule["when"] = f"{count} in {_span(rng)}"
        _perhaps(rng, rule, 0.3, levels={"warning": count, "critical": count + 2})
    return rule


def _absent(rng: Random, _: list[str]) -> Keys:
    absent: Keys = {"for": _span(rng)}
    _perhaps(rng, absent, 0.5, below=rng.randint(1, 4))
    if rng.random() < 0.3:
        return {"by": "k", "absent": {**absent, "expect": rng.choice([["a"], ["a", "z"]])}}
    return {"absent": absent}


def _expect(rng: Random, _: list[str]) -> Keys:
    closing: Keys = {"match": rng.choice(["close k={k}", "hit k={k}"]), "within": _span(rng)}
    _perhaps(rng, closing, 0.3, **{"in": "web"})
    return {"match": r"open k=(?P<k>\w)", "by": "k", "expect": closing}


def _sequence(rng: Random, earlier: list[str]) -> Keys:
    steps: list[Keys] = []
    for _ in range(rng.randint(2, 4)):
        if earlier and rng.random() < 0.4:
            steps.append({"rule": rng.choice(earlier)})
        else:
            step: Keys = {"match": rng.choice(["open", "hit", "close", ""]) + r" k=(?P<k>\w)"}
            _perhaps(rng, step, 0.5, **{"in": rng.choice(["app", "web"])})
            steps.append(step)
    return {"sequence": steps, "within": _span(rng)}


def _unique(rng: Random, _: list[str]) -> Keys:
    unique = {"of": "v", rng.choice(["above", "below"]): rng.randint(1, 3), "in": _span(rng)}
    return {"match": r"k=(?P<k>\w) v=(?P<v>\d)", "unique": unique}


def _new_value(rng: Random, _: list[str]) -> Keys:
    new: Keys = {"value": rng.choice(["v", "k", ["k", "v"]])}
    _perhaps(rng, new, 0.5, learn=_span)
    _perhaps(rng, new, 0.5, forget=_span)
    return {"match": r"k=(?P<k>\w) v=(?P<v>\d)", "new": new}


def _new_template(rng: Random, _: list[str]) -> Keys:
    new: Keys = {"template": "message"}
    _perhaps(rng, new, 0.5, learn=_span)
    _perhaps(rng, new, 0.5, at_most=f"{rng.randint(1, 3)}/{_span(rng)}")
    return {"new": new}


def _spike(rng: Random, _: list[str]) -> Keys:
    spike: Keys = {"min": rng.randint(1, 3), "over": _span(rng), "vs": "previous"}
    if rng.random() < 0.3:
        spike |= {"over": rng.choice(["1m", "10m"]), "vs": "same hour last 2 weeks"}
    sides = rng.choice([("up",), ("down",), ("up", "down")])
    return {"spike": {**spike, **{side: rng.choice([1.5, 2, 3]) for side in sides}}}


def _value(rng: Random, _: list[str]) -> Keys:
    bound = rng.randint(2, 4)
    value: Keys = {rng.choice(["p50", "p90", "avg", "sum", "max"]): "v", "in": _span(rng)}
    value |= rng.choice([{"above": bound}, {"below": bound}, {"above": bound, "below": bound - 1}])
    _perhaps(rng, value, 0.7, min=rng.randint(1, 3))
    return {"match": r"k=(?P<k>\w) v=(?P<v>\d)", "value": value}


def _ratio(rng: Random, _: list[str]) -> Keys:
    ratio: Keys = {"of": {"match": rng.choice(["hit", "open"])}, "in": _span(rng)}
    ratio |= {rng.choice(["above", "below"]): rng.choice(["20%", "50%", "70%"])}
    return {"ratio": {**ratio, "min": rng.randint(1, 3)}}


def _composite(rng: Random, earlier: list[str]) -> Keys:
    if len(earlier) < 2:
        return {}
    parts = rng.sample(earlier, rng.randint(2, min(3, len(earlier))))
    rule: Keys = {rng.choice(["all_of", "any_of"]): parts, "within": _span(rng)}
    _perhaps(rng, rule, 0.4, absorbs=True)
    return rule


def _sample(rng: Random, _: list[str]) -> Keys:
    which = rng.choice(["first", "every"])
    return {"when": f"{which} {rng.randint(2, 4)} in {_span(rng)}"}


_KINDS: tuple[Callable[[Random, list[str]], Keys], ...] = (
    lambda _rng, _earlier: {},
    lambda rng, _earlier: {"clear": f"0 in {_span(rng)}"},
    _threshold,
    _threshold,
    _cleared,
    _absent,
    _expect,
    _sequence,
    _unique,
    _new_value,
    _new_template,
    _spike,
    _value,
    _ratio,
    _composite,
    _sample,
)


def _span(rng: Random) -> str:
    return f"{rng.choice([1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 600])}s"


def _perhaps(rng: Random, keys: Keys, chance: float, **values: Any) -> None:
    """Add these to `keys`, or none of them; a value that can be called is drawn."""
    if rng.random() < chance:
        keys |= {key: made(rng) if callable(made) else made for key, made in values.items()}
