"""Releases of invented trials with one planted effect, in the columns of the published sets.

What belongs here: making them from the model that is to be found again. What does not: fitting (flows/analysis).
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd

from flows.analysis import reading
from flows.analysis.fitting import Question
from flows.analysis.reading import Rows
from flows.engine import models

WEEKS = (0, 3, 6, 9, 12)
#: Sizes of the planted effects, in the unit of the question; tau: how much they differ between trials.
PLANTED = {"group_time": -0.8, "fear_fall": -1.5, "dose_count": -1.2, "over60": -9.0, "antidepressant": 7.0}


def release(question: Question, effect: float, people: int, trials: int, seed: int) -> Rows:
    """Visits and sessions as the analysis reads them, through its own SQL."""
    chance = np.random.default_rng([seed, sum(question.name.encode())])
    made = [_trial(f"t0{n}", question.name, effect, people, chance) for n in range(1, trials + 1)]
    con = models.connect(threads=1)
    try:
        for name, index in (("adsl", 0), ("adipd", 1), ("adsess", 2)):
            _put(con, f"release.{name}", pd.concat([m[index] for m in made]))
        scale = {"PARAMCD": "X", "PMIN": 0.0, "PMAX": 144.0}
        _put(con, "release.adref", pd.DataFrame([{"STUDYID": f"t0{n}", **scale} for n in range(1, trials + 1)]))
        con.execute("create table ref.arm (STUDYID varchar, TRT01P varchar, is_placebo boolean, is_reversed boolean)")
        for n in range(1, trials + 1):
            con.execute(f"insert into ref.arm values ('t0{n}', 'DCS', false, false), ('t0{n}', 'PBO', true, false)")
        return reading.rows(con)
    finally:
        con.close()


def _put(con: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame) -> None:
    con.register("made", frame)
    con.execute(f"create table {name} as select * from made")
    con.unregister("made")


def _trial(study: str, name: str, effect: float, people: int, chance: np.random.Generator) -> tuple[pd.DataFrame, ...]:
    """adsl, adipd, adsess of one trial."""
    adsl, adipd, adsess = [], [], []
    for i in range(people):
        who, active = f"{study}-01-{i:03d}", i % 2
        adsl.append({"STUDYID": study, "USUBJID": who, "TRT01P": "DCS" if active else "PBO", "ITTFL": "Y"})
        own, slope = chance.normal(0, 6), chance.normal(0, 0.4)
        base, drug, doses, over = 60 + own + chance.normal(0, 5), int(chance.random() < 0.4), 0, chance.choice([0.0, 0.25, 0.5, 1.0])
        for n, week in enumerate(WEEKS):
            doses = min(9, doses + int(chance.integers(0, 4))) if week else 0
            if name == "group_time":
                value = 60 + own + (slope - 0.5 + effect * active) * week + chance.normal(0, 5)
            else:
                x = {"dose_count": doses, "over60": over, "antidepressant": drug}.get(name, 0)
                value = 20 + 0.6 * base - 0.5 * week - 0.7 * x + effect * x * active + own / 2 + chance.normal(0, 4)
            value = value if week or name == "group_time" else base
            adipd.append({
                "STUDYID": study, "USUBJID": who, "AVISIT": f"W{week}", "AVISITN": n, "WEEK": float(week), "POMP": value, "POMPBL": base,
                "NDOSECAP": doses, "PCTGT60": over if week else None, "ADBLFL": "Y" if drug else "N",
            })  # fmt: skip
        before = base
        for session in range(1, 7):
            fall = chance.normal(30, 12)
            gain = -0.3 + (effect * active if name == "fear_fall" else 0)
            after = 30 + 0.5 * before + gain * fall / 10 + chance.normal(0, 4)
            adsess.append({
                "STUDYID": study, "USUBJID": who, "SESSNO": session, "DOSEFL": "Y", "PARAMCD": "X", "SUDSRED": fall,
                "AVALNEXT": after * 1.44, "CHGNEXT": (after - before) * 1.44,
            })  # fmt: skip
            before = after
    return pd.DataFrame(adsl), pd.DataFrame(adipd), pd.DataFrame(adsess)
