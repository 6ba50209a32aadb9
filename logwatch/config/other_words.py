"""What other programs call what we have: who comes from one of them is told our word for it.

They are words of fail2ban, swatchdog, ElastAlert, Vector and their like. A word stands for the
first of ours that there is where it was written.
"""

from __future__ import annotations

from typing import Final

from logwatch.config.problems import Words

KEYS: Final[Words] = {
    "regex": ("match",),
    "regexp": ("match",),
    "pattern": ("match",),
    "patterns": ("match",),
    "failregex": ("match",),
    "watchfor": ("match",),
    "ignore": ("unless",),
    "ignoreregex": ("unless",),
    "not": ("unless",),
    "filter": ("where",),
    "condition": ("where",),
    "query_key": ("by",),
    "group_by": ("by",),
    "threshold": ("when",),
    "timeframe": ("when",),
    "maxretry": ("when",),
    "findtime": ("when",),
    "num_events": ("when",),
    "realert": ("cooldown",),
    "throttle": ("cooldown",),
    "suppress": ("cooldown",),
    "level": ("severity",),
    "priority": ("severity",),
    "message": ("say", "text"),
    "title": ("say",),
    "alert": ("to",),
    "alerts": ("to",),
    "action": ("to",),
    "notify": ("to",),
    "receiver": ("to",),
    "source": ("in",),
    "sources": ("in",),
    "file": ("path", "in"),
    "files": ("path", "in"),
    "paths": ("path",),
    "logpath": ("path", "in"),
    "parser": ("format",),
    "codec": ("format",),
    "charset": ("encoding",),
    "timezone": ("tz",),
    "webhook_url": ("url",),
    "endpoint": ("url",),
    "email": ("to",),
    "recipients": ("to",),
    "server": ("host", "url"),
}
"""Of rules, sources, sinks and routes."""

KINDS: Final[Words] = {
    "email": ("smtp",),
    "mail": ("smtp",),
    "mailto": ("smtp",),
    "file": ("jsonl_file",),
    "jsonl": ("jsonl_file",),
    "json": ("jsonl_file",),
    "script": ("command",),
    "program": ("command",),
    "pipe": ("command",),
    "http": ("webhook",),
    "https": ("webhook",),
    "url": ("webhook",),
    "post": ("webhook",),
    "mattermost": ("slack",),
    "msteams": ("teams",),
    "stdout": ("console",),
    "stderr": ("console",),
    "terminal": ("console",),
    "journal": ("journald",),
    "opentelemetry": ("otlp",),
    "otel": ("otlp",),
}
"""Of sinks."""

FORMATS: Final[Words] = {
    "nginx": ("combined",),
    "apache": ("combined",),
    "apache2": ("combined",),
    "access": ("combined",),
    "access_log": ("combined",),
    "common": ("combined",),
    "clf": ("combined",),
    "rsyslog": ("syslog",),
    "rfc3164": ("syslog",),
    "rfc5424": ("syslog",),
    "auth": ("syslog",),
    "jsonl": ("json",),
    "ndjson": ("json",),
    "json_lines": ("json",),
    "text": ("plain",),
    "raw": ("plain",),
    "none": ("plain",),
    "containerd": ("cri",),
    "kubernetes": ("cri",),
}
"""Of lines."""
