"""Figures into a document: the newest results as Markdown tables between markers, and the plot.

    <!-- bench: NAME -->
    whatever stood here
    <!-- end of NAME -->

NAME is a measurement, whose table is the plain one, or one of `BLOCKS`. Nothing else is touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench import plot, report, targets
from bench.targets import Row, Rows, over, value_of

_BLOCK = re.compile(
    r"(<!-- bench: (?P<name>[^\n]+?) -->\n).*?(<!-- end of (?P=name) -->)", re.DOTALL
)
_PEER_RATE = "0.80%"
BUSY_CORES = 0.5
"""From so many on a run is said to have been disturbed."""
_OURS = "logwatch"


def newest(lines: Sequence[Row], *, quick: bool) -> dict[str, list[Row]]:
    """Of each measurement the results of its last run that was, or was not, a quick one."""
    found: dict[str, list[Row]] = {}
    for line in lines:
        if line["quick"] != quick:
            continue
        rows = found.setdefault(line["measurement"], [])
        if rows and rows[0]["run"] != line["run"]:
            rows.clear()
        rows.append(line)
    return found


def fill(path: Path, rows: Rows) -> list[str]:
    """Write every block of the document that can be; returns the names of the others."""
    missing: list[str] = []

    def written(match: re.Match[str]) -> str:
        text = rendered(match["name"], rows)
        if text is None:
            missing.append(match["name"])
            return match[0]
        return f"{match[1]}{text}\n{match[3]}"

    before = path.read_text(encoding="utf-8")
    path.write_text(_BLOCK.sub(written, before), encoding="utf-8")
    return missing


def rendered(name: str, rows: Rows) -> str | None:
    """One block, None where nothing was measured for it."""
    if name in BLOCKS:
        return BLOCKS[name](rows)
    return _plain(rows[name]) if name in rows else None


def figure(value: Any) -> str:
    """A figure of the file, as a table shows it."""
    return report.shown(value["runs"] if isinstance(value, dict) else value)


def _table(heads: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    return "\n".join(map(report.row, [heads, ["---"] * len(heads), *body]))


def _plain(rows: Sequence[Row]) -> str:
    heads = list(dict.fromkeys(name for row in rows for name in (*row["case"], *row["figures"])))
    shown = [head for head in heads if head not in report.HIDDEN]
    return _table(
        shown,
        [
            [figure({**row["case"], **row["figures"]}.get(head, "")) for head in shown]
            for row in rows
        ],
    )


def _machine(rows: Rows) -> str | None:
    if not rows:
        return None
    runs = sorted({row["run"] for each in rows.values() for row in each})
    latest = max((row for each in rows.values() for row in each), key=lambda row: row["run"])
    when = f"{runs[0]} (UTC)" if len(runs) == 1 else f"{len(runs)} runs, {runs[0]} to {runs[-1]}"
    return f"{report.in_words(latest['machine'])}\nMeasured: {when}.{_unrest(rows)}"


def _unrest(rows: Rows) -> str:
    """A warning where the machine was busy with something else."""
    found = [
        float(cores)
        for each in rows.values()
        for row in each
        if isinstance(cores := row["figures"].get("foreign cores"), int | float)
    ]
    busy = median(found) if found else 0.0
    if busy <= BUSY_CORES:
        return ""
    return (
        f"\n**The machine was not at rest: {busy:.1f} of its cores were busy with something else"
        " (median). These figures are too high, and say nothing of two cores.**"
    )


def _peers(rows: Rows) -> str | None:
    cases = [row for row in rows.get("throughput", ()) if row["case"]["rate"] == _PEER_RATE]
    if not cases:
        return None
    heads = ["rules", "program", "CPU s/GB", "of logwatch's", "MB/s", "start CPU s"]
    heads += ["peak RSS MB", "log MB", "hits", "foreign cores"]
    body = []
    for row in sorted(cases, key=_by_rules_and_cost):
        rules, figures = row["case"]["rules"], row["figures"]
        name = row["case"]["program"]
        share = over(value_of(figures["CPU s/GB"]), targets.cost(rows, rules))
        body.append(
            [
                f"{rules:,}",
                f"**{name}**" if name == _OURS else name,
                figure(figures["CPU s/GB"]),
                "" if share is None else figure(share),
                *(figure(figures[head]) for head in heads[4:]),
            ]
        )
    return _table(heads, body)


def _by_rules_and_cost(row: Row) -> tuple[int, bool, float]:
    """Raw limits first, then programs, cheap ones first."""
    figures = row["figures"]
    return row["case"]["rules"], figures["group"] != "limit", value_of(figures["CPU s/GB"]) or 0.0


def _alone(rows: Rows) -> str | None:
    cases = [row for row in rows.get("throughput", ()) if row["figures"]["group"] == _OURS]
    if not cases:
        return None
    rates = sorted({row["case"]["rate"] for row in cases})
    lines: dict[tuple[str, int], dict[str, Row]] = {}
    for row in cases:
        key = row["case"]["program"], row["case"]["rules"]
        lines.setdefault(key, {})[row["case"]["rate"]] = row
    body = []
    for (program, rules), by_rate in lines.items():
        name = f"{rules:,}{program.removeprefix(_OURS)}"
        costs = [
            figure(by_rate[rate]["figures"]["CPU s/GB"]) if rate in by_rate else ""
            for rate in rates
        ]
        last = by_rate[max(by_rate)]["figures"]
        body.append([name, *costs, figure(last["start CPU s"]), figure(last["peak RSS MB"])])
    heads = ["rules", *(f"{rate} hits" for rate in rates), "start CPU s", "peak RSS MB"]
    return _table(heads, body)


def _targets(rows: Rows) -> str | None:
    body = []
    for target in targets.TARGETS:
        value = target.value(rows)
        if value is None:
            continue
        verdict = "reached" if target.is_reached(value) else "**missed**"
        sign = "at least" if target.at_least else "at most"
        bound = f"{sign} {target.bound:,g} {target.unit}"
        body.append([target.what, bound, figure(value), verdict])
    return _table(["what", "aim", "measured", ""], body) if body else None


BLOCKS: Mapping[str, Callable[[Rows], str | None]] = {
    "machine": _machine,
    "programs": _peers,
    "logwatch alone": _alone,
    "targets": _targets,
}


def lines_of(rows: Rows) -> list[plot.Line]:
    """What the plot shows: every program at one rate of hits."""
    points: dict[str, list[tuple[int, float]]] = {}
    groups: dict[str, str] = {}
    for row in rows.get("throughput", ()):
        cost = value_of(row["figures"]["CPU s/GB"])
        if row["case"]["rate"] == _PEER_RATE and cost:
            name = row["case"]["program"]
            points.setdefault(name, []).append((row["case"]["rules"], cost))
            groups[name] = row["figures"]["group"]
    return [plot.Line(name, groups[name], sorted(each)) for name, each in points.items()]


def draw(rows: Rows, path: Path) -> bool:
    """Write the plot; False where there is nothing to draw."""
    lines = lines_of(rows)
    if not lines:
        return False
    path.write_text(
        plot.svg(
            lines,
            "What a gigabyte of log costs, by number of rules",
            "CPU seconds for each GB, start subtracted; 0.8 % of the lines are hits;"
            " both axes logarithmic",
        ),
        encoding="utf-8",
    )
    return True
