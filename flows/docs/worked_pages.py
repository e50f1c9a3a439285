"""Worked examples as Markdown: one page a topic, collected from the spec files that name it.

What belongs here: how an example looks. What does not: finding it (worked.py).
"""

from __future__ import annotations

from flows.docs.markdown import cell, fenced, page, table
from flows.docs.worked import Example, SpecFile, TextTable, spec_files


def pages() -> dict[str, str]:
    """File name below docs/ -> text, one page for each topic that a spec file's WORKED names."""
    topics: dict[str, list[SpecFile]] = {}
    for spec in spec_files():
        if spec.page:
            topics.setdefault(spec.page, []).append(spec)
    return {f"worked/{slug(topic)}.md": _page(topic, found) for topic, found in sorted(topics.items())}


def slug(text: str) -> str:
    """A topic as a file name."""
    return text.lower().replace(" ", "_")


def _page(topic: str, specs: list[SpecFile]) -> str:
    blocks: list[list[str]] = [[
        "Each heading is a behaviour, each table under it the data that show it, and each answer is checked by the test suite.",
        "An empty cell is missing. `{name}` stands for the column of that name in the table of cases. Clock times are the site's",
        "own unless the column ends in `_utc`.",
    ]]  # fmt: skip
    for spec in specs:
        blocks += [[f"## {cell(spec.doc.splitlines()[0])}"], [f"From `{spec.file}`."]]
        if spec.shared:
            blocks.append(["Where a test gives no table of its own, it uses these:"])
            blocks += [named_table(t) for t in spec.shared]
        for example in spec.examples:
            blocks += [[f"### {example.sentence}"], *example_blocks(example)]
    return page(f"Worked examples: {topic.lower()}", *blocks)


def example_blocks(example: Example, only: str = "") -> list[list[str]]:
    """One example: what is given, the cases, what must come out. `only`: of the cases those that name this text, where any do."""
    if not example.has_table:
        return [[example.doc] if example.doc else [], fenced(example.source, "python")]
    blocks = [[example.doc] if example.doc else [], *([f"The trial is changed: `{s}`"] for s in example.setup)]
    blocks += [named_table(t) for t in example.given]
    for cases in example.cases:
        naming = tuple(r for r in cases.rows if any(only and only in c.split(", ") for c in r))
        blocks += [["Cases:"], table(cases.columns, naming or cases.rows)]
    for expected in example.expected:
        if expected.table is None:
            blocks.append([f"Holds: `{expected.code}`"])
        else:
            blocks += [[f"`{expected.code}` gives:"], table(expected.table.columns, expected.table.rows)]
    return blocks


def named_table(given: TextTable) -> list[str]:
    """A table under its name."""
    body = table(given.columns, given.rows)
    return [f"Given `{given.name}`:", "", *body] if given.name else body
