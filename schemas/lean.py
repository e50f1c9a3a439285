"""Pandera, imported without pandas and hypothesis.

What belongs here: one import. What does not: contracts (schemas/intake, schemas/analysis).

Pandera imports both wherever they are installed, for frames that no contract here is of: 0.35 s and 80 MB in each process. Where only what
this project needs is installed, they are not there; they are hidden so that every machine does the same.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

__all__ = ["pandera"]

_HIDDEN = frozenset({"pandas", "hypothesis"})


class _Hiding(MetaPathFinder):
    """Says of the hidden packages what Python says of those that are not installed."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if fullname in _HIDDEN:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


_hiding = _Hiding()
sys.meta_path.insert(0, _hiding)
try:
    import pandera.backends.polars.builtin_checks  # what a first validation would import
    import pandera.errors
    import pandera.polars
finally:
    sys.meta_path.remove(_hiding)
