"""`logwatch status --watch` as a full-screen application, where Textual is installed.

The eye is to find, in this order: is it working, what burns, what is happening, what is hidden. All
actions are commands of logwatch, shown before they run, so that they can be repeated in a shell.
Log text is never markup: it reaches the screen as plain text, control characters as pictures.
"""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Callable, Iterable
from typing import ClassVar, Protocol

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Input, RichLog, Static
from textual.worker import Worker, WorkerState

from logwatch.cli.figures import ago, epoch, rough, size
from logwatch.cli.looker import Absence
from logwatch.cli.status_feed import LiveLine, Seen, silence_words
from logwatch.cli.status_filter import LineFilter
from logwatch.clock import Clock
from logwatch.daemon.health import FileStatus, Status
from logwatch.records import Alert
from logwatch.sinks.plain_text import visible

EVERY_SECONDS = 2.0
MOST_LINES = 5000
MOST_ROWS = 200
_KEYS = """\
/       show only lines with this pattern; Escape: all
space   stop the lines, and go on
1-9     hide the lines of a source, and show them again
w       why: the life of the alert under the cursor
a       acknowledge it: hide it until it is over
s       silence it, and its like, for a while
?       this
q       leave"""


class Source(Protocol):
    """What the application looks at."""

    def look(self) -> Seen:
        """How everything is; may take a second."""
        ...

    def run(self, words: list[str]) -> str:
        """The output of a command."""
        ...


class CommandScreen(ModalScreen[None]):
    """A command, which can be changed before it runs, and what it said."""

    CSS = """
    CommandScreen { align: center middle; }
    CommandScreen > VerticalScroll {
        width: 90%; height: 70%; border: round $accent; padding: 0 1; background: $surface;
    }
    """
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close")]

    def __init__(self, source: Source, words: list[str], *, at_once: bool, text: str = "") -> None:
        super().__init__()
        self._source = source
        self._words = words
        self._at_once = at_once
        self._text = text

    def compose(self) -> ComposeResult:
        """The command, and below it what it says."""
        with VerticalScroll():
            if self._words and not self._at_once:
                yield Static("Enter runs it, Escape does not:", markup=False)
                yield Input(shlex.join(["logwatch", *self._words]), id="command")
            elif self._words:
                yield Static(shlex.join(["logwatch", *self._words]), markup=False)
            yield Static(self._text, id="said", markup=False)

    def on_mount(self) -> None:
        """Run it, where it only asks."""
        if self._words and self._at_once:
            self._run(self._words)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run what stands there now."""
        event.stop()
        try:
            words = shlex.split(event.value)
        except ValueError as problem:
            self._say(f"that cannot be read: {problem}")
            return
        if words[:1] != ["logwatch"]:
            self._say("it must begin with: logwatch")
            return
        self._run(words[1:])

    def _run(self, words: list[str]) -> None:
        self.run_worker(lambda: self._source.run(words), thread=True, exclusive=True)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what it said."""
        if event.state is WorkerState.SUCCESS:
            self._say(str(event.worker.result))

    def _say(self, text: str) -> None:
        lines = (visible(line) for line in text.split("\n"))
        self.query_one("#said", Static).update("\n".join(lines))


class StatusApp(App[None]):
    """See the module's docstring."""

    CSS = """
    #head { height: 1; text-style: bold; }
    #told { height: auto; max-height: 6; }
    #tables { height: 40%; }
    #burning { width: 50%; }
    #files { width: 50%; }
    #filter { display: none; height: 3; }
    #filter.shown { display: block; }
    #foot { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter"),
        Binding("space", "pause", "Pause"),
        *(Binding(str(n), f"toggle_source({n})", f"Source {n}", show=False) for n in range(1, 10)),
        Binding("w", "why", "Why"),
        Binding("a", "acknowledge", "Acknowledge"),
        Binding("s", "silence", "Silence"),
        Binding("question_mark", "keys", "Keys"),
        Binding("escape", "all_lines", "All lines", show=False),
        Binding("q", "quit", "Quit"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, source: Source, clock: Clock) -> None:
        super().__init__()
        self._source = source
        self._clock = clock
        self._lines: deque[LiveLine] = deque(maxlen=MOST_LINES)
        self._alerts: list[Alert] = []
        self._sources: list[str] = []
        self._hidden: set[str] = set()
        self._filter: LineFilter | None = None
        self._paused = False
        self._passed_over = 0

    def compose(self) -> ComposeResult:
        """Head, what is wrong, two tables, the lines, foot."""
        yield Static("logwatch", id="head", markup=False)
        yield Static("", id="told", markup=False)
        with Horizontal(id="tables"):
            yield DataTable(id="burning", cursor_type="row")
            yield DataTable(id="files", cursor_type="row")
        yield Input(placeholder="a pattern; Enter", id="filter")
        yield RichLog(id="live", max_lines=MOST_LINES, markup=False, highlight=False, wrap=False)
        yield Static("", id="foot", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        burning: DataTable[Text] = self.query_one("#burning", DataTable)
        burning.add_columns("burning", "severity", "for", "count")
        files: DataTable[Text] = self.query_one("#files", DataTable)
        files.add_columns("", "source", "lines/s", "behind", "last", "state")
        burning.focus()
        self._look()
        self.set_interval(EVERY_SECONDS, self._look)

    def _look(self) -> None:
        self.run_worker(self._source.look, thread=True, group="look", exclusive=True)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was seen."""
        if event.worker.group == "look" and event.state is WorkerState.SUCCESS:
            seen = event.worker.result
            assert isinstance(seen, Seen)
            self.show(seen)

    # -- what is seen ------------------------------------------------------------------------

    def show(self, seen: Seen) -> None:
        """Draw one look."""
        if not self.query("#head"):
            return  # somebody leaves: all that could show it is gone already
        self.query_one("#head", Static).update(_head(seen))
        self.query_one("#told", Static).update("\n".join(_told(seen)))
        now = self._clock.wall()
        if isinstance(seen.known, Status):
            self._show_files(seen.known.files, now)
        self._show_burning(list(seen.burning), now)
        self._passed_over += seen.passed_over
        self._lines.extend(seen.lines)
        if not self._paused:
            self._write(seen.lines)
        self._show_foot(seen)

    def _show_burning(self, alerts: list[Alert], now: float) -> None:
        table: DataTable[Text] = self.query_one("#burning", DataTable)
        at = table.cursor_row
        table.clear()
        self._alerts = alerts[:MOST_ROWS]
        for alert in self._alerts:
            key = " ".join(f"{name}={value}" for name, value in alert.key.items())
            since = rough(now - epoch(alert.first))
            name = visible(f"\u25b2 {alert.rule} {key}".rstrip())
            table.add_row(*map(Text, (name, alert.severity, since, f"{alert.count:,}")))
        if self._alerts:
            table.move_cursor(row=min(at, len(self._alerts) - 1))

    def _show_files(self, files: tuple[FileStatus, ...], now: float) -> None:
        self._sources = list(dict.fromkeys(each.sources[0] for each in files))
        table: DataTable[Text] = self.query_one("#files", DataTable)
        table.clear()
        for each in files[:MOST_ROWS]:
            source = each.sources[0]
            number = self._sources.index(source) + 1
            box = "\u2610" if source in self._hidden else "\u2611"
            cells = (
                f"{box}{number}" if number < 10 else box,
                visible(source),
                f"{each.lines_per_second:,.1f}",
                size(each.behind),
                ago(each.last_read, now),
                _state(each),
            )
            table.add_row(*map(Text, cells))

    def _show_foot(self, seen: Seen) -> None:
        parts = [f"{len(self._lines):,} lines kept"]
        if self._paused:
            parts.append("paused: space goes on")
        if self._filter is not None:
            slow = " (too slow)" if self._filter.is_too_slow else ""
            parts.append(f"only: {visible(self._filter.given)}{slow}")
        if self._hidden:
            parts.append(f"hidden: {' '.join(sorted(self._hidden))}")
        if self._passed_over:
            parts.append(f"{size(self._passed_over)} passed over")
        if isinstance(seen.known, Status):
            parts.append(f"silences {len(seen.known.held.silences)}")
            parts += [
                f"{visible(each.name)} {'down' if each.down else 'well'}"
                for each in seen.known.sinks[:5]
            ]
        self.query_one("#foot", Static).update("  ".join(parts))

    def _write(self, lines: Iterable[LiveLine]) -> None:
        log = self.query_one("#live", RichLog)
        for line in lines:
            if self._is_shown(line):
                log.write(Text(f"{line.source:<12.12} {line.text}"))

    def _is_shown(self, line: LiveLine) -> bool:
        if line.source in self._hidden:
            return False
        return self._filter is None or self._filter.takes(line.text)

    def _rewrite(self) -> None:
        self.query_one("#live", RichLog).clear()
        self._write(self._lines)

    # -- keys --------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Ask for a pattern."""
        field = self.query_one("#filter", Input)
        field.add_class("shown")
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Show only lines with it."""
        self._filter = LineFilter(event.value) if event.value else None
        event.input.remove_class("shown")
        self.query_one("#burning", DataTable).focus()
        self._rewrite()

    def action_all_lines(self) -> None:
        """Show all lines again."""
        self._filter = None
        self.query_one("#filter", Input).remove_class("shown")
        self.query_one("#burning", DataTable).focus()
        self._rewrite()

    def action_pause(self) -> None:
        """Stop the lines, or show what came meanwhile."""
        self._paused = not self._paused
        if not self._paused:
            self._rewrite()

    def action_toggle_source(self, number: int) -> None:
        """Hide a source's lines, or show them again."""
        if number <= len(self._sources):
            self._hidden ^= {self._sources[number - 1]}
            self._rewrite()

    def action_why(self) -> None:
        """The life of the alert under the cursor."""
        self._open(lambda alert: ["why", alert.id], at_once=True)

    def action_acknowledge(self) -> None:
        """Hide it until it is over."""
        self._open(lambda alert: ["silence", *silence_words(alert), "--until-resolved"])

    def action_silence(self) -> None:
        """Hide it and its like for two hours."""
        self._open(lambda alert: ["silence", *silence_words(alert), "--for", "2h"])

    def action_keys(self) -> None:
        """All keys."""
        self.push_screen(CommandScreen(self._source, [], at_once=False, text=_KEYS))

    def _open(self, words: Callable[[Alert], list[str]], *, at_once: bool = False) -> None:
        row = self.query_one("#burning", DataTable).cursor_row
        if row < len(self._alerts):
            command = words(self._alerts[row])
            self.push_screen(CommandScreen(self._source, command, at_once=at_once))
        else:
            self.bell()


def _head(seen: Seen) -> str:
    known = seen.known
    if known is None:
        return "logwatch: nobody knows"
    if isinstance(known, Absence):
        return "logwatch is not running"
    mark = "\u25cf well" if known.well else f"\u2717 {len(known.troubles)} wrong"
    rate = sum(each.lines_per_second for each in known.files)
    behind = sum(each.behind for each in known.files)
    return visible(
        f"logwatch {known.host} {mark}   {rate:,.1f} lines/s  behind {size(behind)}"
        f"  queue {size(known.queue.bytes)}  generation {known.config.generation}"
        f"  up {rough(known.up_seconds)}"
    )


def _told(seen: Seen) -> list[str]:
    problem = [visible(line) for line in seen.problem.split("\n") if line]
    if not isinstance(seen.known, Status):
        return problem
    remarks = [*(("\u2717", each) for each in seen.known.troubles)]
    remarks += [*(("!", each) for each in seen.known.notes)]
    return problem + [
        visible(f"{mark} {each.about}: {each.text}{f'  ({each.remedy})' if each.remedy else ''}")
        for mark, each in remarks
    ]


def _state(each: FileStatus) -> str:
    if each.status == "following" and each.quiet and each.usual_pause_seconds is not None:
        return f"! quiet (usual {rough(max(1.0, each.usual_pause_seconds))})"
    return each.status if each.status == "following" else f"\u2717 {each.status}"
