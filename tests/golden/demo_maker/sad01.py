"""Lisbon and Boston of trial sad01; its other two sites share an EDC (sad01_edc.py)."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path

from tests.golden.demo_maker.plans import PLANS
from tests.golden.demo_maker.programme import Med, doses, exercises, forms, move_nearest, people, sessions
from tests.golden.demo_maker.sad01_edc import edc
from tests.golden.demo_maker.sheets import Book, write_folder

PLAN = PLANS["sad01"]
LS = [f"{half}{n:02d}" for half in "fa" for n in range(1, 25)]


def lisbon(root: Path) -> Book:
    """Semicolon, latin-1, decimal comma, d.m.Y, doses as text, SUDS 0-10."""
    rng = random.Random(107)
    group = people(PLAN, 10, date(2024, 12, 12), rng)
    book = Book("sad01", "07")
    night = move_nearest(group, date(2025, 3, 30))
    pid = {p.no: f"PT-{p.no:04d}" for p in group}
    german = {"MILD": "leicht", "MODERATE": "mittel", "SEVERE": "schwer"}
    visit = {"BASELINE": "Ausgang", "WEEK 4": "Woche 4", "WEEK 8": "Woche 8", "POST": "Ende", "FU1M": "Nachsorge"}
    dmy = "%d.%m.%Y"

    patients = book.sheet("patienten.csv", "PatNr Alter Geschlecht Gewicht Einwilligung Randomisierung")
    for p in group:
        patients.add(pid[p.no], p.age, {"M": "m", "F": "w"}[p.sex], f"{p.weight:.1f}".replace(".", ","),
                     p.consented.strftime(dmy), p.randomized.strftime(dmy))  # fmt: skip
    sitting = book.sheet("sitzungen.csv", "PatNr Sitzung Datum erschienen Beginn Exposition Ende")
    for p, s in sessions(group):
        sitting.add(pid[p.no], f"S{s.no}", s.start.strftime(dmy), "ja" if s.attended else "nein",
                    *(t.strftime("%H:%M") if t else "" for t in (s.attended and s.start, s.exposure, s.end)))  # fmt: skip
    taken = {}
    old = book.sheet("medikation_2024.csv", "PatNr Sitzung Datum Uhrzeit Dosis eingenommen")
    new = book.sheet("medikation_2025.csv", "PatNr Sitzung Datum Uhrzeit Dosis eingenommen")
    for p, s, d in doses(group):
        row = (old if s.start.year == 2024 else new).add(
            pid[p.no], f"S{s.no}", s.start.strftime(dmy), d.at.strftime("%H:%M") if d.at else "",
            rng.choice(["50 mg", "50 mg", "50 mg", "0,05 g"]), "ja" if d.taken else "nein")  # fmt: skip
        if d.taken:
            taken[p.no, s.no] = (row, "medikation_2024.csv" if s.start.year == 2024 else "medikation_2025.csv", d)
    fear = book.sheet("suds.csv", ["PatNr", "Sitzung", "Übung", "Beginn", "Maximum", "Ende"])
    for p, s, n, (begin, peak, end) in exercises(group):
        b, e = round(begin / 10), round(end / 10)
        fear.add(pid[p.no], f"S{s.no}", n, b, max(b, round(peak / 10)), "-9" if rng.random() < 0.01 else e)
    lsas = book.sheet("lsas.csv", ["PatNr", "Zeitpunkt", "Datum", *(f"lsas_{i}" for i in LS), "Summe"])
    for p, f in forms(group, "LSAS"):
        lsas.add(pid[p.no], visit[f.visit], f.on.strftime(dmy), *f.items, f.total)
    spds = book.sheet("spds.csv", "PatNr Zeitpunkt Datum Schwere Kommentar")
    for p, f in forms(group, "SPD-S"):
        spds.add(pid[p.no], visit[f.visit], f.on.strftime(dmy), f.items[0], "")
    meds = book.sheet("begleitmedikation.csv", "PatNr Praeparat Dosis Grund von bis")
    for p in group:
        for m in p.meds:
            meds.add(pid[p.no], m.name, m.dose, m.why, *(_short(t) for t in (m.start, m.end)))
    events = book.sheet("ereignisse.csv", "PatNr Ereignis Beginn Schwere schwerwiegend")
    for p in group:
        for a in p.events:
            events.add(pid[p.no], a.term, a.on.strftime(dmy), german[a.severity], "nein")
    gone = book.sheet("abbruch.csv", "PatNr Datum Grund")
    for p in group:
        if p.withdrawn:
            gone.add(pid[p.no], p.withdrawn.strftime(dmy), "Zeitmangel")

    # --- planted problems
    picks = iter(sorted(k for k in taken if k != night)[1::4])
    def dose(change: dict[str, str], rule: str, expected: str, text: str, field: str = "dose", **more: str) -> None:
        key = next(picks)
        row, file, _ = taken[key]
        row.update(change)
        column = ";".join(change)
        book.plant(file, row, rule, expected, text, table="dose", field=field, column=column, subject=pid[key[0]][3:], **more)

    dose({"Dosis": "5000 mg"}, "dose_amount_impossible", "withhold", "dose of 5000 mg")
    dose({"Dosis": "50 IE"}, "unit_unknown", "withhold", "unit IE is no unit of mass")
    dose({"Dosis": "50"}, "unit_missing", "withhold", "dose without a unit")
    dose({"Datum": "31.02.2025"}, "impossible_date", "withhold", "dose on 31 February", "dosed_at", also="dose_time_missing")
    dose({"Sitzung": "S99"}, "session_no_outside_protocol", "reject", "dose of session 99", "session_no")
    row, file, _ = taken[night]
    row["Uhrzeit"] = "01:30"
    book.plant(file, row, "nonexistent_local_time", "withhold", "clock time that summer time skipped", table="dose",
               field="dosed_at", column="Uhrzeit", subject=pid[night[0]][3:], also="session_next_day;session_on_rest_day")  # fmt: skip
    row = sitting.rows[20]
    row["cut"] = 4
    book.plant("sitzungen.csv", row, "ragged_row", "reject", "row cut after the fourth cell", table="session",
               also="dose_without_session;rating_without_session")  # fmt: skip
    row = fear.rows[30]
    row["Beginn"] = 15
    book.plant("suds.csv", row, "out_of_scale", "withhold", "SUDS 15 on a 0-10 scale", table="rating", field="begin_suds",
               column="Beginn")  # fmt: skip
    row = fear.rows[44]
    row["Ende"] = "ca. 4"
    book.plant("suds.csv", row, "unreadable_value", "withhold", "SUDS as text", table="rating", field="end_suds", column="Ende")
    row = meds.add(pid[4], "Citaloprám", "20 mg", "Depression", "01.03.2023", "")
    book.plant("begleitmedikation.csv", row, "medication_name_cleaned", "corrected", "citalopram with an accent that is not its own",
               table="medication", field="verbatim", column="Praeparat", subject="0004", use="citalopram")  # fmt: skip
    row = meds.add(pid[8], "Baldriantropfen Hausmarke", "", "Schlaf", "2024", "")
    book.plant("begleitmedikation.csv", row, "medication_name_cleaned", "corrected", "house brand decided by a person in medications.csv",
               table="medication", field="verbatim", column="Praeparat", subject="0008")  # fmt: skip
    row = next(r for r in sitting.rows if r["PatNr"] == pid[3] and r["Sitzung"] == "S8")
    row["PatNr"] = "PT-0003\u00a0"
    book.plant("sitzungen.csv", row, "space_removed", "corrected", "non-breaking space after the identifier", table="session",
               field="subject_id", column="PatNr", subject="0003", use="0003")  # fmt: skip
    row = next(r for r in fear.rows if r["PatNr"] == pid[5])
    row["PatNr"] = "PT-5"
    book.plant("suds.csv", row, "id_padded", "corrected", "identifier without its leading zeros", table="rating",
               field="subject_id", column="PatNr", subject="0005", use="0005")  # fmt: skip
    row = spds.add("PT-0099", "Ausgang", "03.09.2024", 5, "")
    book.plant("spds.csv", row, "subject_not_listed", "reject", "participant who is not in the list", table="item",
               field="subject_id", column="PatNr", subject="0099")  # fmt: skip
    row = patients.rows[5]
    row["Gewicht"] = "705,0"
    book.plant("patienten.csv", row, "corrected", "corrected", "weight 705,0 kg, corrected to 70,5 by corrections.yaml",
               table="subject", field="weight_kg", column="Gewicht", subject="0006", use="70.5")  # fmt: skip
    book.plant("patienten.csv", patients.rows[6], "correction_stale", "query", "a correction whose text the site no longer sends",
               table="subject", field="weight_kg", column="Gewicht", subject="0007")  # fmt: skip
    write_folder(book, root / "sad01_07", encoding="latin-1", delimiter=";", newline="\r\n")
    return book


def boston(root: Path) -> Book:
    """US CSV with a byte order mark: m/d/Y, AM/PM, pounds, LSAS interleaved 1a 1b 2a 2b, identifiers 001."""
    rng = random.Random(102)
    group = people(PLAN, 14, date(2024, 9, 10), rng)
    book = Book("sad01", "02")
    pid = {p.no: f"{p.no:03d}" for p in group}
    night = move_nearest(group[:6], date(2024, 11, 3))
    leaver = group[8]
    leaver.sessions, leaver.withdrawn = leaver.sessions[:7], leaver.session(7).start.date() - timedelta(days=1)
    leaver.forms = [f for f in leaver.forms if f.on <= leaver.withdrawn]
    leaver.events = []
    leaver.meds = [Med("ibuprofen", "2024-01-05", "", "400 mg", "headache")]

    people_ = book.sheet("demographics.csv", "Subject Age Sex WeightLb ConsentDate RandDate Initials")
    for p in group:
        people_.add(pid[p.no], p.age, {"M": "Male", "F": "Female"}[p.sex], f"{p.weight / 0.45359237:.0f}",
                    _us(p.consented), _us(p.randomized), "XX")  # fmt: skip
    visits = book.sheet("sessions.csv", ["Subject", "Session", "Attended", "Start", "First Exposure", "End"])
    for p, s in sessions(group):
        visits.add(pid[p.no], s.no, "Y" if s.attended else "N", _ampm(s.start if s.attended else None), _ampm(s.exposure), _ampm(s.end))
    dosing = book.sheet("dosing.csv", "Subject Session DoseDate DoseTime Amount Unit Taken")
    took = []
    for p, s, d in doses(group):
        row = dosing.add(pid[p.no], s.no, _us(s.start.date()), f"{d.at:%I:%M %p}".lstrip("0") if d.at else "",
                         "50", "mg", "Y" if d.taken else "N")  # fmt: skip
        if d.at:
            took.append((p, s, d, row))
    suds = book.sheet("suds.csv", "Subject Session Exercise Start Peak End")
    for p, s, n, e in exercises(group):
        suds.add(pid[p.no], s.no, n, *e)
    pairs = [f"{n}{half}" for n in range(1, 25) for half in "ab"]
    lsas = book.sheet("lsas.csv", ["Subject", "Visit", "Date", *pairs, "Total"])
    for p, f in forms(group, "LSAS"):
        lsas.add(pid[p.no], f.visit.title(), _us(f.on), *(f.items[i // 2 + 24 * (i % 2)] for i in range(48)), f.total)
    spds = book.sheet("spds.csv", "Subject Visit Date SPDS")
    for p, f in forms(group, "SPD-S"):
        spds.add(pid[p.no], f.visit.title(), _us(f.on), f.items[0])
    meds = book.sheet("conmeds.csv", "Subject Drug Dose Indication Start Stop Ongoing")
    for p in group:
        for m in p.meds:
            meds.add(pid[p.no], m.name, m.dose, m.why, _us_partial(m.start), _us_partial(m.end), "N" if m.end else "Y")
    events = book.sheet("ae.csv", "Subject Event Onset Severity Serious Related")
    for p in group:
        for a in p.events:
            events.add(pid[p.no], a.term, _us(a.on), a.severity.title(), "N", "Possibly")
    gone = book.sheet("withdrawals.csv", "Subject Date Reason")
    for p in group:
        if p.withdrawn:
            gone.add(pid[p.no], _us(p.withdrawn), "Moved away")

    # --- planted problems
    late = [t for t in took if t[2].at and t[2].at.hour >= 13 and t[0] is not leaver]
    row = next(t[3] for t in took if (t[0].no, t[1].no) == night)
    row["DoseTime"] = "1:30 AM"
    book.plant("dosing.csv", row, "ambiguous_local_time", "withhold", "clock time that exists twice when summer time ends",
               table="dose", field="dosed_at", column="DoseTime", subject=pid[night[0]])  # fmt: skip
    late = [t for t in late if t[0].no != night[0]]
    p, s, d, row = late[3]
    row["DoseTime"] = f"{d.at:%I:%M} AM".lstrip("0")
    book.plant("dosing.csv", row, "am_pm_slip", "query", "AM written for PM", table="dose", field="dosed_at", column="DoseTime",
               subject=pid[p.no], also="implausible_lag;dose_on_wrong_side")  # fmt: skip
    own = {pid[q.no] for q in (p, leaver)} | {pid[night[0]]}
    free = [t for t in took if pid[t[0].no] not in own and t[0].withdrawn is None]
    p, s, d, row = free[4]
    visits.rows.remove(next(r for r in visits.rows if r["Subject"] == pid[p.no] and r["Session"] == s.no))
    book.plant("dosing.csv", row, "dose_without_session", "query", "capsule of a session that has no row", table="dose",
               subject=pid[p.no], also="rating_without_session")  # fmt: skip
    p, s, d, row = free[12]
    twice = dosing.after(row, row | {"DoseTime": f"{d.at + timedelta(minutes=12):%I:%M %p}".lstrip("0")})
    book.plant("dosing.csv", [row, twice], "dose_second", "query", "two capsules taken for one session", table="dose",
               subject=pid[p.no])  # fmt: skip
    p, s, d, row = next(t for t in took if t[0] is leaver and t[1].no == 7) if any(
        t[0] is leaver and t[1].no == 7 for t in took) else next(t for t in reversed(took) if t[0] is leaver)  # fmt: skip
    book.plant("dosing.csv", row, "dose_after_withdrawal", "query", "capsule the day after withdrawal", table="dose",
               subject=pid[p.no], also="session_after_withdrawal")  # fmt: skip
    p, s, d, row = free[20]
    row["DoseTime"] = ""
    book.plant("dosing.csv", row, "dose_time_missing", "query", "capsule taken, time not written down", table="dose",
               field="dosed_at", column="DoseTime", subject=pid[p.no])  # fmt: skip
    row = visits.add(pid[2], 99, "Y", "3/3/2025 2:00 PM", "", "3/3/2025 3:30 PM")
    book.plant("sessions.csv", row, "session_no_outside_protocol", "reject", "session number 99", table="session",
               field="session_no", column="Session", subject=pid[2])  # fmt: skip
    row = suds.rows[40]
    again = suds.after(row, dict(row))
    book.plant("suds.csv", [row, again], "duplicate_row", "note", "the same row twice", table="rating", subject=row["Subject"])
    row = suds.rows[60]
    other = suds.after(row, row | {"End": row["End"] + 11 if row["End"] < 80 else 3})
    book.plant("suds.csv", [row, other], "duplicate_conflict", "reject", "same exercise twice with different values",
               table="rating", subject=row["Subject"])  # fmt: skip
    whole = [r for r in lsas.rows if r["Total"] is not None]
    whole[7]["Total"] += 9
    book.plant("lsas.csv", whole[7], "total_differs", "query", "reported total is not the sum of the items", table="item",
               field="value", column="Total", subject=whole[7]["Subject"])  # fmt: skip
    whole[15]["7a"] = 5
    book.plant("lsas.csv", whole[15], "out_of_scale", "withhold", "item 5 on a 0-3 scale", table="form", field="LSF07",
               column="7a", subject=whole[15]["Subject"])  # fmt: skip
    row = meds.add("7", "Zoloft 100 mg", "", "depression", "2/1/2023", "", "Y")
    book.plant("conmeds.csv", row, "id_padded", "corrected", "identifier lost its leading zeros in a spreadsheet",
               table="medication", field="subject_id", column="Subject", subject="007", use="007")  # fmt: skip
    book.plant("conmeds.csv", row, "medication_name_cleaned", "corrected", "brand name and strength in the drug's text",
               table="medication", field="verbatim", column="Drug", subject="007", use="sertraline")  # fmt: skip
    row = meds.add(pid[10], "none", "", "", "", "", "")
    book.plant("conmeds.csv", row, "medication_not_a_drug", "note", "the word none as a drug", table="medication", field="verbatim",
               column="Drug", subject=pid[10], also="medication_start_missing")  # fmt: skip
    row = meds.add(pid[11], "Xanax", "0.5 mg", "panic", "11/2/2024", "", "Y")
    book.plant("conmeds.csv", row, "medication_prohibited", "query", "benzodiazepine during the trial", table="medication",
               field="verbatim", column="Drug", subject=pid[11], also="medication_name_cleaned")  # fmt: skip
    row = events.add(pid[12], "Hallucinations, heard voices", "1/21/2025", "Severe", "Y", "Possibly")
    book.plant("ae.csv", row, "adverse_event_special_interest", "query", "psychosis after doses", table="adverse_event",
               field="verbatim", column="Event", subject=pid[12])  # fmt: skip
    row = events.add(pid[13], "Headache", "1/21/2031", "Mild", "N", "Unlikely")
    book.plant("ae.csv", row, "adverse_event_start_in_future", "withhold", "onset in the future", table="adverse_event", field="started_on",
               column="Onset", subject=pid[13])  # fmt: skip
    for file in ("spds.csv",):
        book.sheets[file].columns.append("Rater2")
        book.plant(file, None, "unmapped_column", "note", "a column nobody mapped", column="Rater2")
    write_folder(book, root / "sad01_02", encoding="utf-8-sig", newline="\r\n")
    return book


def _us(on: date) -> str:
    return f"{on.month}/{on.day}/{on.year}"


def _us_partial(iso: str) -> str:
    parts = iso.split("-")
    return "/".join([*(str(int(x)) for x in parts[1:]), parts[0]]) if iso else ""


def _ampm(at: datetime | None) -> str:
    return f"{_us(at.date())} {int(at.strftime('%I'))}:{at:%M %p}" if at else ""


def _short(iso: str) -> str:
    """d.m.Y, m.Y or Y."""
    return ".".join(reversed(iso.split("-"))) if iso else ""


def make(root: Path) -> list[Book]:
    """All four sites."""
    return [lisbon(root), boston(root), edc(root, "03", 103, 12, "Australia/Melbourne"), edc(root, "04", 104, 10, "America/Toronto")]
