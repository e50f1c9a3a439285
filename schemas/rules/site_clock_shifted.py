"""A site's doses do not all lie the same number of hours beside the trial's window.

Why: where one and the same shift of the clock would put nearly all doses that lie outside the window inside it, they have one cause: a
column written in another clock than is declared (UTC taken for local time or the other way round, a wrong zone, AM for PM, summer time),
not that many slips. A shift below the evidence file's hours counts only where most doses of the site lie outside: being early is no clock.
Nothing is changed. The single doses have their own findings; this one says what they have in common.
Site: tell us in which clock the times of doses and of sessions are written.
Data manager: declare that clock in the site's mapping.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_timing"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The site's doses outside the window all lie inside when their clock is moved alike: its times look written in another clock."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    alike = 100 * pl.col("n_shifted") >= evidence.site_shift_alike_pct.value * pl.col("n_far")
    many = pl.col("n_shifted") >= evidence.site_timing_min_doses.value
    is_far = pl.col("least_shift_min") >= evidence.dose_far_from_window_min.value
    most = 100 * pl.col("n_far") > evidence.site_timing_max_outside_pct.value * pl.col("n_measured")
    is_clock = pl.col("least_shift_min") >= evidence.site_shift_min.value
    return pl.when(pl.col("n_measured") >= evidence.site_timing_min_doses.value).then(
        ~(alike & many & is_clock & (is_far | most)).fill_null(value=False)
    )


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which shift, of how many, and whether it is the zone's offset from UTC."""
    shift = pl.col("shift_min")
    hours = (shift.abs() / 60).round(1).cast(pl.String).str.replace(r"\.0$", "")
    way = pl.when(shift > 0).then(pl.lit("on")).otherwise(pl.lit("back"))
    whole = pl.format("set {} by {} h, {} of the {} doses outside lie inside the window", way, hours, "n_shifted", "n_far")
    utc = pl.when(pl.col("is_offset")).then(pl.lit("; that is the zone's offset from UTC: are the times of one table written in UTC?"))
    return pl.concat_str(whole, utc.otherwise(pl.lit("")))
