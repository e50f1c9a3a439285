"""A draft as YAML: each line with its confidence and reason as a comment, each open question as DECIDE.

What belongs here: text. What does not: what is proposed. The text is read back by the project's own strict parser (yamlfile.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from flows.engine.yamlfile import DECIDE
from flows.newsite.asking import Open, Said

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./*%()äöüßÄÖÜéèêàçñåøæÅØÆíóúáõãôâ-]*")
_WORDS = re.compile(r"^(?:true|false|null|yes|no|on|off|~|y|n)$", re.IGNORECASE)


def lines(value: dict[str, Any], indent: int = 0) -> Iterator[str]:
    """A mapping as lines."""
    for key, inner in value.items():
        yield from _entry(scalar(key), inner, indent)


def _entry(key: str, value: Any, indent: int, dash: str = "") -> Iterator[str]:
    """One key and its value: on one line where nothing inside has a comment of its own."""
    pad = " " * indent
    comment, inner = (value.comment, value.value) if isinstance(value, Said) else ("", value)
    if isinstance(inner, Open):
        yield _line(f"{pad}{dash}{key}: {DECIDE}", f"{DECIDE}: {inner.ask}" + (f" ({comment})" if comment else ""))
    elif not _has_comments(inner):
        yield _line(f"{pad}{dash}{key}: {flow(inner)}", comment)
    elif isinstance(inner, dict):
        yield _line(f"{pad}{dash}{key}:", comment)
        yield from lines(inner, indent + 2 + len(dash))
    else:
        yield _line(f"{pad}{dash}{key}:", comment)
        for one in inner:
            yield from _item(one, indent + 2 + len(dash))


def _item(value: Any, indent: int) -> Iterator[str]:
    """One entry of a list; the first key of a mapping stands behind the dash."""
    pad = " " * indent
    if isinstance(value, Open):
        yield _line(f"{pad}- {DECIDE}", f"{DECIDE}: {value.ask}")
    elif isinstance(value, dict) and _has_comments(value):
        first, *rest = value.items()
        yield from _entry(scalar(first[0]), first[1], indent, "- ")
        yield from lines(dict(rest), indent + 2)
    else:
        inner = value.value if isinstance(value, Said) else value
        yield _line(f"{pad}- {flow(inner)}", value.comment if isinstance(value, Said) else "")


def _line(text: str, comment: str) -> str:
    return f"{text}   # {' '.join(comment.split())}" if comment else text


def _has_comments(value: Any) -> bool:
    """Whether something inside is open or says why."""
    if isinstance(value, Said | Open):
        return True
    if isinstance(value, dict):
        return any(map(_has_comments, value.values()))
    return isinstance(value, list) and any(map(_has_comments, value))


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """A plain word where YAML reads it as that text, else in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if value is None:
        return "null"
    text = str(value)
    plain = _PLAIN.fullmatch(text) and not _WORDS.match(text) and text == text.strip() and " #" not in text and text != DECIDE
    return text if plain else json.dumps(text, ensure_ascii=False)


