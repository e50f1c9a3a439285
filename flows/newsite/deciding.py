"""Open questions of a draft answered on the command line, or left out with what hangs on them.

What belongs here: putting answers in, taking open lines out. What does not: asking (the modules that propose).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flows.engine.mapping.shapes import REQUIRED
from flows.engine.yamlfile import value_of
from flows.newsite.asking import Open, Said, is_open, questions
from schemas.findings import ConfigurationError


def decide(body: dict[str, Any], answers: Iterable[str]) -> list[str]:
    """Answer questions: `path=value`; a path may be the end of several (`scale=0-100` answers every scale). Returns paths answered.

    Raises ConfigurationError for an answer that no question has, with those there are.
    """
    done: list[str] = []
    for answer in answers:
        path, equals, text = answer.partition("=")
        try:
            value = value_of(text.strip())
        except ValueError:
            value = text.strip()  # a date format such as %d/%m/%Y is no YAML without quotes
        asked = [p for p, _ in questions(body) if p == path.strip() or p.endswith(f".{path.strip()}")]
        if not equals or not asked:
            known = "\n".join(f"  {p}" for p, _ in questions(body)) or "  none"
            raise ConfigurationError(f"--decide {answer}: no open question ends in {path.strip()!r}; open are\n{known}")
        for one in asked:
            _put(body, one.split("."), Said(value, "as told"))
        done += asked
    return done


def _put(body: Any, path: list[str], value: Said) -> None:
    """Put a value in the place of a question. Keys may hold points, so the longest key that fits is taken."""
    inner = body.value if isinstance(body, Said) else body
    if isinstance(inner, list):
        _put_at(inner, int(path[0]), path[1:], value)
        return
    for length in range(len(path), 0, -1):
        key = next((k for k in inner if str(k) == ".".join(path[:length])), None)
        if key is not None:
            _put_at(inner, key, path[length:], value)
            return


def _put_at(inner: Any, key: Any, rest: list[str], value: Said) -> None:
    if not rest:
        inner[key] = value
    elif isinstance(inner[key], Said) and isinstance(inner[key].value, Open):
        inner[key] = Said(value.value, f"{inner[key].why}; {value.why}".strip("; "), inner[key].sure)
    else:
        _put(inner[key], rest, value)


def leave_out(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Take out what is open: a code of a map, else the field, else the table. What a site must have stays open. Returns what is gone."""
    gone: list[tuple[str, str]] = []
    tables = body["tables"]
    for table in list(tables):
        bodies = tables[table] if isinstance(tables[table], list) else [tables[table]]
        kept = []
        for number, one in enumerate(bodies):
            path = f"tables.{table}" + (f".{number}" if len(bodies) > 1 else "")
            before = len(gone)
            for name in list(one.get("fields", {})):
                gone += _without_open(one["fields"], name, f"{path}.fields.{name}")
            others = {k: v for k, v in one.items() if k != "fields"}
            if is_open(others):
                gone += [(f"{path}.{p}", ask) for p, ask in questions(others)]
            elif len(gone) == before or table == "subject" or set(one["fields"]) - {"subject_id", *REQUIRED[table]}:
                kept.append(one)
            else:
                gone.append((path, "nothing but its keys is decided"))
        if kept:
            tables[table] = kept if len(kept) > 1 else kept[0]
        else:
            del tables[table]
    return gone


def _without_open(fields: dict[str, Any], name: str, path: str) -> list[tuple[str, str]]:
    """Open codes out of a map; the field itself where anything else of it is open or no code is left."""
    if not is_open(fields[name]):
        return []
    asked = [(f"{path}.{p}" if p else path, ask) for p, ask in questions(fields[name])]
    field = fields[name]
    spec = field.value if isinstance(field, Said) else field
    codes = spec.get("map") if isinstance(spec, dict) else None
    if isinstance(codes, dict) and not is_open({k: v for k, v in spec.items() if k != "map"}):
        left = {k: v for k, v in codes.items() if not is_open(v)}
        if left:
            spec["map"] = left
            return asked
    del fields[name]
    return asked
