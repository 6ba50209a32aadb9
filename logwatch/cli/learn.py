"""`logwatch learn`: makes a rule know the values or templates of old logs, or what you accept.

The lines are found by the configuration's own loader and the daemon's own engine. What is learned
is with the daemon where one runs, else in its store: see `rule_memory`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from logwatch import telemetry
from logwatch.cli.learn_report import Learned, report_of
from logwatch.cli.log_blocks import STANDARD_INPUT, size_of
from logwatch.cli.old_logs import OldLogs, ReadLog
from logwatch.cli.progress import Progress
from logwatch.cli.rule_memory import memory_of
from logwatch.cli.try_subject import Subject, is_named_alike
from logwatch.cli.verdicts import ways_of
from logwatch.cli.volume import least_level
from logwatch.clock import SystemClock
from logwatch.config.loader import find_config, load
from logwatch.config.model import Config
from logwatch.errors import Exit, UsageError
from logwatch.rules.base import RuleSettings
from logwatch.rules.instructions import Instruction, Lesson
from logwatch.rules.kinds import NewTemplate, NewValue
from logwatch.rules.lessons import lessons_for
from logwatch.sinks.plain_text import visible
from logwatch.tailer.opening import denial
from logwatch.tailer.settings import SourceSettings


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    telemetry.telemetry.configure(least_level())
    config = load(find_config(options.config, working_folder=True), sends=False)
    rule = _rule(config, options.rule)
    sources = _sources(config, rule, options.source)
    if not (options.files or options.accept or options.forget):
        raise UsageError(f"what is it to learn?  logwatch learn {rule.name} --from FILE...")
    if options.files:
        return _learn(options, Subject(config, rule, ways_of(rule), sources, is_configured=True))
    return _accept(options, config, rule)


def _learn(options: argparse.Namespace, subject: Subject) -> Exit:
    logs = [ReadLog(path, _source_of(path, subject, options.source)) for path in options.files]
    learned = Learned(subject.rule, logs)
    lessons = _lessons(learned, subject)
    if all(log.lines == 0 and log.path in learned.problems for log in logs):
        report_of(options.output, learned).show()
        return Exit.NOT_PERMITTED if learned.denied else Exit.USAGE
    memory = memory_of(subject.config, subject.rule, SystemClock(), dry_run=options.dry_run)
    if lessons:
        instruction = Instruction(rule=subject.rule.name, lessons=tuple(lessons))
        learned.taught = memory.teach(instruction)
        learned.kept_by = memory.kept_by
    report_of(options.output, learned).show()
    return Exit.DONE if lessons else Exit.NO


def _lessons(learned: Learned, subject: Subject) -> Sequence[Lesson]:
    """What the files teach; what cannot be read is noted, and the next one is read."""
    lessons = lessons_for(subject.rule)
    assert lessons is not None
    old_logs = OldLogs(subject)
    for log in learned.logs:
        bar = Progress(visible(log.path), size_of(log.path), SystemClock())
        try:
            for hit in old_logs.hits(log, bar.show):
                lessons.take(hit)
        except PermissionError:
            learned.denied = True
            learned.problems[log.path] = f"permission denied: {denial(log.path)}"
        except (OSError, EOFError, UsageError) as problem:
            learned.problems[log.path] = str(getattr(problem, "strerror", None) or problem)
        finally:
            bar.hide()
    for trouble in old_logs.troubles():
        print(f"logwatch learn: {trouble.message}", file=sys.stderr)
    return lessons.all()


def _accept(options: argparse.Namespace, config: Config, rule: RuleSettings) -> Exit:
    instructions = list(_instructions(options, rule))
    memory = memory_of(config, rule, SystemClock(), dry_run=options.dry_run)
    learned = Learned(rule, [], kept_by=memory.kept_by, forgets=bool(options.forget))
    for words, instruction in instructions:
        learned.taught = memory.teach(instruction)
        if learned.taught.accepted:
            learned.accepted += learned.taught.accepted
        else:
            learned.unknown.append(words)
    report_of(options.output, learned).show()
    return Exit.NO if learned.unknown else Exit.DONE


def _instructions(
    options: argparse.Namespace, rule: RuleSettings
) -> Sequence[tuple[str, Instruction]]:
    if isinstance(rule.kind, NewTemplate):
        if options.forget:
            raise UsageError(
                f"rule '{rule.name}' learns templates, and a template cannot be made new again;"
                " --forget is for values"
            )
        if options.source is None and rule.sources and len(rule.sources) == 1:
            options.source = rule.sources[0]
        return [
            (text, Instruction(rule=rule.name, accept=text, source=options.source))
            for text in options.accept
        ]
    written = options.accept or options.forget
    fields = _fields(written, rule)
    words = " ".join(written)
    if options.forget:
        return [(words, Instruction(rule=rule.name, forget=fields))]
    return [(words, Instruction(rule=rule.name, accept=fields))]


def _fields(written: Sequence[str], rule: RuleSettings) -> dict[str, str]:
    """`who=root as=www` by field; the value alone where there is one field."""
    assert isinstance(rule.kind, NewValue)
    names = (*rule.by, *rule.kind.value)
    example = " ".join(f"{name}=..." for name in names)
    if len(names) == 1 and len(written) == 1 and not written[0].startswith(f"{names[0]}="):
        return {names[0]: written[0]}
    fields = dict(text.partition("=")[::2] for text in written)
    unknown = [name for name in fields if name not in names]
    missing = [name for name in names if name not in fields]
    if unknown or missing:
        what = f"no field '{unknown[0]}' in it" if unknown else f"'{missing[0]}' is missing"
        raise UsageError(f"a value of rule '{rule.name}' is written {example}; {what}")
    return fields


def _rule(config: Config, name: str) -> RuleSettings:
    can_learn = [rule.name for rule in config.rules if lessons_for(rule) is not None]
    those = f"rules that can: {', '.join(can_learn)}" if can_learn else "no rule here can"
    for rule in config.rules:
        if rule.name == name:
            if name not in can_learn:
                raise UsageError(
                    f"rule '{name}' does not learn; rules with `new: {{value: ...}}` or"
                    f" `new: {{template: ...}}` do; {those}"
                )
            return rule
    from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

    near = get_close_matches(name, can_learn, 1)
    raise UsageError(
        f"there is no rule '{name}'; " + (f"did you mean '{near[0]}'?" if near else those)
    )


def _sources(config: Config, rule: RuleSettings, wanted: str | None) -> Sequence[SourceSettings]:
    """The sources that the rule looks at."""
    sources = [one for one in config.sources if rule.sources is None or one.name in rule.sources]
    if wanted is None:
        return sources
    chosen = [one for one in sources if one.name == wanted]
    if not chosen:
        names = " ".join(one.name for one in sources) or "none"
        raise UsageError(f"rule '{rule.name}' has no source '{wanted}'; there are: {names}")
    return chosen


def _source_of(path: str, subject: Subject, wanted: str | None) -> SourceSettings:
    """As which source a file is read: its format counts, and templates are known by source."""
    sources = subject.sources
    if wanted is not None or len(sources) == 1:
        return sources[0]
    absolute = str(Path(path).absolute())
    followed = subject.followed().get(absolute, ())
    alike = [
        one
        for one in sources
        if one.name in followed or any(is_named_alike(path, name) for name in one.paths)
    ]
    if len(alike) == 1 or followed:
        return alike[0]
    what = "standard input" if path == STANDARD_INPUT else path
    names = ", ".join(one.name for one in alike or sources)
    raise UsageError(f"of which source is {what}?  say --source NAME: {names}")
