"""YAML with line numbers, read strictly: version 1.2 scalars, no duplicate keys, no aliases.

What belongs here: text -> plain values, and from a value's path back to its line. What does not: what the values mean.

PyYAML's C parser is used with a resolver of its own, because YAML 1.1 reads `no` as false, `08:30` as a number and `012` as
ten, and each of them occurs in value maps of sites.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_BYTES = 2_000_000
MAX_DEPTH = 50
#: What a draft writes where a person must decide; a comment `# DECIDE: ...` on the same line says between what.
DECIDE = "DECIDE"
#: More allowed keys than this are not listed.
_MANY = 40
_TELLS = re.compile(r"#\s*DECIDE\b:?\s*(.*)$")


class _Loader(_Base):  # type: ignore[misc]
    """YAML 1.2 core schema: true/false, null, decimal numbers; everything else is text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _regex, _first in (
    ("bool", r"^(?:true|false|True|False|TRUE|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)\.[0-9]*)(?:[eE][-+]?[0-9]+)?$", "-+0123456789."),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_regex), list(_first))


def content_of(path: Path, errors: list[str]) -> bytes | None:
    """A file's bytes; one too large goes to `errors`, and None comes back."""
    if path.stat().st_size > MAX_BYTES:
        errors.append(f"{_short(path)}: larger than {MAX_BYTES} bytes; configuration is small")
        return None
    return path.read_bytes()


@dataclass(frozen=True)
class YamlFile:
    """One file's values, the line of each path to them, and what the file says beside lines that a person must decide."""

    path: Path
    data: Any
    lines: dict[tuple[str | int, ...], int]
    asks: dict[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, errors: list[str]) -> YamlFile | None:
        """Parse a file; what is wrong goes to `errors` with its line, and None comes back."""
        content = content_of(path, errors)
        return None if content is None else cls.parse(path, content, errors)

    @classmethod
    def parse(cls, path: Path, content: bytes, errors: list[str]) -> YamlFile | None:
        """The same of a file that has been read."""
        name = _short(path)
        try:
            text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig").read()
            depth = 0
            for event in yaml.parse(text, Loader=_Loader):
                depth += isinstance(event, yaml.CollectionStartEvent)
                depth -= isinstance(event, yaml.CollectionEndEvent)
                if depth > MAX_DEPTH:
                    line = event.start_mark.line + 1 if event.start_mark else 1
                    errors.append(f"{name} line {line}: nested more than {MAX_DEPTH} deep; configuration is flat")
                    return None
                if isinstance(event, yaml.AliasEvent):
                    line = event.start_mark.line + 1 if event.start_mark else 1
                    errors.append(f"{name} line {line}: aliases (*name) are not allowed; use a profile")
                    return None
            node = yaml.compose(text, Loader=_Loader)
        except UnicodeDecodeError:
            errors.append(f"{name}: is not UTF-8 text")
            return None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            errors.append(f"{name} line {line}: not YAML: {error.problem}")
            return None
        except yaml.YAMLError:
            errors.append(f"{name}: holds characters that YAML does not allow")
            return None
        lines: dict[tuple[str | int, ...], int] = {}
        before = len(errors)
        data = _plain(node, (), lines, errors, name)
        if not isinstance(data, dict):
            errors.append(f"{name} line 1: must be a mapping of keys")
        asks = {n: m[1].strip() for n, line in enumerate(text.splitlines(), start=1) if (m := _TELLS.search(line))}
        return None if len(errors) > before else cls(path, data, lines, asks)

    def where(self, *path: str | int) -> str:
        """`file line n` of the nearest known part of a path."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return f"{_short(self.path)} line {self.lines[path[:end]]}"
        return f"{_short(self.path)} line 1"

    def undecided(self) -> list[str]:
        """One sentence a line that a draft left open: file, line, key, and what to write."""
        return [self._asked(path) for path in _open_paths(self.data, ())]

    def _asked(self, path: tuple[str | int, ...]) -> str:
        told = self.asks.get(self.lines.get(path, 0)) or f"a value in the place of {DECIDE}, or take the line out"
        return f"{self.where(*path)}: {'.'.join(map(str, path))} is undecided; write {told}"

    def explain(self, error: ValidationError) -> list[str]:
        """One sentence a problem: file, line, key, what is wrong and what is allowed. Of what is undecided nothing is said."""
        out = []
        left = [*_open_paths(self.data, ())]
        for item in error.errors(include_url=False, include_context=True, include_input=False):
            loc = tuple(p for p in item["loc"] if isinstance(p, str | int) and not str(p).startswith("function-"))
            loc, model = _followed(error.title, loc)
            if any(_same(loc, path) for path in left) or (item["type"] == "too_short" and any(path[: len(loc)] == loc for path in left)):
                continue  # a list whose entries are all undecided counts as empty
            key = ".".join(str(p) for p in loc)
            message = item["msg"].removeprefix("Value error, ")
            if item["type"] == "extra_forbidden":
                message = _unknown(str(loc[-1]) if loc else "", model)
            out.append(f"{self.where(*loc)}: {key or error.title}: {message}")
        return out


def value_of(text: str) -> Any:
    """One value as a file would hold it: `kg`, `[a, b]`, `{1: M}`. Raises ValueError for what is no YAML."""
    errors: list[str] = []
    try:
        found = _plain(yaml.compose(text, Loader=_Loader), (), {}, errors, "")
    except yaml.YAMLError:
        raise ValueError("it is no YAML") from None
    if errors:
        raise ValueError(errors[0])
    return found


def problems(body: YamlFile, model: type[BaseModel]) -> list[str]:
    """What keeps a file from being a model; empty when nothing does."""
    try:
        model.model_validate(body.data)
    except ValidationError as error:
        return body.undecided() + body.explain(error)
    return body.undecided()


def _open_paths(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Paths of values and keys that say DECIDE."""
    if value == DECIDE:
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from [(*path, key)] if key == DECIDE else _open_paths(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _open_paths(inner, (*path, number))


def _same(loc: tuple[str | int, ...], path: tuple[str | int, ...]) -> bool:
    """Whether a validator's place is an undecided path or lies below it. The validator numbers the only entry of a table, too."""
    (words, numbers), (of_path, at) = ([[p for p in of if isinstance(p, kind)] for kind in (str, int)] for of in (loc, path))
    return words[: len(of_path)] == of_path and numbers[: len(at)] == at


def _followed(title: str, path: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], Any]:
    """A path as it stands in the file (pydantic puts the kind of a union into it), and the model that holds its last key."""
    from schemas import alerts, evidence, instrument, site, trial  # the models that files are read into

    model: Any = next((getattr(m, title) for m in (trial, site, instrument, evidence, alerts) if hasattr(m, title)), None)
    holder: Any = model
    kinds: dict[Any, Any] = {}
    out: list[str | int] = []
    for part in path:
        if part in kinds:
            model, kinds = kinds[part], {}
            continue
        out.append(part)
        holder = model
        if model is None or isinstance(part, int):
            continue
        fields = {f.alias or n: f for n, f in model.model_fields.items()}
        if part in fields:
            kinds = _kinds(fields[part])
            model = None if kinds else _inner_model(fields[part].annotation)
    return tuple(out), holder


def _kinds(field: FieldInfo) -> dict[Any, Any]:
    """Kind -> model of a field that may be several."""
    models = [m for m in get_args(field.annotation) if hasattr(m, "model_fields")] if field.discriminator else []
    return {get_args(m.model_fields[str(field.discriminator)].annotation)[0]: m for m in models}


def _unknown(key: str, model: Any) -> str:
    """The sentence about an unknown key: which there are, or of very many those like it."""
    known = [] if model is None else sorted(f.alias or n for n, f in model.model_fields.items())
    if len(known) <= _MANY:
        return f"unknown key; allowed: {', '.join(known)}".removesuffix("; allowed: ")
    near = get_close_matches(key, known, n=3)
    return f"unknown key, none of {len(known)}" + (f"; near: {', '.join(near)}" if near else "")


def _inner_model(annotation: Any) -> Any:
    """The pydantic model inside a type such as tuple[Visit, ...] or dict[str, FieldSpec]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inner_model(arg) for arg in getattr(annotation, "__args__", ()))
    return next((m for m in found if m is not None), None)


def _plain(node: Any, path: tuple[str | int, ...], lines: dict[Any, int], errors: list[str], name: str) -> Any:
    """A node as plain values; records the line of every path."""
    if node is None:
        return None
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                errors.append(f"{name} line {key_node.start_mark.line + 1}: a key must be a plain word")
                continue
            key = str(key_node.value)
            if key in out:
                errors.append(f"{name} line {key_node.start_mark.line + 1}: key {key!r} is given twice")
            lines[(*path, key)] = key_node.start_mark.line + 1
            out[key] = _plain(value_node, (*path, key), lines, errors, name)
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, i), lines, errors, name) for i, child in enumerate(node.value)]
    return _scalar(node, errors, name)


def _scalar(node: Any, errors: list[str], name: str) -> Any:
    kind = node.tag.rpartition(":")[2]
    if kind == "bool":
        return node.value.lower() == "true"
    if kind == "null":
        return None
    if kind == "int":
        return int(node.value)
    if kind == "float":
        return float(node.value)
    if kind != "str":
        errors.append(f"{name} line {node.start_mark.line + 1}: tag {node.tag} is not allowed")
    return node.value


def _short(path: Path) -> str:
    """The file as a person knows it: its folder and name."""
    return f"{path.parent.name}/{path.name}"
