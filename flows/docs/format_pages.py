"""The page of formats: which files can be read, what is decided in each, and which trap is tested where.

What belongs here: reading the readers' docstrings and the names of their tests. What does not: the mapping language (mapping_pages.py).
"""

from __future__ import annotations

import ast
import re
from importlib import import_module

from flows.docs.markdown import code, page, table
from flows.docs.worked import PROJECT
from flows.readers.formats import FORMATS

#: Tests of the readers -> the formats they are about; none: all.
_TESTS = {
    "test_readers_delimited.py": ("delimited",),
    "test_readers_surveys.py": ("redcap", "qualtrics", "nda", "castor", "openclinica"),
    "test_redcap_hidden.py": ("redcap",),
    "test_readers_xlsx.py": ("xlsx",),
    "test_readers_workbooks.py": ("xls", "xlsb", "ods"),
    "test_readers_stat.py": ("sav", "dta", "sas7bdat"),
    "test_readers_columnar.py": ("xpt", "parquet"),
    "test_readers_odm.py": ("odm",),
    "test_readers_json.py": ("json", "dataset_json"),
    "test_readers_archive.py": ("zip", "gzip"),
    "test_readers_broken.py": (),
}


def formats() -> str:
    """`formats.md`: every format, its decisions, and a table of traps and tests."""
    rows = []
    for name, made in FORMATS.items():
        told = "declared" if made.dialect else " ".join(code(e) for e in made.endings)
        if name in ("qualtrics", "nda"):
            told = "declared, or told by its first rows"
        rows.append((code(name), made.called, told, "as dates" if made.typed else "as text"))
    traps = [
        (", ".join(map(code, _about(test, of))) or "all", _sentence(test), code(file)) for file, of in _TESTS.items()
        for test in _tests("unit", file)
    ]  # fmt: skip
    return page(
        "Formats",
        ["A file's format is found by the ending of its name, or declared as `format`; its content must fit, else it is told what it is.",
         "Every reader gives text cells, the row each came from, and the rows that could not be cut into cells. A file that stores dates",
         "as dates is read whatever date format a mapping declares; other text is read by the declared formats alone."],
        table(["format", "is", "known by", "dates are stored"], rows),
        ["## What is decided in each"],
        *[[f"**{code(name)}** {decided('flows.readers.' + (made.module or name))}"] for name, made in FORMATS.items()],
        ["## Traps, and the test of each"],
        table(["format", "what holds", "tested in `tests/unit/`"], traps),
    )  # fmt: skip


def decided(module: str) -> str:
    """A module's docstring without the paragraph that says what belongs there."""
    paragraphs = re.split(r"\n\s*\n", (import_module(module).__doc__ or "").strip())
    return " ".join(" ".join(p.split()) for p in paragraphs if not p.lstrip().startswith("What belongs here"))


def sentences(folder: str, file: str) -> list[str]:
    """What the tests of a file say holds, by their names."""
    return [_sentence(test) for test in _tests(folder, file)]


def _tests(folder: str, file: str) -> list[ast.FunctionDef]:
    tree = ast.parse((PROJECT / "tests" / folder / file).read_text(encoding="utf-8"))
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def _sentence(test: ast.FunctionDef) -> str:
    return test.name.removeprefix("test_").replace("_", " ")


def _about(test: ast.FunctionDef, formats: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a file's formats that a test names, by its own name, in what it calls, or as the ending of a file; else all of them."""
    nodes = [*ast.walk(test)]
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    names = {w for n in nodes if isinstance(n, ast.Name) for w in n.id.split("_")} | set(test.name.split("_"))

    def is_named(name: str) -> bool:
        endings = () if FORMATS[name].dialect else FORMATS[name].endings
        ends = any(re.search(re.escape(e) + r"(?![a-z0-9])", t) for e in endings for t in texts)
        return ends or name in texts or name.partition("_")[0] in names

    return tuple(name for name in formats if is_named(name)) or formats
