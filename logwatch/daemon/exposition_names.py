"""Every figure of `/metrics`: its name after `logwatch_`, its labels, and what it says.

docs/metrics.md has the same table, and a test keeps the two alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Known(NamedTuple):
    """One figure."""

    text: str
    labels: tuple[str, ...] = ()


HELP: Mapping[str, Known] = {
    "build_info": Known("1; what runs is in the labels.", ("version", "python")),
    "start_time_seconds": Known("When this configuration took effect, in seconds since the epoch."),
    "well": Known("1 while `logwatch status` finds nothing wrong."),
    "troubles": Known("How many things `logwatch status` finds wrong."),
    "live": Known("1 once what the files held at the start is read, and deadlines take effect."),
    "config_generation": Known("How many configurations this process has run."),
    "config_last_reload_successful": Known("0 after a reload that was refused."),
    "config_changed_on_disk": Known("1 while files differ from the configuration that runs."),
    "rules": Known("Rules of the configuration."),
    "compile_seconds": Known("What compiling the patterns took, 0 where they were cached."),
    "events_total": Known(
        "Events of the log, see docs/events.md, and what else is counted.", ("event",)
    ),
    "files": Known("Paths that are followed, by their state.", ("state",)),
    "behind_bytes": Known("Bytes of all files that are not read yet."),
    "file_behind_bytes": Known("Bytes of a file that are not read yet.", ("path", "source")),
    "file_behind_seconds": Known(
        "Age of the newest line taken from a file that is behind, by the line's own time; 0 at its"
        " end.",
        ("path", "source"),
    ),
    "held_generations": Known("Files held open: the live ones, and rotated ones being finished."),
    "read_lines_total": Known(
        "Lines read; of blocks over 64 KiB (a backlog) reckoned from a sample.", ("source",)
    ),
    "read_bytes_total": Known("Bytes read.", ("source",)),
    "cut_lines_total": Known(
        "Lines over `max_line`, of which only the beginning was looked at.", ("source",)
    ),
    "lost_bytes_total": Known("Bytes of logs that are known to be lost, by reason.", ("reason",)),
    "losses_total": Known("How often bytes were lost, or may have been.", ("reason",)),
    "engine_info": Known(
        "1 for each matching engine in use, and why that one.", ("engine", "reason")
    ),
    "matched_bytes_total": Known("Bytes that rules have looked at.", ("engine",)),
    "matching_cpu_seconds_total": Known("CPU time that looking took.", ("engine",)),
    "audit_pairs_total": Known("Answers of the engine that were compared with Python's re."),
    "audit_differences_total": Known("Of these, wrong ones."),
    "rule_matches_total": Known("Records that a rule's patterns and conditions took.", ("rule",)),
    "rule_search_cpu_seconds_total": Known(
        "CPU time of a rule's searches in Python's re, estimated from a sample.", ("rule",)
    ),
    "rule_searches_given_up_total": Known(
        "Searches that took too long or failed, and counted as no match.", ("rule",)
    ),
    "rule_quarantined": Known(
        "1 for each rule that failed, or has a pattern that is too slow.", ("rule",)
    ),
    "rule_patterns_on_every_line": Known(
        "Patterns that the engine cannot look for in blocks.", ("rule",)
    ),
    "alerts_total": Known("Alerts that were stored.", ("rule", "severity", "status")),
    "alerts_burning": Known("Episodes that have not ended."),
    "alerts_withheld": Known("Episodes that burn and are told once nothing hides them."),
    "sink_messages_total": Known(
        "Messages with which a sink is done, by outcome.", ("sink", "outcome")
    ),
    "sink_failed_attempts_total": Known("Attempts that failed and are made again.", ("sink",)),
    "sink_up": Known("0 while a sink fails again and again.", ("sink",)),
    "sink_waiting": Known("Messages that a sink has not taken yet.", ("sink",)),
    "sink_dead_letters": Known(
        "Messages that a sink refused for good, kept to be sent again.", ("sink",)
    ),
    "sink_delivering_seconds": Known("For how long a delivery has been going on.", ("sink",)),
    "queue_bytes": Known("What monitors have found and rules have not seen yet."),
    "queue_limit_bytes": Known("How much of it there may be before reading waits."),
    "store_bytes": Known("Size of the state folder."),
    "store_degraded": Known("1 while nothing can be committed, and reading waits."),
    "commit_seconds": Known("How long commits of the store took."),
    "directories": Known("Directories with files, by how changes in them are noticed.", ("by",)),
    "inotify_rebuilds_total": Known("How often inotify went deaf and was made anew."),
    "inotify_overflows_total": Known(
        "How often the kernel dropped events; every file was looked at."
    ),
    "threads": Known("Threads of the process."),
    "status_unknown_parts": Known(
        "Parts of the status that could not be found out for this scrape."
    ),
}
