"""Contract of aditem: one row per rated item.

Its key is not checked row by row: an item stands once in an administration by construction, and the administrations' key is
that of adqs.
"""

from __future__ import annotations

from schemas.analysis.base import contract

CONTRACT = contract("aditem", unique=False)
