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
    traps = [(", ".join(map(code, of)) or "all", trap, code(file)) for file, of in _TESTS.items() for trap in sentences("unit", file)]
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
    tree = ast.parse((PROJECT / "tests" / folder / file).read_text(encoding="utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return [name.removeprefix("test_").replace("_", " ") for name in names]
