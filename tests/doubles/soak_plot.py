"""Memory, threads, file descriptors and lag of a soak over its time, as an SVG.

Nothing is needed to draw it; it follows the reader's light or dark scheme, and says its figures in
words for who does not see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from bench.plot import STYLE

from doubles.soak import Sample

WIDTH, HEIGHT = 880, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 24, 76, 40
_GAP = 34.0


class _Panel(NamedTuple):
    """One figure over time."""

    name: str
    values: list[float]

    @property
    def most(self) -> float:
        """The top of its axis: a round number above all values."""
        top = max(self.values) or 1.0
        step = 10.0 ** (len(str(int(top))) - 1) / 2 if top >= 1 else 0.1
        return (int(top / step) + 1) * step


def svg(samples: Sequence[Sample], title: str, subtitle: str) -> str:
    """The whole picture."""
    panels = [
        _Panel("memory, MiB", [each.memory_bytes / (1 << 20) for each in samples]),
        _Panel("threads", [float(each.threads) for each in samples]),
        _Panel("file descriptors", [float(each.descriptors) for each in samples]),
        _Panel("from a write to its alert, ms (p99)", [each.lag_seconds * 1e3 for each in samples]),
    ]
    minutes = [each.seconds / 60 for each in samples]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        f'  width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="title description">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(_described(panels, subtitle))}</desc>',
        f"<style>\n{STYLE}\n</style>",
        f'<rect class="sheet" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        f'<text class="title" x="20" y="32">{escape(title)}</text>',
        f'<text class="quiet" x="20" y="53">{escape(subtitle)}</text>',
    ]
    height = (HEIGHT - _TOP - _BOTTOM - _GAP * len(panels)) / len(panels)
    for number, panel in enumerate(panels):
        top = _TOP + _GAP * (number + 1) + height * number
        parts += _drawn(panel, minutes, top, height)
    parts += [*_axis(minutes), "</svg>"]
    return "\n".join(parts) + "\n"


def _described(panels: Sequence[_Panel], subtitle: str) -> str:
    texts = [
        f"{each.name}: {each.values[0]:.0f} at first, {each.values[-1]:.0f} at last,"
        f" between {min(each.values):.0f} and {max(each.values):.0f}"
        for each in panels
    ]
    return f"{subtitle}. {'; '.join(texts)}."


def _x(minute: float, minutes: Sequence[float]) -> float:
    return _LEFT + minute / minutes[-1] * (WIDTH - _LEFT - _RIGHT)


def _drawn(panel: _Panel, minutes: Sequence[float], top: float, height: float) -> Iterator[str]:
    bottom = top + height
    yield f'<text class="name" x="{_LEFT}" y="{top - 8:.1f}">{escape(panel.name)}</text>'
    for share, value in ((0.0, 0.0), (0.5, panel.most / 2), (1.0, panel.most)):
        y = bottom - share * height
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/>'
        place = f'x="{_LEFT - 8}" y="{y + 4:.1f}"'
        yield f'<text class="tick" {place} text-anchor="end">{value:g}</text>'
    points = " ".join(
        f"{_x(minute, minutes):.1f},{bottom - value / panel.most * height:.1f}"
        for minute, value in zip(minutes, panel.values, strict=True)
    )
    yield f'<polyline class="line logwatch" style="stroke-width:1.6" points="{points}"/>'


def _axis(minutes: Sequence[float]) -> Iterator[str]:
    last = minutes[-1]
    step = next(each for each in (0.25, 1, 2, 5, 10, 15, 60, 240, 1e9) if last / each <= 12)
    number = 0
    while number * step <= last:
        x = _x(number * step, minutes)
        place = f'x="{x:.1f}" y="{HEIGHT - _BOTTOM + 18}"'
        yield f'<text class="tick" {place} text-anchor="middle">{number * step:g}</text>'
        number += 1
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    yield f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">minutes</text>'
