"""The EDC that two sites of sad01 share: Melbourne writes wall clock times, Toronto UTC."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.golden.demo_maker.plans import PLANS
from tests.golden.demo_maker.programme import ANTIDEPRESSANTS, Person, doses, exercises, people, sessions
from tests.golden.demo_maker.sheets import Book, write_folder

PLAN = PLANS["sad01"]
LS = [f"{half}{n:02d}" for half in "FA" for n in range(1, 25)]


def edc(root: Path, site: str, seed: int, n: int, zone: str) -> Book:
    """The EDC two sites share: ISO, one questionnaire item a row. Toronto's clock is UTC, Melbourne's the wall clock."""
    rng = random.Random(seed)
    group = people(PLAN, n, date(2024, 9, 20), rng)
    book = Book("sad01", site)
    pid = {p.no: f"{site}-{p.no:03d}" for p in group}

    def iso(at: datetime | None) -> str:
        if at is None:
            return ""
        if site == "04":
            at = at.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
        return at.strftime("%Y-%m-%dT%H:%M")

    subjects = book.sheet("subjects.csv", "subject age sex weight_kg consent_date randomization_date")
    for p in group:
        subjects.add(pid[p.no], p.age, p.sex, p.weight, p.consented, p.randomized)
    held = book.sheet("sessions.csv", "subject session attended started_at exposure_at ended_at therapist")
    for p, s in sessions(group):
        held.add(pid[p.no], s.no, int(s.attended), iso(s.start if s.attended else None), iso(s.exposure), iso(s.end), "T1")
    capsules = book.sheet("doses.csv", "subject session capsule_no taken dose_mg dosed_at")
    for n_, (p, s, d) in enumerate(doses(group), 1):
        capsules.add(pid[p.no], s.no, n_, int(d.taken), 50, iso(d.at))
    suds = book.sheet("suds.csv", "subject session exercise begin peak end")
    for p, s, k, e in exercises(group):
        suds.add(pid[p.no], s.no, k, *e)
    items = book.sheet("questionnaires.csv", "subject form visit date item value")
    for p in group:
        for f in p.forms:
            codes = LS if f.instrument == "LSAS" else ["SPDS"]
            for code, value in zip(codes, f.items, strict=True):
                items.add(pid[p.no], f.instrument, f.visit, f.on, code if code == "SPDS" else f"LS{code}", value)
    meds = book.sheet("medications.csv", "subject line drug dose reason start end ongoing")
    for p in group:
        for k, m in enumerate(p.meds, 1):
            meds.add(pid[p.no], k, m.name, m.dose, m.why, m.start, m.end, int(not m.end))
    events = book.sheet("adverse_events.csv", "subject line event start severity serious related")
    for p in group:
        for k, a in enumerate(p.events, 1):
            events.add(pid[p.no], k, a.term, a.on, a.severity, 0, "POSSIBLE")
    gone = book.sheet("withdrawals.csv", "subject date reason remove_data")
    for p in group:
        if p.withdrawn:
            gone.add(pid[p.no], p.withdrawn, "lost interest", 0)
    (_melbourne if site == "03" else _toronto)(book, group, pid)
    write_folder(book, root / f"sad01_{site}")
    return book


def _melbourne(book: Book, group: list[Person], pid: dict[int, str]) -> None:
    held, capsules, suds = (book.sheets[f] for f in ("sessions.csv", "doses.csv", "suds.csv"))
    row = next(r for r in held.rows if r["subject"] == pid[2] and r["session"] == 5 and r["ended_at"])
    row["ended_at"] = row["started_at"][:11] + "08:05"
    book.plant("sessions.csv", row, "session_end_before_start", "withhold", "session ends before it starts", table="session",
               field="ended_at", column="ended_at", subject=pid[2])  # fmt: skip
    row = next(r for r in capsules.rows if r["subject"] == pid[3] and r["dosed_at"] and r["session"] >= 4)
    row["dosed_at"] = str(int(row["dosed_at"][:4]) - 1) + row["dosed_at"][4:]
    for rule, text in (("dose_before_consent", "year of the dose one too low: before consent"),
                       ("implausible_lag", "year of the dose one too low: not that session's dose")):  # fmt: skip
        book.plant("doses.csv", row, rule, "query", text, table="dose", field="dosed_at", column="dosed_at", subject=pid[3],
                   also="dose_not_randomized")
    other = next(p for p in group if p.no >= 4 and p.withdrawn is None)
    for row in (r for r in suds.rows if r["subject"] == pid[other.no]):
        row.update({c: round(row[c] / 10) for c in ("begin", "peak", "end")})
    book.plant("suds.csv", None, "suds_scale_suspect", "query", "one participant rated on 0-10 instead of 0-100", table="rating",
               subject=pid[other.no])  # fmt: skip
    row = book.sheets["subjects.csv"].rows[6]
    row["sex"] = "X"
    book.plant("subjects.csv", row, "unknown_code", "withhold", "sex code X is not declared", table="subject", field="sex",
               column="sex", subject=row["subject"])  # fmt: skip
    late = next(p for p in group if p.no >= 8 and p.withdrawn is None)
    rows = [r for r in book.sheets["questionnaires.csv"].rows if r["subject"] == pid[late.no] and r["visit"] == "WEEK 8"]
    on = rows[0]["date"] + timedelta(days=19)
    for row in rows:
        row["date"] = on
    book.plant("questionnaires.csv", None, "visit_out_of_window", "query", "week 8 asked nineteen days late", table="form",
               field="assessed_on", subject=pid[late.no], also="visit_out_of_window")  # fmt: skip
    row = book.sheets["questionnaires.csv"].rows[70]
    row["subject"] = ""
    book.plant("questionnaires.csv", row, "key_missing", "reject", "row without a participant", table="item", field="subject_id",
               column="subject")  # fmt: skip


def _toronto(book: Book, group: list[Person], pid: dict[int, str]) -> None:
    capsules = book.sheets["doses.csv"]
    row = next(r for r in capsules.rows if r["subject"] == pid[2] and r["dosed_at"])
    row["dose_mg"] = 100
    book.plant("doses.csv", row, "dose_amount_not_of_arms", "query", "100 mg, an amount no arm has", table="dose",
               field="dose_mg", column="dose_mg", subject=pid[2])  # fmt: skip
    row = next(r for r in capsules.rows if r["subject"] == pid[4] and r["dosed_at"])
    row["dosed_at"] = row["dosed_at"][:10]
    book.plant("doses.csv", row, "dose_time_missing", "query", "date of the capsule, but no time", table="dose",
               field="dosed_at", column="dosed_at", subject=pid[4])  # fmt: skip
    meds = book.sheets["medications.csv"]
    drugs = {name for name, _ in ANTIDEPRESSANTS}
    other = next(p for p in group if p.no >= 5 and not any(m.name in drugs for m in p.meds))
    year = str(other.randomized.year)
    row = meds.add(pid[other.no], 9, "escitalopram", "10 mg", "anxiety", year, "", 1)
    book.plant("medications.csv", row, "", "kept", "start known to the year: use at baseline is U, not guessed",
               table="medication", field="started_on", column="start", subject=pid[other.no], use="ADBLFL=U")  # fmt: skip
    row = meds.add(pid[6], 9, "ibuprofen", "400 mg", "headache", "2024-12-20", "2024-12-02", 0)
    book.plant("medications.csv", row, "medication_end_before_start", "query", "medication ends before it starts",
               table="medication", field="ended_on", column="end", subject=pid[6])  # fmt: skip
    row = book.sheets["withdrawals.csv"].add(pid[7], group[6].sessions[-1].start.date() + timedelta(days=60), "withdrew consent", 1)
    book.plant("withdrawals.csv", row, "removal_requested", "removed", "consent withdrawn with removal: no row is published",
               table="disposition", field="scope", column="remove_data", subject=pid[7], also="removal_requested")  # fmt: skip
