"""Worked examples: the text tables of tests/spec with the answers the tests hold, read from the source and not run.

What belongs here: finding tables, cases and expected rows in a spec test. What does not: how a page shows them (worked_pages.py).

A spec file says with `WORKED = "Timing"` on which page its tests stand. Of each test function are collected: its name as a
sentence, the text tables it gives (`a | b` lines under a line of column names), its parametrized cases, and the rows each
`assert ... == literal` expects. What is in no such shape is shown as the line of code it is, so that nothing is left out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flows.docs.literals import case_row, literal_rows, readable, text_of, texts_of
from flows.docs.markdown import sentence

PROJECT = Path(__file__).resolve().parents[2]
SPEC = PROJECT / "tests" / "spec"

_NAME = re.compile(r"^[A-Za-z_]\w*(::\w+(\[\])?)?$")

Function = ast.FunctionDef | ast.AsyncFunctionDef
@dataclass(frozen=True)
class TextTable:
    """A small table: what it is called, its columns, its rows of texts."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Expected:
    """What a test expects: the expression looked at, and the rows it must give (or nothing, when the code says it all)."""

    code: str
    table: TextTable | None


@dataclass(frozen=True)
class Example:
    """One spec test.

    `lent`: tables of its file that it may use; `cases`: one table a parametrization; `setup`: calls that change the trial;
    `named`: every text in it.
    """

    file: str
    line: int
    name: str
    doc: str
    given: tuple[TextTable, ...]
    lent: tuple[TextTable, ...]
    setup: tuple[str, ...]
    cases: tuple[TextTable, ...]
    expected: tuple[Expected, ...]
    named: frozenset[str]
    source: str

    @property
    def sentence(self) -> str:
        """The test's name in words."""
        return sentence(self.name)

    @property
    def has_table(self) -> bool:
        """Whether it shows data, and not code alone."""
        return bool(self.given or self.cases or (self.lent and any(e.table for e in self.expected)))


@dataclass(frozen=True)
class SpecFile:
    """One file of tests/spec: its page (empty: on none), its docstring, the tables its tests share, its examples."""

    file: str
    page: str
    doc: str
    shared: tuple[TextTable, ...]
    examples: tuple[Example, ...]


@cache
def spec_files(folder: Path = SPEC) -> tuple[SpecFile, ...]:
    """Every test file of a folder, by name; none when the checkout has no tests."""
    return tuple(_SpecReader(path).read() for path in sorted(folder.glob("test_*.py")))


def all_files() -> tuple[SpecFile, ...]:
    """The spec tests, then the others that show behaviour on small data: tests of one function, and of whole releases."""
    others = (*spec_files(SPEC.parent / "unit"), *spec_files(SPEC.parent / "golden"))
    return (*spec_files(), *(f for f in others if Path(f.file).stem not in ("test_docs", "test_explain_rule")))


def parse_table(name: str, text: str) -> TextTable | None:
    """A text as a table, or None: a first line of column names, then lines with as many cells."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    cells = [tuple(part.strip() for part in line.split("|")) for line in lines]
    if len(cells) < 2 or not all(_NAME.match(c) for c in cells[0]) or any(len(c) != len(cells[0]) for c in cells):
        return None
    return TextTable(name, tuple(c.split("::")[0] for c in cells[0]), tuple(cells[1:]))


class _SpecReader:
    """Reads one spec file; module-level constants and helpers are looked up by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.split("\n")
        self.tree = ast.parse(self.text)
        self.constants: dict[str, ast.expr] = {}
        self.helpers: dict[str, Function] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.constants[node.targets[0].id] = node.value
            elif isinstance(node, Function):
                self.helpers[node.name] = node

    def read(self) -> SpecFile:
        page = text_of(self.constants.get("WORKED"))
        shared = [t for name, node in self.constants.items() if (t := parse_table(name, text_of(node)))]
        shared += [t for t in _course_tables() if self._imports("tests.spec.course") and t.name not in self.constants]
        shared += [t for t in _form_tables() if self._imports("tests.spec.instrument_bench")]
        tests = [node for node in self.tree.body if isinstance(node, Function) and node.name.startswith("test_")]
        file = f"tests/{self.path.parent.name}/{self.path.name}"
        doc = ast.get_docstring(self.tree) or ""
        return SpecFile(file, page, doc, tuple(shared), tuple(self._example(file, t, shared) for t in tests))

    def _imports(self, module: str) -> bool:
        return any(isinstance(n, ast.ImportFrom) and n.module == module for n in self.tree.body)

    def _example(self, file: str, test: Function, shared: list[TextTable]) -> Example:
        local = self._locals(test)
        given = tuple(self._given(test))
        own = {t.name for t in given}
        lent = tuple(t for t in shared if t.name.lower() not in own)
        asserts = [n for n in ast.walk(test) if isinstance(n, ast.Assert)]
        setup = [
            readable(n.value) for n in test.body
            if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)
            and isinstance(n.value.func, ast.Attribute) and n.value.func.attr == "trial"
        ]  # fmt: skip
        named = {n.value for n in ast.walk(test) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        return Example(
            file, test.lineno, test.name, ast.get_docstring(test) or "", given, lent, tuple(setup),
            tuple(self._cases(test)), tuple(self._expected(a, local) for a in asserts), frozenset(named),
            self._source(test),
        )  # fmt: skip

    def _source(self, test: Function) -> str:
        """The test's own text, without its decorators. (ast.get_source_segment splits the whole file for each test.)"""
        lines = self.lines[test.lineno - 1 : test.end_lineno]
        return "\n".join([*lines[:-1], lines[-1].encode()[: test.end_col_offset].decode()])

    def _locals(self, test: Function) -> dict[str, ast.expr]:
        """Names assigned exactly once in a test."""
        found: dict[str, list[ast.expr]] = {}
        for node in ast.walk(test):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                found.setdefault(node.targets[0].id, []).append(node.value)
        return {name: values[0] for name, values in found.items() if len(values) == 1}

    def _given(self, test: Function) -> Iterator[TextTable]:
        """Text tables in a test's body, named by what they are assigned to or given as."""
        seen: set[int] = set()
        for node in ast.walk(test):
            named: list[tuple[str, ast.expr]] = []
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                named = [(node.targets[0].id, node.value)]
            elif isinstance(node, ast.Call):
                before = text_of(node.args[0]) if node.args else ""
                named = [(before if _looks_like_table_name(before) else "", a) for a in node.args]
                named += [(k.arg or "", k.value) for k in node.keywords]
            for name, value in named:
                if id(value) not in seen and (found := parse_table(name, text_of(value))):
                    seen.add(id(value))
                    yield found

    def _templates(self, test: Function) -> dict[str, tuple[str, ...]]:
        """Names that stand for the end of a text table's only row (`S1 | {row}`) -> the columns they fill."""
        found: dict[str, tuple[str, ...]] = {}
        for node in ast.walk(test):
            lines = [line.split("|") for line in text_of(node).strip().splitlines()] if isinstance(node, ast.JoinedStr) else []
            if len(lines) == 2 and len(lines[1]) < len(lines[0]) and (end := re.match(r"^\s*\{(\w+)\}$", lines[1][-1])):
                found[end[1]] = tuple(c.strip().split("::")[0] for c in lines[0][len(lines[1]) - 1 :])
        return found

    def _cases(self, test: Function) -> Iterator[TextTable]:
        """The cases of each parametrization whose values are written out."""
        for call in test.decorator_list:
            if not (isinstance(call, ast.Call) and ast.unparse(call.func).endswith("parametrize") and len(call.args) >= 2):
                continue
            columns = texts_of(call.args[0]) or tuple(n.strip() for n in text_of(call.args[0]).split(","))
            values = call.args[1]
            if isinstance(values, ast.Name):
                values = self.constants.get(values.id, values)
            if isinstance(values, ast.List | ast.Tuple):
                rows = [case_row(v, len(columns)) for v in values.elts]
                if all(len(r) == len(columns) for r in rows):
                    yield _spread(TextTable("", columns, tuple(rows)), self._templates(test))

    def _expected(self, node: ast.Assert, local: dict[str, ast.expr]) -> Expected:
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
            left, right = test.left, test.comparators[0]
            left = local.get(left.id, left) if isinstance(left, ast.Name) else left
            rows = literal_rows(right)
            columns = self._columns(left, local, len(rows[0])) if rows else ()
            if rows and columns and all(len(r) == len(columns) for r in rows):
                return Expected(readable(left), TextTable("", columns, tuple(rows)))
        return Expected(readable(test), None)

    def _columns(self, call: ast.expr, local: dict[str, ast.expr], wanted: int) -> tuple[str, ...]:
        """The columns a call asks for: its last texts, or those its helper asks for."""
        while isinstance(call, ast.Subscript):
            call = call.value
        if not isinstance(call, ast.Call):
            return ()
        texts: list[str] = []
        for arg in call.args:
            value = arg.value if isinstance(arg, ast.Starred) else arg
            value = value.values[-1] if isinstance(value, ast.BoolOp) else value
            if isinstance(value, ast.Name):
                value = local.get(value.id, self.constants.get(value.id, value))
            texts += texts_of(value) or ([text_of(value)] if isinstance(value, ast.Constant) and text_of(value) else [])
        names = [t for t in texts if _NAME.match(t)]
        if len(names) >= wanted and (texts[-wanted:] == names[-wanted:]):
            return tuple(names[-wanted:])
        if isinstance(call.func, ast.Name) and call.func.id in self.helpers:
            returned = [n.value for n in ast.walk(self.helpers[call.func.id]) if isinstance(n, ast.Return) and n.value is not None]
            if len(returned) == 1 and ast.unparse(returned[0]) != ast.unparse(call):
                return self._columns(returned[0], {}, wanted)
        return ()


@cache
def _course_tables() -> tuple[TextTable, ...]:
    """The tables tests/spec/course.py lends to tests that give none of their own."""
    path = SPEC / "course.py"
    if not path.is_file():
        return ()
    assigned = [n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.Assign)]
    named = [(n.targets[0].id, n.value) for n in assigned if isinstance(n.targets[0], ast.Name)]
    return tuple(t for name, value in named if (t := parse_table(name, text_of(value))))


def _form_tables() -> Iterator[TextTable]:
    """The golden forms of tests/spec/instruments, one table an instrument."""
    for path in sorted((SPEC / "instruments").glob("*.txt")):
        text = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
        if (found := parse_table(path.stem, text)) is not None:
            yield found


def _spread(cases: TextTable, templates: dict[str, tuple[str, ...]]) -> TextTable:
    """Cases whose cell is the end of a table's row, with a column for each of its cells."""
    for name, columns in templates.items():
        at = cases.columns.index(name) if name in cases.columns else None
        if at is not None and all(row[at].count("|") == len(columns) - 1 for row in cases.rows):
            rows = tuple((*row[:at], *(c.strip() for c in row[at].split("|")), *row[at + 1 :]) for row in cases.rows)
            cases = TextTable(cases.name, (*cases.columns[:at], *columns, *cases.columns[at + 1 :]), rows)
    return cases


def _looks_like_table_name(text: str) -> bool:
    return bool(re.match(r"^[a-z]+\.[a-z_]+$", text))
