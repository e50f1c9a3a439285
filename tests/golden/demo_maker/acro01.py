"""The two sites of trial acro01: SDTM transport files (Atlanta), one wide table a subject (Amsterdam). Unblinded."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

from tests.golden.demo_maker.plans import PLANS
from tests.golden.demo_maker.programme import doses, exercises, forms, people, sessions
from tests.golden.demo_maker.sheets import Book, csv_bytes, xpt_bytes

PLAN = PLANS["acro01"]
LONG = {"DCS50": "DCS 50 mg", "DCS500": "DCS 500 mg", "PLACEBO": "Placebo"}


def atlanta(root: Path) -> Book:
    """SDTM: DM DS VS EC SV QS CM AE; weight in VS by join, dose in g, SUDS and AQ one value a row."""
    rng = random.Random(301)
    group = people(PLAN, 9, date(2024, 10, 7), rng)
    book = Book("acro01", "01")
    uid = {p.no: f"ACRO01-01-{p.no:03d}" for p in group}
    stamp = "%Y-%m-%dT%H:%M"

    dm = book.sheet("dm.xpt", "STUDYID USUBJID SITEID RFICDTC AGE AGEU SEX ARMCD ARM")
    ds = book.sheet("ds.xpt", "STUDYID USUBJID DSDECOD DSSTDTC")
    vs = book.sheet("vs.xpt", "STUDYID USUBJID VSTESTCD VSORRES VSORRESU VISIT")
    for p in group:
        dm.add("ACRO01", uid[p.no], "01", str(p.consented), p.age, "YEARS", p.sex, p.arm, LONG[p.arm])
        ds.add("ACRO01", uid[p.no], "RANDOMIZED", str(p.randomized))
        if p.withdrawn:
            ds.add("ACRO01", uid[p.no], "WITHDRAWAL BY SUBJECT", str(p.withdrawn))
        vs.add("ACRO01", uid[p.no], "WEIGHT", f"{p.weight / 0.45359237:.0f}", "LB", "BASELINE")
        vs.add("ACRO01", uid[p.no], "PULSE", str(rng.randint(58, 88)), "beats/min", "BASELINE")
    sv = book.sheet("sv.xpt", "STUDYID USUBJID VISITNUM VISIT SVSTDTC SVENDTC")
    for p, s in sessions(group):
        if s.end:
            sv.add("ACRO01", uid[p.no], float(s.no), f"SESSION {s.no}", s.start.strftime(stamp), s.end.strftime(stamp))
    ec = book.sheet("ec.xpt", "STUDYID USUBJID ECSEQ ECTRT ECOCCUR ECDOSE ECDOSU ECTPT ECSTDTC VISITNUM")
    for n, (p, s, d) in enumerate(doses(group), 1):
        ec.add("ACRO01", uid[p.no], float(n), "STUDY CAPSULE", "Y" if d.taken else "N", d.mg / 1000, "g", "PRE-SESSION",
               d.at.strftime(stamp) if d.at else "", float(s.no))  # fmt: skip
    qs = book.sheet("qs.xpt", "STUDYID USUBJID QSCAT QSTESTCD QSORRES QSGRPID VISIT VISITNUM QSDTC")
    for p, s, n, (begin, peak, end) in exercises(group):
        for code, value in (("SUDSBEG", begin), ("SUDSPEAK", peak), ("SUDSEND", end)):
            qs.add("ACRO01", uid[p.no], "SUDS", code, str(value), str(n), f"SESSION {s.no}", float(s.no), str(s.start.date()))
    for part, code in (("AQ-ANX", "AQA"), ("AQ-AVD", "AQV")):
        for p, f in forms(group, part):
            on = next(g.on for g in p.forms if g.instrument == "AQ-ANX" and g.visit == f.visit)
            for n, value in enumerate(f.items, 1):
                qs.add("ACRO01", uid[p.no], "AQ", f"{code}{n:02d}", "" if value is None else str(value), "", f.visit, None, str(on))
    cm = book.sheet("cm.xpt", "STUDYID USUBJID CMSEQ CMTRT CMDOSTXT CMINDC CMSTDTC CMENDTC CMENRTPT")
    for p in group:
        for n, m in enumerate(p.meds, 1):
            cm.add("ACRO01", uid[p.no], float(n), m.name.upper(), m.dose, m.why, m.start, m.end, "" if m.end else "ONGOING")
    ae = book.sheet("ae.xpt", "STUDYID USUBJID AESEQ AETERM AESTDTC AESEV AESER AEREL")
    for p in group:
        for n, a in enumerate(p.events, 1):
            ae.add("ACRO01", uid[p.no], float(n), a.term.upper(), str(a.on), a.severity, "N", "POSSIBLY RELATED")

    row = next(r for r in ec.rows if r["USUBJID"] == uid[2] and r["ECSTDTC"])
    row["ECDOSU"] = ""
    book.plant("ec.xpt", row, "unit_missing", "withhold", "dose without a unit", table="dose", field="dose_mg", column="ECDOSU",
               subject=uid[2])  # fmt: skip
    row = next(r for r in ec.rows if r["USUBJID"] == uid[3] and r["ECSTDTC"])
    row["ECSTDTC"] = row["ECSTDTC"][:10]
    book.plant("ec.xpt", row, "dose_time_missing", "query", "date of the capsule, but no time (ISO 8601, cut right)", table="dose",
               field="dosed_at", column="ECSTDTC", subject=uid[3])  # fmt: skip
    row = next(r for r in qs.rows if r["USUBJID"] == uid[4] and r["QSTESTCD"] == "AQA07" and r["VISIT"] == "POST")
    row["QSORRES"] = "7"
    book.plant("qs.xpt", row, "out_of_scale", "withhold", "item 7 on a 0-6 scale", table="item", field="value", column="QSORRES",
               subject=uid[4])  # fmt: skip
    row = cm.add("ACRO01", uid[5], 9.0, "SERTRALINE", "50 mg", "anxiety", "2023---15", "", "ONGOING")
    book.plant("cm.xpt", row, "", "kept", "partial ISO date, day known and month not: kept as it is", table="medication",
               field="started_on", column="CMSTDTC", subject=uid[5], use="2023---15")  # fmt: skip
    row = cm.add("ACRO01", uid[6], 9.0, "QUITIAPINE", "25 mg", "sleep", "2024-02", "", "ONGOING")
    book.plant("cm.xpt", row, "medication_uncoded", "query", "quetiapine misspelt: suggestion, no guess", table="medication",
               field="verbatim", column="CMTRT", subject=uid[6])  # fmt: skip
    row = next(r for r in sv.rows if r["USUBJID"] == uid[7])
    row["SVENDTC"] = ""
    book.plant("sv.xpt", row, "", "kept", "session without an end: nothing is lost for a capsule taken before it",
               table="session", field="ended_at", column="SVENDTC", subject=uid[7], use="PRE_2_4H")  # fmt: skip
    row = dm.rows[7]
    row["ARMCD"] = "SCRNFAIL"
    book.plant("dm.xpt", row, "arm_unknown", "reject", "arm code the trial does not have", table="randomization", field="arm",
               column="ARMCD", subject=uid[8], also="arm_not_sent")  # fmt: skip
    folder = root / "acro01_01"
    folder.mkdir(parents=True, exist_ok=True)
    for name, sheet in book.sheets.items():
        (folder / name).write_bytes(xpt_bytes(sheet, name.removesuffix(".xpt"), folder))
    return book


def amsterdam(root: Path) -> Book:
    """One row a participant, everything beside each other: s1_start, suds_b_s1_e2; SUDS 1-100; list of arms apart."""
    rng = random.Random(302)
    group = people(PLAN, 12, date(2024, 10, 14), rng)
    book = Book("acro01", "02")
    pid = {p.no: f"A{p.no:02d}" for p in group}
    dmy = "%d-%m-%Y"
    columns = ["nr", "leeftijd", "geslacht", "gewicht", "toestemming", "loting"]
    columns += [f"s{s}_{c}" for s in (1, 2) for c in ("gekomen", "datum", "inname", "dosis_mg", "begin", "einde")]
    columns += [f"suds_{c}_s{s}_e{e}" for s in (1, 2) for e in (1, 2, 3) for c in "bpe"]
    wide = book.sheet("deelnemers.csv", columns)
    rows = {}
    for p in group:
        cells: dict[str, object] = {"nr": pid[p.no], "leeftijd": p.age, "geslacht": {"M": "man", "F": "vrouw"}[p.sex]}
        cells |= {"gewicht": p.weight, "toestemming": p.consented.strftime(dmy), "loting": p.randomized.strftime(dmy)}
        for s in p.sessions:
            d = s.doses[0]
            cells |= {f"s{s.no}_gekomen": "ja" if s.attended else "nee", f"s{s.no}_datum": s.start.strftime(dmy)}
            cells |= {f"s{s.no}_dosis_mg": int(d.mg), f"s{s.no}_inname": d.at.strftime("%H:%M") if d.at else ""}
            if s.end:
                cells |= {f"s{s.no}_begin": s.start.strftime("%H:%M"), f"s{s.no}_einde": s.end.strftime("%H:%M")}
            for n, values in enumerate(s.exercises, 1):
                cells |= {f"suds_{c}_s{s.no}_e{n}": max(1, v) for c, v in zip("bpe", values, strict=True)}
        rows[p.no] = dict.fromkeys(columns) | cells
        wide.rows.append(rows[p.no])
    aq = book.sheet("aq.csv", ["nr", "meting", "datum", *(f"anx{n}" for n in range(1, 21)), *(f"avd{n}" for n in range(1, 21))])
    for p in group:
        by = {(f.instrument, f.visit): f for f in p.forms}
        for (part, visit), f in by.items():
            if part == "AQ-ANX":
                aq.add(pid[p.no], visit, f.on.strftime(dmy), *f.items, *by["AQ-AVD", visit].items)
    arms = book.sheet("lotinglijst.csv", "nr arm lotnummer")
    for p in group:
        arms.add(pid[p.no], p.arm, f"L{400 + 7 * p.no}")
    meds = book.sheet("medicatie.csv", "nr middel dosis reden start stop")
    for p in group:
        for m in p.meds:
            meds.add(pid[p.no], m.name, m.dose, m.why, m.start, m.end)
    events = book.sheet("bijwerkingen.csv", "nr klacht datum ernst")
    for p in group:
        for a in p.events:
            on = a.on if a.on.day > 12 else a.on.replace(day=a.on.day + 13)
            events.add(pid[p.no], a.term, on.strftime("%d/%m/%Y"), a.severity.lower())

    file = "deelnemers.csv"
    rows[2]["suds_b_s1_e1"] = 150
    book.plant(file, rows[2], "out_of_scale", "withhold", "SUDS 150 on a 1-100 scale", table="rating", field="begin_suds",
               column="suds_b_s1_e1", subject=pid[2])  # fmt: skip
    rows[3]["suds_e_s2_e3"] = 0
    book.plant(file, rows[3], "out_of_scale", "withhold", "SUDS 0 on a 1-100 scale", table="rating", field="end_suds",
               column="suds_e_s2_e3", subject=pid[3])  # fmt: skip
    rows[4]["s1_dosis_mg"] = "vijftig"
    book.plant(file, rows[4], "unreadable_value", "withhold", "amount written as a word", table="dose", field="dose_mg",
               column="s1_dosis_mg", subject=pid[4])  # fmt: skip
    rows[5]["leeftijd"] = 415
    book.plant(file, rows[5], "age_out_of_range", "withhold", "age of 415 years", table="subject", field="age_years",
               column="leeftijd", subject=pid[5])  # fmt: skip
    row = events.add(pid[6], "Headache", "05/12/2024", "mild")
    book.plant("bijwerkingen.csv", row, "ambiguous_format", "withhold", "5 December or 12 May: two declared formats read it",
               table="adverse_event", field="started_on", column="datum", subject=pid[6])  # fmt: skip
    arms.rows[7]["nr"] = "A99"
    book.plant("lotinglijst.csv", arms.rows[7], "subject_not_listed", "reject", "arm of a participant nobody knows",
               table="randomization", field="subject_id", column="nr", subject="A99", also="arm_not_sent")  # fmt: skip
    p8 = group[8]
    rows[9]["toestemming"], rows[9]["loting"] = rows[9]["loting"], (p8.consented - timedelta(days=3)).strftime(dmy)
    book.plant(file, rows[9], "randomized_before_consent", "query", "randomized before consent", table="subject",
               field="randomized_on", column="loting", subject=pid[9], also="visit_out_of_window;adverse_event_before_consent")  # fmt: skip
    folder = root / "acro01_02"
    folder.mkdir(parents=True, exist_ok=True)
    for name, sheet in book.sheets.items():
        (folder / name).write_bytes(csv_bytes(sheet))
    return book


def make(root: Path) -> list[Book]:
    """Both sites."""
    return [atlanta(root), amsterdam(root)]
