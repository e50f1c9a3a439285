"""Packages that a process is better off without.

What belongs here: saying of an installed package that it is not there. What does not: who has no use for which (lean.py,
flows/__main__.py).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Self


class Hiding(MetaPathFinder):
    """Says of the hidden packages what Python says of those that are not installed; from `begin` on, or within `with`."""

    def __init__(self, *names: str) -> None:
        self._names = frozenset(names)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Raise for a hidden package; the other finders look for all others."""
        if fullname in self._names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)

    def begin(self) -> None:
        """Hide them."""
        sys.meta_path.insert(0, self)

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *ended: object) -> None:
        sys.meta_path.remove(self)
