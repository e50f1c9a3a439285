"""Literals of a spec test's syntax tree as the cells of a table.

What belongs here: one expression to text. What does not: which expressions are looked at (worked.py).
"""

from __future__ import annotations

import ast
import datetime as dt
import operator
import re
from collections.abc import Callable

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


def text_of(node: ast.expr | None) -> str:
    """The text of a literal; a formatted text keeps its {places}; anything else is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (str(v.value) if isinstance(v, ast.Constant) else f"{{{ast.unparse(v.value)}}}" for v in node.values)  # type: ignore[attr-defined]
        return "".join(parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = text_of(node.left), text_of(node.right)
        return left + right if left and right else ""
    return ""


def texts_of(node: ast.expr) -> tuple[str, ...]:
    """A tuple or list of texts, else nothing."""
    if isinstance(node, ast.Tuple | ast.List) and node.elts:
        texts = tuple(text_of(e) for e in node.elts)
        return texts if all(texts) else ()
    return ()


def case_row(node: ast.expr, width: int) -> tuple[str, ...]:
    """One case of a parametrization as cells."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("param"):
        return tuple(shown(a) for a in node.args)
    if isinstance(node, ast.Tuple | ast.List) and (width > 1 or isinstance(node, ast.Tuple)):
        return tuple(shown(e) for e in node.elts)
    return (shown(node),)


def literal_rows(node: ast.expr) -> list[tuple[str, ...]]:
    """A tuple as one row, a list of tuples as rows."""
    if isinstance(node, ast.Tuple) and node.elts and not any(isinstance(e, ast.Tuple | ast.Starred) for e in node.elts):
        return [tuple(shown(e) for e in node.elts)]
    if isinstance(node, ast.List) and node.elts and all(isinstance(e, ast.Tuple) for e in node.elts):
        return [tuple(shown(e) for e in row.elts) for row in node.elts if isinstance(row, ast.Tuple)]
    return []


def shown(node: ast.expr) -> str:
    """A value as a cell: texts bare, None empty, a test's own name in braces, the rest as code."""
    if isinstance(node, ast.Constant):
        return "" if node.value is None else ("''" if node.value == "" else str(node.value))
    if isinstance(node, ast.Name):
        return f"{{{node.id}}}"
    if isinstance(node, ast.JoinedStr):
        return text_of(node)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("approx") and node.args:
        return shown(node.args[0])
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "dt.date" and all(isinstance(a, ast.Constant) for a in node.args):
        return str(dt.date(*(ast.literal_eval(a) for a in node.args)))
    if isinstance(node, ast.List) and all(isinstance(e, ast.Constant) for e in node.elts):
        return ", ".join(shown(e) for e in node.elts) or "none"
    if isinstance(node, ast.BinOp | ast.UnaryOp) and (number := _number(node)) is not None:
        return f"{number:.10g}"
    return ast.unparse(node)


def _number(node: ast.expr) -> float | None:
    """What a sum written out in numbers comes to; None where anything else stands in it."""
    if isinstance(node, ast.Constant):
        return float(node.value) if isinstance(node.value, int | float) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        of = _number(node.operand)
        return None if of is None else -of
    if not isinstance(node, ast.BinOp) or type(node.op) not in _OPERATORS:
        return None
    left, right = _number(node.left), _number(node.right)
    return None if left is None or right is None else _OPERATORS[type(node.op)](left, right)


def readable(node: ast.expr) -> str:
    """An expression without the fixture that every call carries."""
    return re.sub(r"\b(run_models|bench|ModelBench\(\)), ", "", ast.unparse(node)).replace("run_models.", "")
