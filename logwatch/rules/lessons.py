"""What a rule for new values or templates is taught: old logs, and what to take as known.

An old log is boiled down to lessons: of each value its latest sight and the first sight of all, of
each template the messages that made it what it is. Taught to a rule, they make it know what it
would know had it read every line; only the counts of templates are lower. To teach a lesson twice
does no harm. Lessons are few and small, so that they can be handed to a daemon that runs.

Bounds: as many values as the rule keeps, those seen last; `MOST_LESSONS` for templates, the latest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from logwatch.records import Batch, Match, Record, no_file
from logwatch.rules.base import Hit, Rule, RuleSettings
from logwatch.rules.instructions import Instruction, Lesson, Taught
from logwatch.rules.kinds import NewTemplate, NewValue
from logwatch.rules.message import Keyed
from logwatch.rules.new_template import NewTemplateRule
from logwatch.rules.new_value import NewValueRule
from logwatch.templates import Masks, TemplateMiner

MOST_LESSONS = 100_000
LONGEST_TEXT = 1024
"""Characters of a message that matter to its template."""
FIRST_NEW = 20
"""Of so many new values or templates it is told which they are."""
_SHOWN = 200


class Lessons(Protocol):
    """Collects what records teach."""

    def take(self, hit: Hit) -> None:
        """One record that the rule takes."""
        ...

    def all(self) -> Sequence[Lesson]:
        """What is worth teaching, in the order in which it is to be taught."""
        ...


def lessons_for(settings: RuleSettings) -> Lessons | None:
    """What collects lessons for this rule; None for a rule that does not learn."""
    match settings.kind:
        case NewValue():
            return ValueLessons(settings, settings.kind)
        case NewTemplate():
            return TemplateLessons(settings.kind)
        case _:
            return None


class ValueLessons:
    """Of each value its latest sight, and the first sight of all."""

    def __init__(self, settings: RuleSettings, kind: NewValue) -> None:
        self._names = (*settings.by, *kind.value)
        self._value = kind.value
        self._keyed = Keyed(self._names)
        self._most = settings.max_keys
        self._first: Lesson | None = None
        self._latest: dict[str, Lesson] = {}

    def take(self, hit: Hit) -> None:
        """See `Lessons.take`."""
        captures, fields = hit.match.captures, hit.record.fields
        texts = {name: captures.get(name) or fields.get(name) or "" for name in self._names}
        if not any(texts[name] for name in self._value):
            return
        key, time = self._keyed.key(hit), hit.record.time
        before = self._latest.get(key)
        if before is not None and before.time >= time >= (self._first or before).time:
            return
        named = self._keyed.named(key)  # a long text is shortened there
        known = {name: _clean(text) for name, text in named.items() if texts[name]}
        lesson = Lesson(hit.batch.source, time, known)
        if self._first is None or time < self._first.time:
            self._first = lesson
        if before is None or before.time < time:
            self._latest[key] = lesson
        if len(self._latest) >= 2 * self._most:
            self._keep_latest()

    def all(self) -> Sequence[Lesson]:
        """See `Lessons.all`."""
        self._keep_latest()
        first = [] if self._first is None else [self._first]
        return [*first, *(each for each in self._latest.values() if each is not self._first)]

    def _keep_latest(self) -> None:
        """Those seen last, in the order of their sights."""
        latest = sorted(self._latest.items(), key=lambda one: one[1].time)
        self._latest = dict(latest[-self._most :])


class TemplateLessons:
    """The messages that showed a template first, or made it more general."""

    def __init__(self, kind: NewTemplate) -> None:
        self._field = kind.field
        self._masks = Masks()
        self._miners: dict[str, TemplateMiner] = {}
        self._texts: dict[str, dict[str, str]] = {}
        self._began: dict[str, float] = {}
        self._lessons: deque[Lesson] = deque(maxlen=MOST_LESSONS)

    def take(self, hit: Hit) -> None:
        """See `Lessons.take`."""
        source, time = hit.batch.source, hit.record.time
        captures, fields = hit.match.captures, hit.record.fields
        text = captures.get(self._field) or fields.get(self._field) or hit.record.text
        if source not in self._miners:
            self._miners[source] = TemplateMiner(self._masks)
            self._texts[source] = {}
        seen, texts = self._miners[source].learn(text, time), self._texts[source]
        if seen.new or texts.get(seen.template_id) != seen.text:
            if len(texts) >= MOST_LESSONS:
                texts.clear()
            texts[seen.template_id] = seen.text
            self._lessons.append(Lesson(source, time, {self._field: _clean(text[:LONGEST_TEXT])}))
        self._began[source] = min(time, self._began.get(source, time))

    def all(self) -> Sequence[Lesson]:
        """See `Lessons.all`. The first of a source has the time of its earliest record."""
        began = dict(self._began)
        return [
            Lesson(each.source, began.pop(each.source, each.time), each.fields)
            for each in self._lessons
        ]


def teach(rule: Rule, instruction: Instruction, at: float) -> Taught:
    """Let `rule` learn, accept and forget; `at` is the event time of what is accepted.

    Whoever calls it sees that the state of the rule is stored.
    """
    if not isinstance(rule, NewValueRule | NewTemplateRule):
        return Taught(problem=f"rule '{rule.settings.name}' learns nothing")
    before = len(rule)
    new = [lesson for lesson in instruction.lessons if rule.learn(_as_hit(lesson))]
    accepted = _accepted(rule, instruction, at)
    return Taught(
        known_before=before,
        known=len(rule),
        new=len(new),
        first_new=tuple(_in_words(rule, lesson) for lesson in new[:FIRST_NEW]),
        accepted=tuple(accepted),
    )


def _accepted(
    rule: NewValueRule | NewTemplateRule, instruction: Instruction, at: float
) -> Iterable[str]:
    accept, forget = instruction.accept, instruction.forget
    if isinstance(rule, NewTemplateRule):
        if isinstance(accept, str):
            found = rule.accept(accept, at, instruction.source)
            return [f"{source} {name}" for source, name in found.items()]
        return []
    words = []
    if isinstance(accept, dict):
        rule.accept(accept, at)
        words.append(_pairs(accept))
    if forget is not None and rule.forget(forget):
        words.append(_pairs(forget))
    return words


def _in_words(rule: NewValueRule | NewTemplateRule, lesson: Lesson) -> str:
    """`who=root as=www`; of a template its source, its id and its text."""
    if isinstance(rule, NewValueRule):
        return _pairs(lesson.fields)
    (text,) = lesson.fields.values()
    template = rule.template_of(text, lesson.source)
    return lesson.source if template is None else f"{lesson.source} {template[0]} {template[1]}"


def _pairs(fields: Mapping[str, str]) -> str:
    return " ".join(f"{name}={text[:_SHOWN]}" for name, text in fields.items())


def _clean(text: str) -> str:
    """`text` without halves of surrogate pairs, which JSON may hold and no store takes."""
    return text if text.isascii() else text.encode(errors="replace").decode()


_NOWHERE = no_file("", "lesson")


def _as_hit(lesson: Lesson) -> Hit:
    batch = Batch(
        source=lesson.source,
        checkpoint=_NOWHERE,
        start=0,
        end=0,
        arrival=lesson.time,
        last_time=lesson.time,
    )
    return Hit(batch, Record(0, "", lesson.time, lesson.fields), Match(0, 0))
