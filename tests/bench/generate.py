"""Make up one large trial for measuring: a configuration folder and CSV exports, the same for the same seed.

What belongs here: invented subjects of one trial in many sites, and a known number of faulty rows in every table.
What does not: reading, checking or timing any of it (handwritten.py, bench.py); the texts of the configuration (setup.py).

All sites share one profile, so that trialweave reads them in batches. `plan.json` beside the two folders says what was
made: rows and planted faults, table by table.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl

from tests.bench import setup
from tests.bench.planting import Planter

#: Share of rows of each table that carry a planted fault.
FAULTY = 0.01
#: 2022-01-03, the first day of the invented trial, in days since 1970.
FIRST_DAY = 18995
DRUGS = (
    "sertraline", "Zoloft", "escitalopram", "Lexapro", "fluoxetine", "Prozac", "paroxetine", "venlafaxine", "Effexor",
    "bupropion", "quetiapine", "Seroquel", "alprazolam", "Xanax", "lorazepam", "ibuprofen", "Advil", "paracetamol",
    "Tylenol", "metformin", "omeprazole", "atorvastatin", "levothyroxine", "propranolol", "cetirizine", "vitamin D",
    "sertralin ", "green tea extract",
)  # fmt: skip
EVENTS = ("headache", "Headache", "nausea", "fatigue", "irritability", "insomnia", "dizziness", "low mood", "sore throat")


def _days(days: np.ndarray) -> pl.Series:
    return pl.Series(days.astype(np.int32)).cast(pl.Date).dt.strftime("%Y-%m-%d")


def _minutes(minutes: np.ndarray, shown: np.ndarray) -> pl.Series:
    """Minutes since 1970 on the site's wall clock as `2022-03-04 14:30`, blank where not shown."""
    text = pl.Series(minutes.astype(np.int64) * 60_000_000).cast(pl.Datetime("us")).dt.strftime("%Y-%m-%d %H:%M")
    return text.zip_with(pl.Series(shown), pl.Series([""]).new_from_index(0, len(text)))


def _yes(flags: np.ndarray) -> pl.Series:
    return pl.Series(np.where(flags, "yes", "no"))


def subjects(rng: np.random.Generator, n: int, sites: int) -> pl.DataFrame:
    """One row a subject; `consent` and `day1` (days since 1970) and `leaves` are only for the other tables."""
    site = np.arange(n) * sites // n
    number = np.arange(n) - np.searchsorted(site, site) + 1
    consent = FIRST_DAY + rng.integers(0, 540, n)
    day1 = consent + rng.integers(3, 14, n)
    leaves = np.where(rng.random(n) < 0.08, rng.integers(14, 80, n), 9999)
    return pl.DataFrame(
        {
            "site": pl.Series(site).cast(pl.Int32),
            "subject": pl.Series([f"{i:04d}" for i in number]),
            "age": np.round(rng.normal(34, 10, n).clip(18, 70)).astype(int).astype(str),
            "sex": np.where(rng.random(n) < 0.55, "F", "M"),
            "weight": np.round(rng.normal(74, 13, n).clip(45, 140), 1).astype(str),
            "consent": _days(consent),
            "randomized": _days(day1),
            "_day1": day1,
            "_leaves": leaves,
        }
    )


def sessions(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """Twelve weekly sessions a subject, mostly attended until the subject leaves."""
    n, k = len(people), setup.SESSIONS
    who = np.repeat(np.arange(n), k)
    number = np.tile(np.arange(1, k + 1), n)
    offset = 3 + 7 * (number - 1) + rng.integers(-1, 2, n * k)
    attended = (rng.random(n * k) < 0.95) & (offset < people["_leaves"].to_numpy()[who])
    start = (people["_day1"].to_numpy()[who] + offset) * 1440 + 9 * 60 + 15 * rng.integers(0, 33, n * k)
    end = start + rng.integers(80, 105, n * k)
    return people[who].select("site", "subject").with_columns(
        session=pl.Series(number).cast(pl.String),
        attended=_yes(attended),
        start=_minutes(start, attended),
        exposure_start=_minutes(start + rng.integers(8, 20, n * k), attended & (rng.random(n * k) < 0.9)),
        end=_minutes(end, attended & (rng.random(n * k) < 0.97)),
        _start=pl.Series(start),
        _end=pl.Series(end),
        _attended=pl.Series(attended),
    )


def doses(rng: np.random.Generator, visits: pl.DataFrame) -> pl.DataFrame:
    """A capsule before each of sessions 3 to 7, about 75 minutes ahead, a few hours ahead or after the session."""
    rows = visits.filter(pl.col("session").is_in([str(s) for s in setup.DOSED]))
    n = len(rows)
    kind = rng.random(n)
    lag = np.where(kind < 0.04, rng.integers(200, 300, n), np.round(rng.normal(75, 22, n)).clip(5, 180).astype(int))
    at = np.where(kind > 0.98, rows["_end"].to_numpy() + rng.integers(0, 60, n), rows["_start"].to_numpy() - lag)
    taken = rows["_attended"].to_numpy() & (rng.random(n) < 0.98)
    return rows.select(
        "site", "subject", "session", taken=_yes(taken), dose=pl.lit("50 mg"), at=_minutes(at, taken), _taken=pl.Series(taken)
    )


def ratings(rng: np.random.Generator, visits: pl.DataFrame) -> pl.DataFrame:
    """Two rated exercises in every attended session; fear falls within most of them."""
    rows = visits.filter("_attended").select("site", "subject", "session")
    n = len(rows)
    begin = np.round(rng.normal(62, 15, (n, 2))).clip(0, 100).astype(int)
    end = np.round(begin - rng.normal(24, 16, (n, 2))).clip(0, 100).astype(int)
    peak = np.maximum(np.maximum(begin, end), (begin + rng.integers(0, 20, (n, 2))).clip(0, 100))
    return rows[np.repeat(np.arange(n), 2)].with_columns(
        exercise=pl.Series(np.tile(["1", "2"], n)),
        begin=pl.Series(begin.ravel()).cast(pl.String),
        peak=pl.Series(peak.ravel()).cast(pl.String),
        end=pl.Series(end.ravel()).cast(pl.String),
    )


def medications(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """About 1.2 drugs a subject, no drug twice; a fifth of the dates lack the day or the month."""
    n = len(people)
    who = np.repeat(np.arange(n), rng.poisson(1.2, n).clip(0, 4))
    m = len(who)
    drug = (np.arange(m) + rng.integers(0, len(DRUGS))) % len(DRUGS)
    day1 = people["_day1"].to_numpy()[who]
    start = day1 - rng.integers(-60, 900, m)
    ends = rng.random(m) < 0.3
    cut = rng.choice([10, 7, 4], m, p=[0.8, 0.12, 0.08])
    begin, stop = _days(start), _days(start + rng.integers(5, 400, m))
    return people[who].select("site", "subject").with_columns(
        drug=pl.Series([DRUGS[i] for i in drug]),
        start=begin.str.slice(0, pl.Series(cut).cast(pl.UInt64)) if m else begin,
        end=stop.zip_with(pl.Series(ends), pl.Series([""]).new_from_index(0, m)) if m else stop,
        ongoing=_yes(~ends),
    )


def questionnaires(rng: np.random.Generator, people: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """LSAS, wide, at every visit with the total as the site adds it up; SPD-S, one item, at a few of them."""
    n, k = len(people), len(setup.VISITS)
    who = np.repeat(np.arange(n), k)
    which = np.tile(np.arange(k), n)
    target = np.array([v.target for v in setup.VISITS])[which]
    slack = np.array([v.slack for v in setup.VISITS])[which]
    late = np.where(rng.random(n * k) < 0.02, slack + 5, rng.integers(-1, 2, n * k) * np.minimum(slack, 1))
    day = people["_day1"].to_numpy()[who] + target - 1 + np.where(which == 0, -rng.integers(0, 3, n * k), late)
    level = rng.normal(2.0, 0.35, n)[who] - 0.07 * which * rng.uniform(0.3, 1.5, n)[who]
    noise = rng.standard_normal((n * k, 48), dtype=np.float32) * np.float32(0.7)
    items = np.rint(level[:, None].astype(np.float32) + noise).clip(0, 3).astype(np.int8)
    blank = rng.random((n * k, 48), dtype=np.float32) < 0.004
    blank[rng.random(n * k) < 0.004, :7] = True
    blank[rng.random(n * k) < 0.002, 24:] = True
    total = np.where(blank.any(axis=1), -1, items.sum(axis=1))
    keys = people[who].select("site", "subject").with_columns(
        visit=pl.Series(np.array([v.name for v in setup.VISITS])[which]), date=_days(day)
    )
    texts = np.array(["0", "1", "2", "3", ""])[np.where(blank, 4, items)]
    lsas = keys.with_columns(
        *(pl.Series(code, texts[:, i]) for i, code in enumerate(setup.ITEMS)),
        total=pl.Series(np.where(total < 0, "", total.astype(str))),
    )
    severity = np.rint(level * 2.2 + rng.normal(0, 0.5, n * k)).clip(1, 7).astype(int)
    spds = keys.with_columns(severity=pl.Series(severity).cast(pl.String)).filter(pl.col("visit").is_in(setup.SPDS_VISITS))
    return lsas, spds


def events(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """Adverse events, no term twice for a subject."""
    n = len(people)
    who = np.repeat(np.arange(n), rng.poisson(0.8, n).clip(0, 4))
    m = len(who)
    term = (np.arange(m) + rng.integers(0, len(EVENTS))) % len(EVENTS)
    return people[who].select("site", "subject").with_columns(
        term=pl.Series([EVENTS[i] for i in term], dtype=pl.String),
        start=_days(people["_day1"].to_numpy()[who] + rng.integers(-5, 100, m)),
        severity=pl.Series(rng.choice(["mild", "moderate", "severe"], m, p=[0.7, 0.25, 0.05])),
        serious=_yes(rng.random(m) < 0.01),
        related=pl.Series(rng.choice(["no", "possibly", "probably"], m)),
    )


def withdrawals(people: pl.DataFrame) -> pl.DataFrame:
    """One row for each subject who leaves early."""
    gone = people.filter(pl.col("_leaves") < 9999)
    return gone.select(
        "site", "subject", date=_days((gone["_day1"] + gone["_leaves"]).to_numpy()), reason=pl.lit("withdrew consent")
    )


def generate(root: Path, n_subjects: int = 10_000, n_sites: int = 100, seed: int = 20_260_101) -> dict[str, object]:
    """Write `config/` and `exports/<site>/*.csv` below `root`; return and write the plan: rows and planted faults a table."""
    rng = np.random.default_rng(seed)
    people = subjects(rng, n_subjects, n_sites)
    met = sessions(rng, people)
    lsas, spds = questionnaires(rng, people)
    clean = {
        "subjects": people,
        "sessions": met,
        "doses": doses(rng, met),
        "suds": ratings(rng, met),
        "medications": medications(rng, people),
        "lsas": lsas,
        "spds": spds,
        "adverse_events": events(rng, people),
        "withdrawals": withdrawals(people),
    }
    names = setup.write_config(root / "config", n_sites)
    planter = Planter(rng, FAULTY)
    rows: dict[str, int] = {}
    for table, frame in clean.items():
        faulty = planter.plant(table, frame).select(pl.exclude("^_.*$"))
        rows[table] = len(faulty)
        for site, part in faulty.partition_by("site", as_dict=True, maintain_order=True, include_key=False).items():
            folder = root / "exports" / names[int(site[0])]
            folder.mkdir(parents=True, exist_ok=True)
            part.write_csv(folder / f"{table}.csv")
        for name in names:
            target = root / "exports" / name / f"{table}.csv"
            if not target.exists():
                target.write_text(",".join(faulty.columns[1:]) + "\n", encoding="utf-8")
    plan: dict[str, object] = {
        "subjects": n_subjects,
        "sites": n_sites,
        "seed": seed,
        "rows": rows,
        "planted": planter.counts,
        "bytes": sum(p.stat().st_size for p in (root / "exports").rglob("*.csv")),
    }
    (root / "plan.json").write_text(json.dumps(plan, indent=1), encoding="utf-8")
    return plan


def main() -> None:
    """Command line: python -m tests.bench.generate FOLDER [--subjects N] [--sites M] [--seed S]."""
    parser = argparse.ArgumentParser(description="Make up one large trial for measuring.")
    parser.add_argument("root", type=Path)
    parser.add_argument("--subjects", type=int, default=10_000)
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20_260_101)
    given = parser.parse_args()
    print(json.dumps(generate(given.root, given.subjects, given.sites, given.seed), indent=1))


if __name__ == "__main__":
    main()
