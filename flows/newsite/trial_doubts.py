"""What a trial's file says that its protocol can hardly mean: grams for milligrams, windows that overlap, a criterion everybody meets.

What belongs here: numbers and names of one trial's file against each other. What does not: what is wrong for certain (schemas/trial.py,
flows/engine/config.py), a site's mapping (doubts.py). Nobody is held up by a doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from schemas.instrument import Instrument
from schemas.trial import Deviation, Success, Trial

#: mg, minutes: what no arm, session or window of these trials is.
_LEAST_MG, _MOST_MG, _LEAST_SESSION_MIN, _LEAST_WINDOW_MIN = 1, 1000, 15, 5
#: Study day: treatment begins with randomization, day 1, or some days after it.
_LAST_BASELINE_DAY = 14
#: Fear at the end, of 100, and its fall in percent, that hardly an exposure misses or reaches.
_LOW, _HIGH = 10, 90


def find(trial: Trial, instruments: Iterable[Instrument]) -> list[str]:
    """Every doubt about a trial's file, as a sentence that begins with the place in it. `instruments`: those the trial uses."""
    strengths = {a.dose_mg for a in trial.arms if a.dose_mg is not None} | {b.dose_mg for a in trial.arms for b in a.dose_mg_by_weight}
    out = [f"arms: a dose of {mg:g} mg; doses are milligrams" for mg in sorted(strengths) if not _LEAST_MG <= mg <= _MOST_MG]
    planned = trial.sessions.planned_length_min
    if planned is not None and planned < _LEAST_SESSION_MIN:
        out.append(f"sessions: a session of {planned:g} minutes; the length is in minutes")
    pre = trial.timing_window.pre if trial.timing_window is not None else None
    if pre is not None and pre.to_min <= _LEAST_WINDOW_MIN:
        out.append(f"timing_window: doses at most {pre.to_min:g} minutes before the session; the window is in minutes")
    if Deviation.PROHIBITED_MEDICATION in trial.major_deviations and not trial.prohibited_classes:
        out.append("prohibited_classes: none, so that no medication can be the PROHIBITED_MEDICATION of major_deviations")
    success = _criteria(trial.success) if trial.success is not None else ()
    return [*out, *_visits(trial), *_primary(trial.primary, instruments), *success]


def _visits(trial: Trial) -> Iterator[str]:
    """Visits whose order is not that of their days, windows that overlap, and a baseline that comes after treatment has begun."""
    planned = sorted(trial.visits, key=lambda v: v.order)
    for before, after in pairwise(planned):
        if before.anchor != after.anchor:
            continue
        if before.target_day > after.target_day:
            yield f"visits: {before.name} is ordered before {after.name}, and its day {before.target_day} is after {after.target_day}"
        elif before.to_day >= after.from_day:
            both = f"days {after.from_day} to {min(before.to_day, after.to_day)}"
            yield f"visits: the windows of {before.name} and {after.name} both hold {both}; look where one ends and the other begins"
    for visit in planned:
        if visit.baseline and visit.target_day > _LAST_BASELINE_DAY:
            yield f"visits: the baseline is {visit.name}, on day {visit.target_day}; look whether it is before treatment"


def _primary(primary: str, instruments: Iterable[Instrument]) -> Iterator[str]:
    """A part of an instrument as the primary outcome, where the instrument has a score of more."""
    for instrument in instruments:
        scales = {s.paramcd: s for s in instrument.scales}
        if primary not in scales:
            continue
        of: dict[str, frozenset[str]] = {}
        for _ in scales:  # a scale of parts may be named before its parts
            known = {code: frozenset[str]().union(*(of.get(p, frozenset()) for p in s.parts)) for code, s in scales.items()}
            of = {code: known[code] | frozenset(instrument.expand(s.items)) for code, s in scales.items()}
        wider = [code for code in scales if of[code] > of[primary]]
        if wider:
            yield (
                f"primary: {primary} has {len(of[primary])} of the {len(of[wider[0]])} items of {wider[0]}; look whether a part of "
                f"{instrument.name} is the protocol's primary outcome"
            )


def _criteria(success: Success) -> Iterator[str]:
    """A criterion of success that hardly an exposure meets or misses."""
    end, fall = success.end_le, success.reduction_ge_pct
    if end is not None and success.decisive != "reduction_ge_pct" and not _LOW <= end <= _HIGH:
        yield f"success: hardly an exposure {'misses' if end > _HIGH else 'meets'} end_le {end:g}; fear at the end is of 100"
    if fall is not None and success.decisive != "end_le" and not _LOW <= fall <= _HIGH:
        what = "misses" if fall < _LOW else "meets"
        yield f"success: hardly an exposure {what} reduction_ge_pct {fall:g}; the fall of fear is in percent"
