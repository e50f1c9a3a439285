"""YAML with line numbers, read strictly: version 1.2 scalars, no duplicate keys, no aliases.

What belongs here: text -> plain values, and from a value's path back to its line. What does not: what the values mean.

PyYAML's C parser is used with a resolver of its own, because YAML 1.1 reads `no` as false, `08:30` as a number and `012` as
ten, and each of them occurs in value maps of sites.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_BYTES = 2_000_000
MAX_DEPTH = 50


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


@dataclass(frozen=True)
class YamlFile:
    """One file's values, and the line of each path to them."""

    path: Path
    data: Any
    lines: dict[tuple[str | int, ...], int]

    @classmethod
    def read(cls, path: Path, errors: list[str]) -> YamlFile | None:
        """Parse a file; what is wrong goes to `errors` with its line, and None comes back."""
        name = _short(path)
        if path.stat().st_size > MAX_BYTES:
            errors.append(f"{name}: larger than {MAX_BYTES} bytes; configuration is small")
            return None
        try:
            text = path.read_text(encoding="utf-8-sig")
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
        return None if len(errors) > before else cls(path, data, lines)

    def where(self, *path: str | int) -> str:
        """`file line n` of the nearest known part of a path."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return f"{_short(self.path)} line {self.lines[path[:end]]}"
        return f"{_short(self.path)} line 1"

    def explain(self, error: ValidationError) -> list[str]:
        """One sentence a problem: file, line, key, what is wrong and what is allowed."""
        out = []
        for item in error.errors(include_url=False, include_context=True, include_input=False):
            loc = tuple(p for p in item["loc"] if isinstance(p, str | int) and not str(p).startswith("function-"))
            key = ".".join(str(p) for p in loc)
            message = item["msg"].removeprefix("Value error, ")
            if item["type"] == "extra_forbidden":
                message = f"unknown key; allowed: {_allowed(error.title, loc[:-1])}".removesuffix("; allowed: ")
            out.append(f"{self.where(*loc)}: {key or error.title}: {message}")
        return out


def problems(body: YamlFile, model: type[BaseModel]) -> list[str]:
    """What keeps a file from being a model; empty when nothing does."""
    try:
        model.model_validate(body.data)
    except ValidationError as error:
        return body.explain(error)
    return []


def _allowed(title: str, path: tuple[str | int, ...]) -> str:
    """Keys allowed at a path of a model, for the sentence about an unknown one."""
    from schemas import evidence, instrument, site, trial  # the models that files are read into

    model: Any = next((getattr(m, title) for m in (trial, site, instrument, evidence) if hasattr(m, title)), None)
    for part in path:
        if model is None:
            return ""
        if isinstance(part, int):
            continue
        fields = {f.alias or n: f for n, f in model.model_fields.items()}
        if part in fields:
            model = _inner_model(fields[part].annotation)
    return "" if model is None else ", ".join(sorted(f.alias or n for n, f in model.model_fields.items()))


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
