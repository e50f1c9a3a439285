"""Amounts of a blinded trial that would tell the arm: what is left out of its releases, and when a site cannot be published.

What belongs here: the amounts. What does not: words that name an arm and the rest of the look through a release (blinding.py).

Two cases, told apart by the trial's file:

- The arms differ in strength (50 mg, 500 mg): whoever reads the amount reads the arm. Every amount, and what is made of it, is null in
  the releases until the trial is unblinded; doses are still counted and timed. `blinding.amounts: shown` says that the sites record
  something that does not differ (the number of capsules, a dummy's label), and `withheld` leaves amounts out although the arms are
  equal.
- The arms have the same strength, and still one half of a site's participants has another amount at every dose than the other half (0 mg
  or nothing for placebo). Findings and deviations would tell the arm too, so the site's delivery is held.
"""

from __future__ import annotations

import polars as pl

from schemas.trial import Amounts, Trial

#: Columns that hold an amount or are made of one.
COLUMNS = {
    "adex": ("EXDOSE", "EXDOSU", "EXDOSORG", "DOSEMGKG", "DOSECAT", "GT250FL", "PEDDSFL"), "adsl": ("CUMDOSE",), "addv": ("DVTERM",),
}  # fmt: skip
_DEVIATION = "DOSE_AMOUNT"


def withheld(trial: Trial) -> bool:
    """Whether the amounts of a blinded trial are left out of its releases."""
    told = trial.blinding.amounts
    return told is Amounts.WITHHELD or (told is None and len({(a.dose_mg, a.dose_mg_by_weight) for a in trial.arms}) > 1)


def nominal(trial: Trial) -> tuple[float, ...]:
    """Every amount a capsule of the trial may have; empty where the trial says that its amounts tell nothing."""
    if trial.blinding.amounts is Amounts.SHOWN:
        return ()
    return tuple(sorted({m for a in trial.arms for m in (a.dose_mg, *(b.dose_mg for b in a.dose_mg_by_weight)) if m is not None}))


def without(frame: pl.DataFrame, dataset: str) -> pl.DataFrame:
    """A set without its amounts; of the deviations only the sentence about an amount goes."""
    names = [n for n in COLUMNS.get(dataset, ()) if n in frame.columns]
    if dataset == "addv":
        return frame.with_columns(pl.when(pl.col("DVDECOD") != _DEVIATION).then(pl.col(n)).alias(n) for n in names)
    return frame.with_columns(pl.lit(None, frame.schema[n]).alias(n) for n in names)


def left_in(frame: pl.DataFrame, dataset: str) -> int:
    """Rows of a set as it would be published that still hold an amount."""
    names = [n for n in COLUMNS.get(dataset, ()) if n in frame.columns]
    if dataset == "addv":
        frame = frame.filter(pl.col("DVDECOD") == _DEVIATION)
    return frame.filter(pl.any_horizontal(pl.col(n).is_not_null() for n in names)).height if names else 0


def smaller_side(doses: pl.DataFrame, amounts: tuple[float, ...], min_side: int) -> int:
    """How many participants have another amount at every dose they took than the others have at every one; 0: they are not parted so.

    `doses`: USUBJID, EXOCCUR, EXDOSE. Amounts that a capsule of the trial may have are one and the same here: where they differ by weight
    they differ in both arms. Fewer than `min_side` participants on a side tell nothing.
    """
    if not amounts:
        return 0
    way = pl.when(pl.col("EXDOSE").is_in(list(amounts))).then(pl.lit("of the trial")).otherwise(pl.col("EXDOSE").cast(pl.String))
    taken = doses.filter(pl.col("EXOCCUR") == "Y").select("USUBJID", way.fill_null("none").alias("way"))
    people = taken.group_by("USUBJID").agg(pl.col("way").n_unique().alias("ways"), pl.len().alias("n"), pl.col("way").first())
    people = people.filter(pl.col("n") > 1)
    if people.is_empty() or people.get_column("ways").max() != 1:
        return 0
    sides = people.group_by("way").len().get_column("len").sort().to_list()
    return int(sides[0]) if len(sides) == 2 and sides[0] >= min_side else 0
