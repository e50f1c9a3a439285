"""One effect over trials.

What belongs here: the random-effects mean. What does not: the trials' own estimates (fitting.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from flows.analysis.fitting import QUESTIONS, Effect

POOLED = "all trials"


def pooled(found: Sequence[Effect]) -> list[Effect]:
    """Each question over the trials that answer it, where two or more do.

    DerSimonian and Laird (1986, doi:10.1016/0197-2456(86)90046-2): weights 1 / (error^2 + tau^2), tau^2 from Cochran's Q, not below 0.
    """
    out = []
    for question in QUESTIONS:
        mine = [e for e in found if e.question == question and e.estimate is not None and e.error]
        if len(mine) > 1:
            out.append(_mean(mine))
    return out


def _mean(mine: Sequence[Effect]) -> Effect:
    known = [(e.estimate or 0.0, (e.error or 1.0) ** 2) for e in mine]
    weights = [1 / v for _, v in known]
    total = math.fsum(weights)
    fixed = math.fsum(w * b for w, (b, _) in zip(weights, known, strict=True)) / total
    q = math.fsum(w * (b - fixed) ** 2 for w, (b, _) in zip(weights, known, strict=True))
    spread = max(0.0, (q - (len(known) - 1)) / (total - math.fsum(w * w for w in weights) / total))
    weights = [1 / (v + spread) for _, v in known]
    total = math.fsum(weights)
    mean = math.fsum(w * b for w, (b, _) in zip(weights, known, strict=True)) / total
    people, rows = sum(e.people for e in mine), sum(e.rows for e in mine)
    note = f"{len(mine)} trials, tau {math.sqrt(spread):.3g}"
    return Effect(POOLED, mine[0].question, people, rows, mean, math.sqrt(1 / total), note, math.sqrt(spread))
