"""The export styles: one file a style, found by folder; each module holds one class with a name.

What belongs here: finding them. What does not: what they share (base.py).
"""

from __future__ import annotations

import importlib
import pkgutil

from tests.truth.styles.base import Style

NAMES = ("NAMES", "Style", "all_styles")


def all_styles() -> list[Style]:
    """One of each style, in order of module name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return [cls() for cls in sorted(_leaves(Style), key=lambda c: c.__module__) if cls.name]


def _leaves(cls: type[Style]) -> list[type[Style]]:
    found = []
    for sub in cls.__subclasses__():
        found += [sub, *_leaves(sub)]
    return found
