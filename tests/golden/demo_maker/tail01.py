"""The two sites of trial tail01: times with their own offset (Austin), pipes and fill-down (Boulder)."""

from __future__ import annotations

import random
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.golden.demo_maker.plans import PLANS
from tests.golden.demo_maker.programme import doses, exercises, forms, people, sessions
from tests.golden.demo_maker.sheets import Book, write_folder

PLAN = PLANS["tail01"]


def austin(root: Path) -> Book:
    """Every clock time carries its offset, so the hour summer time ends is no riddle; PRE and POST capsules in rows."""
    rng = random.Random(401)
    group = people(PLAN, 14, date(2024, 9, 12), rng)
    book = Book("tail01", "01")
    pid = {p.no: f"TX{p.no:02d}" for p in group}
    zone = ZoneInfo("America/Chicago")

    def stamp(at: datetime | None) -> str:
        return at.replace(tzinfo=zone).strftime("%Y-%m-%dT%H:%M:%S%z") if at else ""

    subjects = book.sheet("subjects.csv", "id age gender weight_kg consent randomized")
    for p in group:
        subjects.add(pid[p.no], p.age, {"M": "man", "F": "woman"}[p.sex], p.weight, p.consented, p.randomized)
    held = book.sheet("sessions.csv", "id session came start exposure end")
    for p, s in sessions(group):
        held.add(pid[p.no], s.no, "yes" if s.attended else "no", stamp(s.start if s.attended else None), stamp(s.exposure), stamp(s.end))
    capsules = book.sheet("capsules.csv", "id session bottle swallowed mg time")
    for p, s, d in doses(group):
        capsules.add(pid[p.no], s.no, {"PRE": "before", "POST": "after"}[d.time_point], "yes" if d.taken else "no", 50, stamp(d.at))
    suds = book.sheet("suds.csv", "id session exercise start highest end")
    for p, s, n, e in exercises(group):
        suds.add(pid[p.no], s.no, n, *e)
    codes = [f"{half}{n}" for half in ("fear", "avoid") for n in range(1, 25)]
    lsas = book.sheet("lsas.csv", ["id", "visit", "date", *codes, "fear_sum", "avoid_sum"])
    for p, f in forms(group, "LSAS"):
        halves = (f.items[:24], f.items[24:])
        lsas.add(pid[p.no], f.visit.lower(), f.on, *f.items, *(None if None in h else sum(i or 0 for i in h) for h in halves))
    meds = book.sheet("meds.csv", "id drug dose reason from to")
    for p in group:
        for m in p.meds:
            meds.add(pid[p.no], m.name, m.dose, m.why, m.start, m.end or "ongoing")
    events = book.sheet("events.csv", "id event date grade")
    for p in group:
        for a in p.events:
            events.add(pid[p.no], a.term, a.on, {"MILD": "1", "MODERATE": "2", "SEVERE": "3"}[a.severity])
    left = book.sheet("withdrawn.csv", "id date why")
    for p in group:
        if p.withdrawn:
            left.add(pid[p.no], p.withdrawn, "no reason given")

    row = next(r for r in capsules.rows if r["id"] == pid[2] and r["time"])
    row["time"] = row["time"][:-5]
    book.plant("capsules.csv", row, "unreadable_value", "withhold", "clock time without its offset", table="dose",
               field="dosed_at", column="time", subject=pid[2], also="dose_time_missing")  # fmt: skip
    row = next(r for r in capsules.rows if r["id"] == pid[3] and r["time"])
    row["bottle"] = "middle"
    book.plant("capsules.csv", row, "unknown_code", "withhold", "neither before nor after", table="dose", field="time_point",
               column="bottle", subject=pid[3])  # fmt: skip
    row = subjects.rows[3]
    row["consent"] = "2031-05-02"
    book.plant("subjects.csv", row, "date_in_future", "withhold", "consent in the future", table="subject", field="consented_on",
               column="consent", subject=pid[4], also="randomized_before_consent")  # fmt: skip
    p, s = next((p, s) for p, s, d in doses(group) if d.time_point == "POST" and d.at and s.end and (s.end - s.start).seconds >= 5400)
    row = held.find(id=pid[p.no], session=s.no)
    row["end"] = ""
    book.plant("sessions.csv", row, "", "kept", "session without an end: its planned length stands in for the category only",
               table="session", field="ended_at", column="end", subject=pid[p.no], use="ENDIMPFL=Y")  # fmt: skip
    row = lsas.rows[4]
    lsas.after(row, dict(row))
    book.plant("lsas.csv", [row, lsas.rows[5]], "duplicate_row", "note", "a questionnaire sent twice", table="form",
               subject=row["id"], also="duplicate_row")  # fmt: skip
    row = next(r for r in lsas.rows if r["id"] == pid[6])
    row["visit"] = "week 22"
    book.plant("lsas.csv", row, "visit_unknown", "query", "a visit label the trial does not know", table="form", field="visit",
               column="visit", subject=pid[6])  # fmt: skip
    write_folder(book, root / "tail01_01")
    return book


def boulder(root: Path) -> Book:
    """Pipes, windows-1252, the participant only on the first of their rows, both capsules in the session's row."""
    rng = random.Random(402)
    group = people(PLAN, 11, date(2024, 9, 17), rng)
    book = Book("tail01", "02")
    pid = {p.no: f"CO-{p.no:03d}" for p in group}
    dmy = "%d %b %Y"
    roster = book.sheet("roster.txt", ["Participant", "Age", "Sex", "Weight (lb)", "Consent", "Randomised"])
    for p in group:
        roster.add(pid[p.no], p.age, p.sex, f"{p.weight / 0.45359237:.1f}", p.consented.strftime(dmy), p.randomized.strftime(dmy))
    diary = book.sheet("diary.txt", ["Participant", "Session", "Held", "Date", "Pill 1", "Start", "Exposure", "End", "Pill 2"])
    seen = set()
    for p, s in sessions(group):
        at = {d.time_point: d.at for d in s.doses}
        clocks = [at.get("PRE"), s.start if s.attended else None, s.exposure, s.end, at.get("POST")]
        diary.add("" if p.no in seen else pid[p.no], s.no, "x" if s.attended else "-", s.start.strftime(dmy),
                  *(t.strftime("%H%M") if t else "." for t in clocks))  # fmt: skip
        seen.add(p.no)
    suds = book.sheet("suds.txt", "Participant Session b1 p1 e1 b2 p2 e2")
    seen = set()
    for p, s in sessions(group):
        if s.exercises:
            suds.add("" if p.no in seen else pid[p.no], s.no, *(v for e in s.exercises for v in e))
            seen.add(p.no)
    lsas = book.sheet("lsas.txt", ["Participant", "Visit", "Date", *(f"Q{n}{h}" for n in range(1, 25) for h in "FA"), "Rater"])
    for p, f in forms(group, "LSAS"):
        lsas.add(pid[p.no], f.visit, f.on.strftime(dmy), *(f.items[i // 2 + 24 * (i % 2)] for i in range(48)), "JB")
    meds = book.sheet("meds.txt", "Participant Drug Dose Since Until")
    for p in group:
        for m in p.meds:
            meds.add(pid[p.no], m.name, m.dose, m.start, m.end)
    events = book.sheet("events.txt", "Participant Event Date Severity")
    for p in group:
        for a in p.events:
            events.add(pid[p.no], a.term, a.on.strftime(dmy), a.severity)

    row = next(r for r in diary.rows if r["Session"] == 3 and r["Pill 1"] != ".")
    row["Pill 1"] = "2575"
    book.plant("diary.txt", row, "impossible_date", "withhold", "clock time 2575", table="dose", field="dosed_at",
               column="Pill 1", also="dose_time_missing")  # fmt: skip
    row = next(r for r in diary.rows[30:] if r["Session"] == 4 and r["Pill 1"] != ".")
    row["Pill 1"] = f"{(int(row['Pill 1'][:2]) + 12) % 24:02d}{row['Pill 1'][2:]}"
    book.plant("diary.txt", row, "am_pm_slip", "query", "clock time twelve hours off", table="dose", field="dosed_at",
               column="Pill 1", also="implausible_lag;dose_on_wrong_side")  # fmt: skip
    row = meds.add(pid[3], "naproxen sodium \u2013 Aleve", "220 mg", "2024-05-01", "")
    book.plant("meds.txt", row, "medication_name_cleaned", "corrected", "drug name with a dash of windows-1252, decided in medications.csv",
               table="medication", field="verbatim", column="Drug", subject=pid[3], use="naproxen")  # fmt: skip
    row = diary.rows[-1]
    row["extra"] = ["late entry", "see note"]
    book.plant("diary.txt", row, "ragged_row", "reject", "row with two cells too many", table="session")
    row = roster.add(pid[5], 44, "M", "180.0", "01 Oct 2024", "15 Oct 2024")
    book.plant("roster.txt", [roster.rows[4], row], "duplicate_conflict", "reject", "one identifier, two different people",
               table="subject", subject=pid[5], also="subject_not_listed")  # fmt: skip
    write_folder(book, root / "tail01_02", "cp1252", "|")
    return book


def make(root: Path) -> list[Book]:
    """Both sites."""
    return [austin(root), boulder(root)]
