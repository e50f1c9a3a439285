"""Participants, medications, events and the pooled rows as they must be published (contract: adsl adcm adae adipd)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.truth.drugs import flag
from tests.truth.oracle.course import Course, active, class_at, span, study_day, yn
from tests.truth.oracle.scores import Scores
from tests.truth.records import Subject

Row = dict[str, Any]
TERMS = {"Tiredness": "Fatigue"}


def chronic(subject: Subject, c: Course) -> str:
    """An antidepressant begun at least 60 days before the first dose and not ended before it."""
    drugs = [m for m in subject.records["medication"] if flag(m.true["ingredients"], "A")]
    if not c.taken:
        return "U" if drugs else "N"
    first = min(c.local(d["dosed_at"]) for d in c.taken)
    states = set()
    for m in drugs:
        start = span(m.true["started_on"])
        early, late = start if start else (dt.date.min, dt.date.max)
        edge = first - dt.timedelta(days=60)
        begun = "N" if early > edge else "Y" if late <= edge else "U"
        at = active(m, first)
        states.add("N" if "N" in (begun, at) else "U" if "U" in (begun, at) else "Y")
    return "Y" if "Y" in states else "U" if "U" in states else "N"


def subject(s: Subject, c: Course) -> Row:
    """adsl."""
    me, plan = s.me, s.site.plan
    timed = [c.timing(d) for d in c.taken]
    deviations = c.deviations()
    gone = s.records["disposition"][0].true["withdrawn_on"] if s.records["disposition"] else None
    arm = next(a for a in plan["arms"] if a["code"] == me["arm"])
    blinded = plan["blinding"]["status"] == "blinded"
    fear = [c.fear[no]["SESSRES"] for no in c.session]
    major = sum(d["DVMAJFL"] == "Y" for d in deviations)
    days = [c.local(d["dosed_at"]) for d in c.taken]
    return {
        "USUBJID": s.usubjid, "AGE": me["age_years"], "AGEGR1": "PEDIATRIC" if me["age_years"] < 18 else "ADULT", "SEX": me["sex"],
        "WEIGHTBL": me["weight"] * (0.45359237 if s.site.style.weight_unit == "lb" else 1), "ICFDT": me["consented_on"],
        "RANDDT": me["randomized_on"], "TRT01P": None if blinded else arm["label"], "BLINDFL": yn(blinded), "ITTFL": "Y",
        "SAFFL": yn(bool(c.taken)), "PPROTFL": yn(major == 0), "TRTSDT": min(days, default=None), "TRTEDT": max(days, default=None),
        "NDOSE": len(c.taken), "NDOSECAP": min(9, len(c.taken)), "DOSE9FL": yn(len(c.taken) > 9),
        "CUMDOSE": sum(d["dose_mg"] for d in c.taken),
        "NWIN12": sum(t["WIN12FL"] == "Y" for t in timed), "NGT60": sum(t["GT60FL"] == "Y" for t in timed),
        "NGE4H": sum(t["GE4HFL"] == "Y" for t in timed), "NPOSTIM": sum(t["POSTIMFL"] == "Y" for t in timed),
        "NTIMUNK": sum(t["TIMCAT"] == "UNKNOWN" for t in timed), "NSESS": sum(bool(t["attended"]) for t in c.session.values()),
        "NGOOD": fear.count("GOOD"), "NBAD": fear.count("BAD"), "ADBLFL": class_at(s.records["medication"], "A", me["randomized_on"]),
        "PSYBLFL": class_at(s.records["medication"], "P", me["randomized_on"]), "ADCHRFL": chronic(s, c), "WDFL": yn(gone is not None),
        "WDDT": gone, "NDV": len(deviations), "NDVMAJ": major,
    }  # fmt: skip


def medications(s: Subject) -> list[Row]:
    """adcm: a row an ingredient; a text that is no drug has one row without."""
    out = []
    for t in (r.true for r in s.records["medication"]):
        for drug in t["ingredients"] or (None,):
            classes = {column: yn(drug is not None and flag((drug,), letter)) for column, letter in
                       (("ADFL", "A"), ("SSRIFL", "S"), ("PSYFL", "P"), ("PROHIBFL", "B"))}  # fmt: skip
            out.append({
                "USUBJID": s.usubjid, "CMDECOD": drug and drug.lower(), "CMSTDTC": t["started_on"], "CMENDTC": t["ended_on"],
                "ONGOFL": yn(t["ongoing"]), **classes,
            })  # fmt: skip
    return out


def events(s: Subject, c: Course) -> list[Row]:
    """adae."""
    days = sorted(c.local(d["dosed_at"]) for d in c.taken)
    out = []
    for r in s.records["adverse_event"]:
        day = dt.date.fromisoformat(r.true["started_on"])
        before = [d for d in days if d <= day]
        special = r.true.get("special")
        out.append({
            "USUBJID": s.usubjid, "AETERM": r.true["verbatim"],
            "AEDECOD": r.true.get("term", TERMS.get(r.true["verbatim"], r.true["verbatim"])),
            "AESTDTC": r.true["started_on"], "ASTDT": day, "AESEV": r.true["severity"], "AESER": yn(r.true["serious"]),
            "TRTEMFL": yn(bool(days) and day >= days[0]), "DAYSLDOS": (day - before[-1]).days if before else None,
            "AESIFL": "Y" if special else None, "AESICAT": special,
        })  # fmt: skip
    return out


def ipd(s: Subject, c: Course, q: Scores) -> list[Row]:
    """adipd, without what hangs on the other participants (Z, RANK100)."""
    mine = q.primary()
    base = next((r for r in mine if r["AVISIT"] == "BASELINE"), None)
    out = []
    for r in mine:
        doses = [d for d in c.taken if c.local(d["dosed_at"]) <= r["ADT"]]
        timed = [c.timing(d) for d in doses]
        fear = [c.fear[no]["SESSRES"] for no in {d["session_no"] for d in doses}]
        n = len(doses)
        out.append({
            "USUBJID": s.usubjid, "AVISIT": r["AVISIT"], "ADY": study_day(r["ADT"], s.me["randomized_on"]), "AVAL": r["AVAL"],
            "POMP": r["POMP"], "POMPBL": base["POMP"] if base else None,
            "WEEK": (r["ADT"] - base["ADT"]).days / 7 if base else None, "NDOSECAP": min(9, n),
            "PCTWIN12": sum(t["WIN12FL"] == "Y" for t in timed) / n if n else None,
            "PCTGT60": sum(t["GT60FL"] == "Y" for t in timed) / n if n else None,
            "PCTGOOD": None if not fear or "UNKNOWN" in fear else fear.count("GOOD") / len(fear),
        })  # fmt: skip
    return out
