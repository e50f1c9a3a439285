"""One seed: invent the sites, plant the faults, run the night, judge every cell.

What belongs here: how many participants and which kinds where. What does not: a kind, a style, the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.truth import judge, night, programme
from tests.truth.faults import KINDS, Kind, plant, plant_site
from tests.truth.records import Planted, Site
from tests.truth.styles import Style, all_styles


@dataclass
class Result:
    """What one seed gave."""

    seed: int
    sites: list[Site]
    planted: list[Planted]
    skipped: list[str]
    judged: judge.Judged


def make(seed: int, styles_per_kind: int, few: Sequence[str] = (), room: float = 1.7) -> tuple[list[Site], list[Planted], list[str]]:
    """Sites with their faults. Every kind is planted in so many styles that fit; `room`: participants per planted fault.

    A further site of ten participants carries each fault of a whole export. `few`: only these styles.
    """
    rng = np.random.default_rng(seed)
    styles = [s for s in all_styles() if not few or s.name in few]
    chosen: dict[str, list[Kind]] = {s.name: [] for s in styles}
    whole: list[tuple[Kind, Style]] = []
    for kind in KINDS.values():
        fitting = [s for s in styles if kind.fits(s)]
        order = [fitting[i] for i in rng.permutation(len(fitting))][: 1 if kind.whole_site else styles_per_kind]
        for style in order:
            if kind.whole_site:
                whole.append((kind, style))
            else:
                chosen[style.name].append(kind)
    sites, planted, skipped = [], [], []
    for n, style in enumerate(styles):
        site = Site(style.study, f"{11 + n}", style, style.zone, programme.plan(style.study))
        programme.invent(site, int(len(chosen[style.name]) * room) + 12, rng)
        for kind in chosen[style.name]:
            found = plant(kind, [site.subjects[i] for i in rng.permutation(len(site.subjects))], rng)
            if found is None:
                skipped.append(f"{kind.name} in {style.name}")
            else:
                planted.append(found)
        sites.append(site)
    planted += _elsewhere({k.name: k for k in KINDS.values() if not k.whole_site}, sites, planted, rng)
    for n, (kind, style) in enumerate(whole):
        one = type(style)()
        if one.members:
            one.members = tuple(f"{m}{n}" for m in one.members)  # a second REDCap project has its own sites
            one.codes = one.codes | {"dag": dict(zip(one.members, ("tampa", "gainesville"), strict=True))}
            one.yaml = one.yaml.replace('"81"', f'"81{n}"').replace('"82"', f'"82{n}"')
        site = Site(style.study, f"{51 + n}", one, style.zone, programme.plan(style.study))
        programme.invent(site, 10, rng)
        planted.append(plant_site(kind, site, rng))
        sites.append(site)
    return sites, planted, skipped


def _elsewhere(kinds: dict[str, Kind], sites: list[Site], planted: list[Planted], rng: np.random.Generator) -> list[Planted]:
    """Kinds that no participant of their styles suited are tried in every other style."""
    out = []
    for name in sorted(kinds.keys() - {p.kind for p in planted}):
        for site in sites:
            if kinds[name].fits(site.style) and (found := plant(kinds[name], site.subjects, rng)):
                out.append(found)
                break
    return out


def run(seed: int, styles_per_kind: int, root: Path, few: Sequence[str] = ()) -> Result:
    """One seed from nothing to verdicts."""
    sites, planted, skipped = make(seed, styles_per_kind, few)
    published = night.run(sites, root)
    return Result(seed, sites, planted, skipped, judge.judge(sites, planted, published, root / "config"))
