"""Questions about many records: which findings each stands for, and what they were about when it was asked.

What belongs here: keeping and reading them. What does not: which findings are one question (queries.py), its answer (answer_file.py).

    data/query_groups.jsonl    append-only, one line a question, for its owner only; ids of findings and hashes, no text
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

NAME = "query_groups.jsonl"


@dataclass(frozen=True)
class Group:
    """What a question about many records stands for. `values`: finding -> hash of the text and rows it was asked about."""

    findings: list[str]
    values: dict[str, str]


def known(data: Path) -> dict[str, Group]:
    """Question about many records -> what it stands for."""
    path = data / NAME
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else []
    return {told["query"]: Group(told["findings"], told.get("values", {})) for told in map(json.loads, lines)}


def keep(data: Path, made: Mapping[str, Group]) -> None:
    """Write down questions that are new."""
    there = known(data)
    fresh = {query: group for query, group in made.items() if query not in there}
    if fresh:
        handle = os.open(data / NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.writelines(_line(query, group) for query, group in fresh.items())


def without(data: Path, findings: Iterable[str]) -> str | None:
    """The file without these findings; None where it holds none of them."""
    gone, there = set(findings), known(data)
    if not any(gone.intersection(g.findings) for g in there.values()):
        return None
    return "".join(
        _line(query, Group([f for f in g.findings if f not in gone], {f: v for f, v in g.values.items() if f not in gone}))
        for query, g in there.items()
    )


def _line(query: str, group: Group) -> str:
    return json.dumps({"query": query, "findings": group.findings, "values": group.values}) + "\n"
