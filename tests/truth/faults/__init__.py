"""The kinds of faults: one function each, registered by decorator; modules are found by folder.

What belongs here: finding them and planting each into participants or sites. What does not: judging what became of them.
"""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np

from tests.truth.faults.base import KINDS, Harm, Kind, Unfit
from tests.truth.records import Planted, Site, Subject

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def plant(kind: Kind, subjects: list[Subject], rng: np.random.Generator) -> Planted | None:
    """Plant a kind into the first clean participant that suits it."""
    for subject in subjects:
        if subject.fault is not None:
            continue
        harm = Harm(subject, rng)
        try:
            kind.plant(harm)
        except Unfit:
            continue
        harm.planted.kind = kind.name
        subject.fault = harm.planted
        return harm.planted
    return None


def plant_site(kind: Kind, site: Site, rng: np.random.Generator) -> Planted:
    """Plant a kind that touches a whole export."""
    planted = Planted(kind.name, site)
    site.fault = planted
    kind.plant(site)
    return planted


__all__ = ["KINDS", "Kind", "plant", "plant_site"]
