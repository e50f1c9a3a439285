"""Contract of adtrt: one row per randomized participant; restricted."""

from __future__ import annotations

from schemas.analysis.base import contract

CONTRACT = contract("adtrt")
