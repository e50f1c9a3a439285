"""Markdown in the few shapes the pages use. What does not belong here: what a page says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

#: First lines of every page: who edits it by hand loses the edit.
NOTICE = "<!-- Made by `make docs` from the code. Do not edit: change the code and run it again. -->"

_SPECIAL = re.compile(r"([\\|*<\[\]])")
_CODE = re.compile(r"(`[^`]*`)")


class Link(str):
    """A link: the one text that a table leaves as it is."""

    def __new__(cls, text: str, target: str) -> Link:
        """`text` leads to `target`."""
        return super().__new__(cls, f"[{text}]({target})")


def cell(value: object) -> str:
    """One table cell: bars and markup escaped outside of `code`, line ends as blanks."""
    if isinstance(value, Link):
        return str(value)
    text = " ".join(("" if value is None else str(value)).split())
    parts = _CODE.split(text)
    return "".join(p.replace("|", r"\|") if p.startswith("`") else _SPECIAL.sub(r"\\\1", p) for p in parts)


def code(text: object) -> str:
    """Text as code, nothing for nothing."""
    return f"`{text}`" if text not in (None, "") else ""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A table with a header; lines without an end."""
    out = [f"| {' | '.join(cell(c) for c in columns)} |", f"|{'---|' * len(columns)}"]
    out += [f"| {' | '.join(cell(c) for c in row)} |" for row in rows]
    return out


def fenced(text: str, language: str) -> list[str]:
    """A block of code."""
    return [f"```{language}", *text.strip("\n").splitlines(), "```"]


def page(title: str, *blocks: Sequence[str]) -> str:
    """A whole page: notice, title, blocks with an empty line between them."""
    parts = [NOTICE, f"# {title}", *("\n".join(block) for block in blocks if block)]
    return "\n\n".join(parts) + "\n"


def sentence(name: str) -> str:
    """A test's or file's name as words: `test_a_dose_is_kept` -> `A dose is kept`."""
    words = name.removeprefix("test_").replace("_", " ").strip()
    return words[:1].upper() + words[1:]
