"""Pandera, imported without pandas and hypothesis.

What belongs here: one import. What does not: contracts (schemas/intake, schemas/analysis).

Pandera imports both wherever they are installed, for frames that no contract here is of: 0.35 s and 80 MB in each process. Where only what
this project needs is installed, they are not there; they are hidden so that every machine does the same.
"""

from __future__ import annotations

from schemas.hiding import Hiding

__all__ = ["pandera"]

with Hiding("pandas", "hypothesis"):
    import pandera.backends.polars.builtin_checks  # what a first validation would import
    import pandera.errors
    import pandera.polars
