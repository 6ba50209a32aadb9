"""`logwatch help CODE`: what a code of `logwatch check` means, with an example."""

from __future__ import annotations

from textwrap import dedent, fill, indent

from logwatch.config.explanations import EXPLANATIONS

_WIDTH = 88


def code_page(code: str) -> str:
    """The page of one code. Raises KeyError where there is none."""
    page = EXPLANATIONS[code]
    return "\n".join(
        (
            f"{code}  ({page.level})",
            "",
            fill(page.text, _WIDTH, break_on_hyphens=False, break_long_words=False),
            "",
            "such as",
            indent(dedent(page.example).rstrip("\n"), "  "),
            "",
            "write",
            f"  {page.better}",
            "",
        )
    )


def list_of_codes() -> str:
    """Every code, with the first sentence of its page."""
    width = max(map(len, EXPLANATIONS))
    lines = [
        f"{code:<{width}}  {page.level:<7}  {page.text.partition('. ')[0].rstrip('.')}"
        for code, page in EXPLANATIONS.items()
    ]
    return "\n".join([*lines, "", "logwatch help CODE  explains one", ""])


def codes() -> tuple[str, ...]:
    """The names of all pages."""
    return ("codes", *EXPLANATIONS)
