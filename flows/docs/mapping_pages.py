"""The mapping language: every key of site.yaml, and every field of every intake table, from the models that read them.

What belongs here: turning models into tables of keys. What does not: what a key means (its description in schemas/site.py).
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from flows.docs.markdown import code, page, table
from flows.engine.config import Correction
from flows.engine.mapping.codelists import read
from flows.engine.mapping.shapes import FIELDS, OPTIONS, REQUIRED
from schemas.base import Config
from schemas.intake import CONTRACTS
from schemas.site import IntakeTable, Profile, Site
from schemas.source import FilesSource, RemoteSource

_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false"}

#: A pattern that allows a few single characters or words, as words.
_WORDS = {r"^[.,]$": "`.` or `,`", r"^[., ' ]$": "`.` `,` `'` or a blank"}


def pages() -> dict[str, str]:
    """`mapping.md`: the language, and `intake.md`: what it must fill."""
    return {"mapping.md": _language(), "intake.md": _intake()}


def keys_of(model: type[Config]) -> list[tuple[str, str, str, str, str]]:
    """Key, type, allowed values, default, meaning of each key of a model."""
    rows = []
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _default(field)
        rows.append((code(field.alias or name), in_words(field.annotation), allowed(field), default, field.description or ""))
    return rows


def models_below(*roots: type[Config]) -> list[type[Config]]:
    """Every configuration model that can stand below the roots, in the order in which they are met."""
    found: dict[type[Config], None] = {}
    waiting = list(roots)
    while waiting:
        model = waiting.pop(0)
        if model not in found:
            found[model] = None
            waiting += [part for f in model.model_fields.values() for part in _parts(f.annotation) if _is_model(part)]
    return list(found)


def in_words(annotation: Any) -> str:
    """A type as a person would say it."""
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if origin is Annotated:
        return in_words(args[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(in_words(a) for a in args if a is not type(None)))
    if origin is tuple:
        inner = in_words(args[0])
        return "text, or a list of texts" if inner == "text" else f"list of {inner}"
    if origin is dict:
        return f"{in_words(args[0])} -> {in_words(args[1])}"
    if origin is typing.Literal:
        return "word"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "word"
    return f"`{annotation.__name__}`" if isinstance(annotation, type) else str(annotation)


def allowed(field: FieldInfo) -> str:
    """The values a key may have, where they are few or bounded."""
    told = [f"`{m.value}`" for part in _parts(field.annotation) if isinstance(part, type) and issubclass(part, Enum) for m in part]
    for part in _literals(field.annotation):
        told.append(f"`{part}`")
    for rule in field.metadata:
        pattern = getattr(rule, "pattern", None)
        if pattern in _WORDS:
            told.append(_WORDS[pattern])
        elif pattern:
            told.append(f"matches `{pattern}`")
        told += [f"{word} {limit}" for name, word in (("ge", "from"), ("le", "to"), ("gt", "above"), ("lt", "below"))
                 if (limit := getattr(rule, name, None)) is not None]  # fmt: skip
    return " ".join(dict.fromkeys(told))


def _parts(annotation: Any) -> Iterator[Any]:
    args = get_args(annotation)
    if not args or get_origin(annotation) is typing.Literal:
        yield annotation
    for arg in args:
        yield from _parts(arg)


def _literals(annotation: Any) -> Iterator[Any]:
    for part in _parts(annotation):
        if get_origin(part) is typing.Literal:
            yield from get_args(part)


def _is_model(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, Config)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ((), {}, False) or isinstance(value, Config):
        return ""
    if isinstance(value, tuple):
        return " ".join(f"`{v}`" for v in value)
    return f"`{value}`"


def _language() -> str:
    blocks = [[
        "`sites/<study>_<site>/site.yaml` says how a site writes its export; `profiles/<name>.yaml` holds what many sites share.",
        "An unknown key is an error that names file, line and the allowed values. Nothing is guessed: a format, unit or scale that is",
        "not declared is an error of the configuration, or a finding on the value. Which fields a table has: [intake.md](intake.md).",
    ]]  # fmt: skip
    for model in models_below(Site, Profile):
        if model is Profile or issubclass(model, FilesSource | RemoteSource):
            continue
        doc = (model.__doc__ or "").strip().splitlines()
        blocks += [[f"## {model.__name__}"], [line.strip() for line in doc]]
        blocks.append(table(["key", "type", "allowed values", "default", "meaning"], keys_of(model)))
    blocks += [["## corrections.yaml"], [
        "Beside `site.yaml`: `corrections:` is a list of single cells whose text is known to be wrong and that the site cannot put",
        "right. A correction applies only while the site still sends `as_sent`; otherwise it is told as stale. `table` is an intake",
        "table, `key` the record as `trialweave findings` shows it, `as_sent` the text as it shows with `--show-values`; a date and a",
        "clock time that stand in two columns are one text with a blank between. An item has the form's record as key and its code as",
        "field.",
    ]]  # fmt: skip
    blocks.append(table(["key", "type", "allowed values", "default", "meaning"], keys_of(Correction)))
    return page("The mapping language", *blocks)


def _intake() -> str:
    blocks: list[list[str]] = [[
        "A field is filled by its entry in `fields`, or by a column of the same name. Keys must be there; a field that is not mapped is",
        "missing everywhere. Every field may use `from`, `const`, `map`, `pattern` and `missing` ([mapping.md](mapping.md)).",
    ]]  # fmt: skip
    for name in IntakeTable:
        rows = []
        described = _descriptions(name)
        for field, of in FIELDS[name].items():
            more = ", ".join(code(o) for o in sorted(OPTIONS[of.kind] - {"from", "from_", "const", "map", "pattern", "missing"}))
            needed = "key" if field in REQUIRED[name] else ""
            rows.append((code(field), needed, str(of.kind), more, described.get(of.column or field, described.get(f"{field}_utc", ""))))
        blocks += [[f"## {name}"], table(["field", "", "kind", "options", "meaning"], rows)]
    blocks += [["## Words known without a map"], table(["list", "text as sent", "value"], _words())]
    return page("Intake tables", *blocks)


def _descriptions(name: str) -> dict[str, str]:
    """Field -> its meaning in the contract; the two shapes of an assessment share their fields."""
    out: dict[str, str] = {}
    for part in ("item", "form") if name == IntakeTable.ASSESSMENT else (name,):
        columns = CONTRACTS[part].contract.to_schema().columns
        out |= {field: column.description or "" for field, column in columns.items()}
    return out


def _words() -> list[tuple[str, str, str]]:
    """Words of the code lists, by list and value, and the units of each quantity."""
    lists = read()
    named = {"sex": lists.sex, **lists.codes, **{f"unit of {q}": {t: u.name for t, u in of.items()} for q, of in lists.units.items()}}
    out: list[tuple[str, str, str]] = []
    for name, words in sorted(named.items()):
        by_value: dict[str, list[str]] = {}
        for text, value in words.items():
            by_value.setdefault(value, []).append(text)
        out += [(name, ", ".join(texts), value) for value, texts in by_value.items()]
    return out
