# ruff: noqa: E501 - a pattern and its lines are read side by side
"""Patterns that no service asks for, of shapes that people write all the same."""

from __future__ import annotations

_WORDS = [
    f"{first}{middle}{last}"
    for first in ("acc", "back", "con", "dis", "en", "for", "grand", "hyper")
    for middle in ("et", "form", "lock", "mount", "pass", "quo", "rect", "scan")
    for last in ("", "ed", "er", "ing", "ion", "s")
]

# fmt: off
PATTERNS: dict[str, list[tuple[str, str, str]]] = {
    "shapes": [
        (r"(\w+) != \1\b", "checksum abc != abc", "checksum abc != abd"),
        (r"job=(?P<job>\w+) .*? parent=(?P=job)\b", "job=db x parent=db", "job=db x parent=dba"),
        (r"^(?>[^ ]+) (?P<rest>ALERT.*)$", "host ALERT disk", "host  ALERT disk"),
        (r"(?P<open>\[)?alarm(?(open)\])", "[alarm]", "alrms"),
        (r"\A(?:\S++\s){2}down\Z", "link eth0 down", "link eth0 down "),
        (r"(?s:a.b)|(?x: c  d )", "x cd y", "x c  d y"),
        (r"^\s*$|^-{3,}$", "-----", "--"),
        (r".+", "anything", ""),
        (r"^(?=.*\bauth)(?=.*\bfail).*$", "an auth attempt did fail", "an auth attempt went well"),
        (r"^(?:ERR(?:OR)?+|FATAL):{,2} \B\S", "ERROR:: -1", "ERROR::: -1"),
        (r"\Bswap(?:\w(?!\b))*\w\b", "kswapd0", "swapd0"),
        (r"(?:(?:(?:a|b)+c)+d){2,3}?e", "xabcacdbcde", "xabcacde"),
        (r"x{,3}y{2}z{2,}", "yyzz", "yzz"),
        (r"a{,2}b{,1}!$", "aab!", "aab! "),
        (r"(?<=^id=)\w{,4}(?=;)", "id=ab12;", "id=ab123;"),
        (r"(?<=[a-z]{3}:)(?:up|down)(?=\s|$)", "eth:down", "et:down"),
        (r"(?<!no )(?<=\w )errors?(?= in)", "many errors in x", "no errors in x"),
        (r"(?:(?<=\()|(?<=\[))\d+(?=[])])", "(17]", "<17]"),
        (r"(?>(?:\w+[.:])*)(?<=:)end", "a.b:end", "a.b.end"),
        (r"(?>a+|b)c(?=d)", "aacd", "aac"),
        (r"(?=\d{4}$)[1-9]\d*[05]", "1995", "1996"),
        (r"[^\w\s]{3}\s*\D$", "???  !", "?? 7"),
        (r"(?im)^total$|^sum\Z", "ToTaL", "ToTaL x"),
        (r"(?-i:KEY)(?i:word)=(?P<v>[^\n,]*?),", "KEYWoRD=x,y", "keyword=x,y"),
        ("(?:" + "|".join(_WORDS) + r")\b", "the disk was disconnected and dismounter", "the disk was lost"),
        (r"\b(?i:" + "|".join(sorted(f"{word}-{number}" for word in _WORDS[:100] for number in (1, 2, 3))) + r")(?=:)", "svc ACCETED-3: x", "svc ACCETED-4: x"),
        (r"^(?:(?P<a>x)|(?P<b>y))+(?(a)1|2)(?(b)3|4)$", "yx13", "yx14"),
        (r"(?:\d{1,3}[.,]){2}\d{3}(?:[.,]\d\d)? ?(?:€|\$|£|¥)", "total 1.234.567,89 €", "total 1.234.567,89 e"),
        (r"(?a)\w+(?u:\w)\b", "ab日", "日本"),
        (r"[\s\S]{5}\Z(?<!\d)", "abcde", "abcd5"),
        (r"(?:^|\s)(?:-{1,2}(?P<flag>[\w-]+)(?:[= ](?P<arg>\"[^\"]*\"|\S+))?\s*)++$", "run --force -n=3", "run --force -n=3 x y"),
        (r"(?<!\\)(?:\\\\)*\"", r'say \\"', r'say \"'),
    ],
    "languages": [
        ("Straße|(?i:größe)", "die GRÖSSE und die GRÖßE", "die GRÖSSE und die Strasse"),
        (r"温度.{1,3}高", "温度が高い", "温度が少し上がり高い"),
        (r"(?i)ошибка(?:\s+№\s*(?P<n>\d+))?", "ОШИБКА № 7", "ОШИБК № 7"),
        (r"(?P<w>[а-яё]+)\s+(?P=w)\b", "это это повтор", "это эта повтор"),
        (r"(?i)disk.{0,3}voll", "DIſK VOLL", "DI\u017ft VOLL"),
        (r"(?i)kelvin", "\u212aELVIN", "\u212bELVIN"),
        (r"(?i)istanbul", "ISTANBUL", "\u0130\u0307STANBU"),
        (r"エラー[::]\s*(?P<code>[0-90-9]+)", "エラー:500", "エラー;500"),
        (r"[😀-🙏]{2,}", "ok 😀😀", "ok 😀 😀"),
        (r"^\d+$", "٣٤", "٣a"),
        (r"(?a)^\d+$", "34", "٣٤"),
        (r"\bnaïve\b", "a naïve plan", "a naïvely plan"),
        (r"temp[eé]rature (?P<t>-?\d+)\s?°C", "température -5 °C", "température -5 °F"),
        (r"\N{WARNING SIGN}\s+(?P<t>\S+)", "\u26a0 fuel", "\u26a1 fuel"),
    ],
}
