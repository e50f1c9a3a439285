"""What a draft says: a value with the reason for it, or a question that a person must decide.

What belongs here: the two kinds. What does not: how they look in YAML (yaml_text.py), what is proposed (the modules that propose).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Open:
    """Left to a person: the line says DECIDE, its comment says between what, and what speaks for each."""

    ask: str


@dataclass(frozen=True)
class Said:
    """A value with the confidence in percent and the reason."""

    value: Any
    why: str = ""
    sure: int | None = None

    @property
    def comment(self) -> str:
        """As it stands behind the line."""
        return " ".join(part for part in (f"{self.sure} %:" if self.sure is not None else "", self.why) if part)


def percent(share: float) -> int:
    """A confidence in percent; nothing found out is wholly sure."""
    return max(1, min(99, round(100 * share)))


def is_open(value: Any) -> bool:
    """Whether something in a value is left to a person."""
    if isinstance(value, Open):
        return True
    if isinstance(value, Said):
        return is_open(value.value)
    if isinstance(value, dict):
        return any(map(is_open, value.values()))
    return isinstance(value, list) and any(map(is_open, value))


def plain(value: Any) -> Any:
    """A draft without its reasons; what is open is DECIDE."""
    from flows.engine.yamlfile import DECIDE

    if isinstance(value, Said):
        return plain(value.value)
    if isinstance(value, Open):
        return DECIDE
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


def questions(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Every open place -> its question, in order."""
    if isinstance(value, Open):
        return [(".".join(path), value.ask)]
    if isinstance(value, Said):
        return questions(value.value, path)
    if isinstance(value, dict):
        return [q for k, v in value.items() for q in questions(v, (*path, str(k)))]
    return [q for n, v in enumerate(value) for q in questions(v, (*path, str(n)))] if isinstance(value, list) else []


def columns_of(fields: Mapping[str, Any]) -> set[str]:
    """Every column that fields are read from, units and strengths beside them included."""
    out: set[str] = set()
    for one in fields.values():
        value = one.value if isinstance(one, Said) else one
        if isinstance(value, dict):
            beside = [value[k]["from"] if isinstance(value[k], dict) else value[k] for k in ("times",) if k in value]
            beside += [value["unit"]["from"]] if isinstance(value.get("unit"), dict) else []
            source = value.get("from", [])
        else:
            beside, source = [], value
        out |= {*([source] if isinstance(source, str) else source if isinstance(source, list) else []), *beside}
    return out
