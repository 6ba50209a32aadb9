"""What a gigabyte costs against the number of rules, as an SVG that needs nothing to be drawn.

Both axes are logarithmic. Each line is named at its end, so that no colour has to be looked up; the
colours only tell kinds of program apart. It follows the reader's light or dark scheme.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 880, 560
LEFT, RIGHT, TOP, BOTTOM = 76, 236, 96, 60
GAP = 16.0
"""Between the baselines of two names, at least."""

STYLE = """
.sheet { fill: #ffffff } text { fill: #1f2933; font: 13px system-ui, sans-serif }
.title { font-size: 17px; font-weight: 600 } .quiet, .tick { fill: #5b6672 }
.grid { stroke: #e3e7ec; stroke-width: 1 } .axis { stroke: #9aa5b1; stroke-width: 1 }
.line { fill: none; stroke-linejoin: round; stroke-linecap: round; stroke-width: 1.8 }
.leader { fill: none; stroke: #9aa5b1; stroke-width: .8 }
.logwatch { stroke: #0b5cc4 } .daemon { stroke: #b3541e } .scanner { stroke: #0f766e }
.limit { stroke: #6b7280; stroke-dasharray: 5 4 } .line.logwatch { stroke-width: 3.6 }
text.logwatch { fill: #0b5cc4; font-weight: 700 } text.daemon { fill: #9a4415 }
text.scanner { fill: #0f766e } text.limit { fill: #5b6672 } text.name { stroke: none }
.dot { stroke: none } .dot.logwatch { fill: #0b5cc4 } .dot.daemon { fill: #b3541e }
.dot.scanner { fill: #0f766e } .dot.limit { fill: #6b7280 }
@media (prefers-color-scheme: dark) {
.sheet { fill: #11181f } text { fill: #e6edf3 } .quiet, .tick { fill: #a3afbb }
.grid { stroke: #26313c } .axis, .leader { stroke: #66727e }
.logwatch { stroke: #62a8ff } .daemon { stroke: #e59a5f } .scanner { stroke: #4fd0b4 }
.limit { stroke: #98a4b0 } text.logwatch { fill: #62a8ff } text.daemon { fill: #eba973 }
text.scanner { fill: #4fd0b4 } text.limit { fill: #a3afbb }
.dot.logwatch { fill: #62a8ff } .dot.daemon { fill: #e59a5f } .dot.scanner { fill: #4fd0b4 }
.dot.limit { fill: #98a4b0 } }
""".strip()

KINDS = {
    "logwatch": "logwatch",
    "scanner": "only search a file",
    "daemon": "daemons",
    "limit": "raw limits",
}


class Line(NamedTuple):
    """One program."""

    name: str
    group: str
    points: Sequence[tuple[int, float]]
    """Number of rules and CPU seconds a GB, by number of rules."""


class Frame:
    """Where a figure lies on the sheet."""

    def __init__(self, lines: Sequence[Line]) -> None:
        rules = [x for line in lines for x, _ in line.points]
        costs = [y for line in lines for _, y in line.points]
        self._x = math.log10(min(rules)), math.log10(max(*rules, 10 * min(rules)))
        self.decades = range(math.floor(math.log10(min(costs))), _above(max(costs)) + 1)
        self.rules = sorted(set(rules))

    def x(self, rules: float) -> float:
        """Across."""
        first, last = self._x
        share = (math.log10(rules) - first) / (last - first)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, cost: float) -> float:
        """Down."""
        first, last = self.decades[0], self.decades[-1]
        share = (math.log10(cost) - first) / (last - first)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _above(cost: float) -> int:
    return math.floor(math.log10(cost)) + 1


def svg(lines: Sequence[Line], title: str, subtitle: str) -> str:
    """The whole picture. Costs must be above nothing."""
    frame = Frame(lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        f'  width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="title description">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(described(lines, subtitle))}</desc>',
        f"<style>\n{STYLE}\n</style>",
        f'<rect class="sheet" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        f'<text class="title" x="20" y="32">{escape(title)}</text>',
        f'<text class="quiet" x="20" y="53">{escape(subtitle)}</text>',
        *_legend([line.group for line in lines]),
        *_axes(frame),
        *_drawn(frame, lines),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def described(lines: Sequence[Line], subtitle: str) -> str:
    """All figures in words, for who does not see the picture."""
    texts = [
        f"{line.name}: "
        + ", ".join(f"{spoken(cost)} at {rules:,} rules" for rules, cost in line.points)
        for line in lines
    ]
    return f"{subtitle}. {'; '.join(texts)}."


def spoken(cost: float) -> str:
    """Two digits, or all before the point."""
    if cost >= 10:
        return f"{cost:,.0f}"
    return f"{cost:.1f}" if cost >= 1 else f"{cost:.2f}"


def _legend(groups: Sequence[str]) -> Iterator[str]:
    x = 20
    for group, words in KINDS.items():
        if group not in groups:
            continue
        yield f'<path class="line {group}" d="M{x} 74h22"/>'
        yield f'<text class="name {group}" x="{x + 28}" y="78">{escape(words)}</text>'
        x += 28 + round(7.2 * len(words)) + 22


def _axes(frame: Frame) -> Iterator[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for decade in frame.decades:
        y = frame.y(10.0**decade)
        label = f"{10**decade:,}" if decade >= 0 else f"{10.0**decade:.{-decade}f}"
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>'
        yield f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    for rules in frame.rules:
        x = frame.x(rules)
        yield f'<path class="grid" d="M{x:.1f} {TOP}V{bottom}"/>'
        place = f'x="{x:.1f}" y="{bottom + 20}"'
        yield f'<text class="tick" {place} text-anchor="middle">{rules:,}</text>'
    yield f'<path class="axis" d="M{LEFT} {bottom}H{right}"/>'
    middle = (LEFT + right) / 2
    yield f'<text x="{middle:.0f}" y="{bottom + 44}" text-anchor="middle">rules</text>'


def _drawn(frame: Frame, lines: Sequence[Line]) -> Iterator[str]:
    ends = {line.name: frame.y(line.points[-1][1]) for line in lines}
    heights = spread(ends, low=TOP + 4.0, high=HEIGHT - BOTTOM - 2.0)
    at = WIDTH - RIGHT + 34
    for line in sorted(lines, key=lambda line: line.group == "logwatch"):  # ours above the others
        kind = line.group
        path = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in line.points)
        x, y = frame.x(line.points[-1][0]), ends[line.name]
        to = heights[line.name]
        yield f'<path class="leader" d="M{x + 5:.1f} {y:.1f}L{at - 14} {to:.1f}h10"/>'
        yield f'<polyline class="line {kind}" points="{path}"/>'
        radius = 4 if kind == "logwatch" else 2.6
        for rules, cost in line.points:
            place = f'cx="{frame.x(rules):.1f}" cy="{frame.y(cost):.1f}"'
            yield f'<circle class="dot {kind}" {place} r="{radius}"/>'
        words = f"{line.name}  {spoken(line.points[-1][1])}"
        yield f'<text class="name {kind}" x="{at}" y="{to + 4:.1f}">{escape(words)}</text>'


def spread(wanted: Mapping[str, float], *, low: float, high: float) -> dict[str, float]:
    """Heights near those wanted, `GAP` apart where there is room between `low` and `high`."""
    names = sorted(wanted, key=lambda name: wanted[name])
    gap = min(GAP, (high - low) / max(1, len(names) - 1))
    heights: list[float] = []
    for name in names:
        least = heights[-1] + gap if heights else low
        heights.append(max(wanted[name], least))
    limit = high
    for number in reversed(range(len(heights))):
        heights[number] = min(heights[number], limit)
        limit = heights[number] - gap
    return dict(zip(names, heights, strict=True))
