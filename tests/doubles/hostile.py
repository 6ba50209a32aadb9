"""Texts that want to be more than text, and alerts that hold one wherever a log can put one."""

from __future__ import annotations

from logwatch.records import (
    SCHEMA,
    Alert,
    AlertContext,
    AlertLine,
    Group,
    Member,
    decode_alert,
    encode_alert,
)

TEXTS = {
    "escapes": "\x1b[2J\x1b]0;title\x07\x9b31m\x1b]8;;http://evil.example\x1b\\x",
    "lines": "one\ntwo\r\n.\r\nSubject: forged\r\n\r\nrunbook: https://evil.example",
    "bidi": "\u202egnp.exe\u200b\u2066\ufeff\u2028\u2029\U000e0041",
    "mentions": "<!channel> <@U123> @everyone @here <@&42> <#C1> <!date^1^{date}|x>",
    "links": "[x](https://evil.example) <https://evil.example|safe> https://evil.example/a_b_c",
    "markdown": "*b* _i_ ~s~ `c` **B** __U__ ||spoiler|| # head\n- item\n> quote\n1. one",
    "fences": "```\nout\n``` ```` ` `` ```",
    "html": "<script>alert(1)</script><img src=x onerror=1>&lt;b&gt;&amp;</b>",
    "json": '"}],"parse_mode":"HTML","x":"\\u0000\\"',
    "shell": "$(touch canary) `id` ' \" ; rm -rf / | * ? ~ !x",
    "emoji": ":rotating_light: <a:x:1> \U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301",
    "nul": "\0" * 100,
    "astral": "\U0001d54f" * 3000,
    "ampersands": "&" * 3000,
    "quotes": '"\\' * 3000,
    "backquotes": "`" * 3000,
    "megabyte": "x€" * 500_000,
    "empty": "",
    "space": " " * 50,
}


def alert_of(text: str, *, group: bool = False, status: str = "firing") -> Alert:
    """An alert, or a message about several, with `text` wherever something can put one."""
    line = AlertLine(text[:5000], 7, text[:100], text)
    name = text[:500]
    member = Member("m", 1, "firing", name, "error", text, name, name, {name: text}, 3, "", "")
    made = Alert(
        schema=SCHEMA,
        id=text[:50] or "b4c1f0",
        seq=1,
        status=status,
        rule=name,
        severity="critical",
        message=text,
        source=name,
        path=name,
        host=name,
        key={"user": text, name: name},
        fields={"agent": text, name: text},
        count=1_000_000,
        suppressed=2,
        first=text[:40],
        last="2026-01-05T01:00:00.000Z",
        at="2026-01-05T01:00:00.000Z",
        late=True,
        lines=[line] * 8,
        context=AlertContext(before=(line,) * 30, after=(line,) * 30),
        labels={"team": text, "runbook": name},
    )
    if not group:
        return made
    rules = {f"{name}{number}": number for number in range(50)}
    several = Group("storm", {name: text}, 500, 3, rules, (member,) * 20)
    return Alert(**{f: getattr(made, f) for f in made.__struct_fields__} | {"group": several})


def as_stored(alert: Alert) -> Alert:
    """`alert` after its way through JSON; lone surrogates do not take it."""
    return decode_alert(encode_alert(alert))
