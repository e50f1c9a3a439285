"""A dose outside the trial's window does not lie far from where the participant's doses inside it lie.

Why: a clock hour typed wrong looks like a dose taken early or late, and the deviation alone asks nobody. Who otherwise takes the capsule
at about the same time before (or after) the session did so that day too, or the record says otherwise. Doses many hours off are asked
about by other rules. Somebody with fewer doses than show a habit, as in a trial of two sessions, is asked when the dose lies as far beyond
the window itself. Not asked where many of the site's doses lie outside the window, and many as far outside: there it is what participants
do.
Site: check the time of the dose and of the session; if they are right, the deviation stands.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.dose_lag"
FIELD = "dosed_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The dose is outside the trial's window, far from where the participant's other doses lie, or from the window itself."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_inside") >= evidence.lag_min_doses.value
    off = pl.when(many).then(pl.col("off_min").abs()).otherwise(pl.col("beyond_min"))
    near = off <= evidence.dose_far_from_window_min.value
    is_far = pl.col("beyond_min") >= evidence.lag_off_min.value
    rare = _is_rare("n_site_outside", evidence) | (is_far & _is_rare("n_site_far", evidence))
    return pl.when(near & rare).then(off < evidence.lag_off_min.value)


def _is_rare(count: str, evidence: Evidence) -> pl.Expr:
    share = 100 * pl.col(count) / pl.col("n_site")
    return (pl.col(count) == 1) | (share <= evidence.dose_outside_rare_pct.value)


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How far."""
    many = pl.col("n_inside") >= evidence.lag_min_doses.value
    from_habit = pl.format("{} min from the participant's usual time", pl.col("off_min").abs().round(0).cast(pl.Int64))
    return pl.when(many).then(from_habit).otherwise(pl.format("{} min outside the window", pl.col("beyond_min").round(0).cast(pl.Int64)))
