"""Sessions, capsules, ratings and deviations of one participant as they must be published (contract: adsess adex adsuds addv)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from tests.truth.drugs import flag
from tests.truth.records import Record, Subject

Row = dict[str, Any]


def yn(value: bool | None) -> str | None:
    """Y, N or null."""
    return None if value is None else "Y" if value else "N"


def minutes(later: dt.datetime | None, earlier: dt.datetime | None) -> float | None:
    """Elapsed minutes, exact."""
    if later is None or earlier is None:
        return None
    return (later.astimezone(dt.UTC) - earlier.astimezone(dt.UTC)).total_seconds() / 60


def study_day(day: dt.date, anchor: dt.date) -> int:
    """No day 0."""
    diff = (day - anchor).days
    return diff + 1 if diff >= 0 else diff


def span(text: str | None) -> tuple[dt.date, dt.date] | None:
    """The days a date, whole or without its day, may be."""
    if text is None:
        return None
    if len(text) == 10:
        return dt.date.fromisoformat(text), dt.date.fromisoformat(text)
    year, month = (int(text[:4]), int(text[5:7])) if len(text) == 7 else (int(text), 0)
    if not month:
        return dt.date(year, 1, 1), dt.date(year, 12, 31)
    following = dt.date(year + month // 12, month % 12 + 1, 1)
    return dt.date(year, month, 1), following - dt.timedelta(days=1)


def active(medication: Record, day: dt.date) -> str:
    """Whether it was taken on a day: Y, N or U."""
    t = medication.true
    start, end = span(t["started_on"]), span(t["ended_on"])
    first, last = start if start else (dt.date.min, dt.date.max)
    sure_end, late_end = end if end else ((dt.date.max, dt.date.max) if t["ongoing"] else (first, dt.date.max))
    if first > day or late_end < day:
        return "N"
    return "Y" if last <= day <= max(sure_end, first) else "U"


class Course:
    """One participant's sessions with what was dosed and rated."""

    def __init__(self, subject: Subject) -> None:
        self.s, self.plan = subject, subject.site.plan
        self.zone = ZoneInfo(subject.site.zone)
        self.session = {r.true["session_no"]: r.true for r in subject.records["session"]}
        self.dose = sorted((r.true for r in subject.records["dose"]), key=lambda d: (d["session_no"], d["time_point"] == "POST"))
        self.taken = [d for d in self.dose if d["taken"]]
        self.fear = {no: self._fear(no) for no in self.session}

    def local(self, instant: dt.datetime) -> dt.date:
        """The site-local day of an instant."""
        return instant.astimezone(self.zone).date()

    def suds(self, raw: float | None) -> float | None:
        """A rating on 0-100."""
        low, high = (int(x) for x in self.s.site.style.scale.split("-"))
        return None if raw is None else (raw - low) / (high - low) * 100

    def _rated(self, no: int) -> list[Row]:
        return sorted((r.true for r in self.s.records["rating"] if r.true["session_no"] == no), key=lambda r: r["exercise_no"])

    def _fear(self, no: int) -> Row:
        rated = self._rated(no)
        if not rated:
            return {"NEXER": 0, "SUDSBEG": None, "SUDSPEAK": None, "SUDSEND": None, "SUDSRED": None, "SUDSREDP": None, "CRIT1FL": None,
                    "CRIT2FL": None, "SESSRES": "UNKNOWN"}  # fmt: skip
        begin, end = self.suds(rated[0]["begin"]), self.suds(rated[-1]["end"])
        every = [self.suds(r[k]) for r in rated for k in ("begin", "peak", "end") if r[k] is not None]
        known = begin is not None and end is not None
        pct = 100 * (begin - end) / begin if known and begin else None
        rule = self.plan["success"]
        low = None if end is None or "end_le" not in rule else round(end, 9) <= rule["end_le"]
        cut = None if pct is None or "reduction_ge_pct" not in rule else round(pct, 9) >= rule["reduction_ge_pct"]
        good = {"end_le": low, "reduction_ge_pct": cut}[rule["decisive"]]
        result = "GOOD" if good else "BAD" if known and end > begin else "NEUTRAL" if known and good is not None else "UNKNOWN"
        return {
            "NEXER": len(rated), "SUDSBEG": begin, "SUDSPEAK": max(every), "SUDSEND": end, "SUDSRED": begin - end if known else None,
            "SUDSREDP": pct, "CRIT1FL": yn(low), "CRIT2FL": yn(cut), "SESSRES": result,
        }  # fmt: skip

    def success(self, no: int) -> bool | None:
        """Whether the trial's decisive criterion was met."""
        column = {"end_le": "CRIT1FL", "reduction_ge_pct": "CRIT2FL"}[self.plan["success"]["decisive"]]
        return {"Y": True, "N": False, None: None}[self.fear.get(no, {}).get(column)]

    def ratings(self) -> list[Row]:
        """adsuds."""
        return [
            {"USUBJID": self.s.usubjid, "SESSNO": r.true["session_no"], "EXNO": r.true["exercise_no"],
             "SUDSBEG": self.suds(r.true["begin"]), "SUDSPEAK": self.suds(r.true["peak"]), "SUDSEND": self.suds(r.true["end"]),
             "SUDSSCL": self.s.site.style.scale}
            for r in self.s.records["rating"]
        ]  # fmt: skip

    def timing(self, dose: Row) -> Row:
        """Lags, category and flags of a taken dose."""
        session = self.session.get(dose["session_no"], {})
        start, end = session.get("started_at"), session.get("ended_at")
        lag = minutes(start, dose["dosed_at"])
        expo = minutes(session.get("exposure_started_at"), dose["dosed_at"])
        after = minutes(dose["dosed_at"], end)
        out: Row = {"LAGSTRT": lag, "LAGEXPO": expo, "LAGEND": after}
        if lag is None or abs(lag) > 720:
            return out | {"TIMCAT": "UNKNOWN", "WIN12FL": None, "GT60FL": None, "GE4HFL": None, "POSTIMFL": None, "INWINFL": None}
        category = (
            "PRE_GE4H" if lag >= 240 else "PRE_2_4H" if lag > 120 else "PRE_1_2H" if lag >= 60 else "PRE_LT1H" if lag > 0
            else "DURING" if after < 0 else "POST_IMM" if after <= 30 else "POST_LATE"
        )  # fmt: skip
        window = self.plan["timing_window"][dose["time_point"].lower()]
        measured = lag if dose["time_point"] == "PRE" else after
        return out | {
            "TIMCAT": category, "WIN12FL": yn(60 <= lag <= 120), "GT60FL": yn((lag if expo is None else expo) > 60),
            "GE4HFL": yn(lag >= 240), "POSTIMFL": yn(category == "POST_IMM"),
            "INWINFL": yn(window["from_min"] <= measured <= window["to_min"]),
        }  # fmt: skip

    def doses(self) -> list[Row]:
        """adex."""
        return [self._dose(d) for d in self.dose]

    def _dose(self, d: Row) -> Row:
        session = self.session.get(d["session_no"], {})
        factor = 0.45359237 if self.s.site.style.weight_unit == "lb" else 1
        mg = d["dose_mg"] if d["taken"] else None
        row: Row = {
            "USUBJID": self.s.usubjid, "SESSNO": d["session_no"], "EXTPT": f"{d['time_point']}-SESSION", "PLANFL": yn(self.planned(d)),
            "EXOCCUR": yn(d["taken"]), "EXDOSE": mg, "SESDTM": session.get("started_at"), "EXPDTM": session.get("exposure_started_at"),
            "SEEDTM": session.get("ended_at"), "SESSRES": self.fear[d["session_no"]]["SESSRES"] if session else None,
            "TAILFL": yn(self._tailored(d)), "EXSTDTM": d["dosed_at"] if d["taken"] else None,
        }  # fmt: skip
        if not d["taken"]:
            return row | dict.fromkeys(("LAGSTRT", "LAGEXPO", "LAGEND", "TIMCAT", "DOSENUM", "DOSEINT", "DOSEMGKG", "DOSECAT"))
        n = self.taken.index(d)
        day = self.local(d["dosed_at"])
        gap = (day - self.local(self.taken[n - 1]["dosed_at"])).days if n else None
        drugs = self.s.records["medication"]
        return row | self.timing(d) | {
            "DOSEMGKG": mg / (self.s.me["weight"] * factor), "DOSECAT": "LT50" if mg < 50 else "50_250" if mg <= 250 else "GT250",
            "GT250FL": yn(mg > 250), "PEDDSFL": yn(25 <= mg <= 50) if self.s.me["age_years"] < 18 else None, "DOSENUM": n + 1,
            "DOSEINT": gap, "CHRONFL": yn(gap is not None and gap < 2),
            **{column: class_at(drugs, letter, day) for column, letter in
               (("ADDOSFL", "A"), ("SSRIDFL", "S"), ("BZDDFL", "B"), ("PSYDFL", "P"), ("INTDFL", "I"))},
        }  # fmt: skip

    def planned(self, d: Row) -> bool:
        """Whether the protocol plans this capsule."""
        return d["session_no"] in self.plan["dosing"]["sessions"] and d["time_point"] in self.plan["dosing"]["time_points"]

    def _tailored(self, d: Row) -> bool | None:
        success = self.success(d["session_no"])
        if not self.plan.get("tailored") or d["time_point"] != "POST" or success is None:
            return None
        return d["taken"] == success

    def sessions(self) -> list[Row]:
        """adsess."""
        out = []
        for no, t in self.session.items():
            dosed = [d for d in self.taken if d["session_no"] == no]
            categories = {self.timing(d)["TIMCAT"] for d in dosed}
            post = next((self._tailored(d) for d in self.dose if d["session_no"] == no and d["time_point"] == "POST"), None)
            day = self.local(t["started_at"]) if t["started_at"] else None
            out.append({
                "USUBJID": self.s.usubjid, "SESSNO": no, "ATTFL": yn(t["attended"]), "SESDTM": t["started_at"], "SEEDTM": t["ended_at"],
                "SESDY": study_day(day, self.s.me["randomized_on"]) if day else None, "DURMIN": minutes(t["ended_at"], t["started_at"]),
                "DOSEFL": yn(bool(dosed)), "TIMCAT": (categories.pop() if len(categories) == 1 else "UNKNOWN") if dosed else None,
                "TAILFL": yn(post), "day": day, **self.fear[no],
            })  # fmt: skip
        return out

    def deviations(self) -> list[Row]:
        """addv."""
        found: list[tuple[str, int | None]] = []
        points = self.plan["dosing"]["time_points"]
        by = {(d["session_no"], d["time_point"]): d for d in self.dose}
        last = max((no for no, t in self.session.items() if t["attended"]), default=0)
        for no, t in self.session.items():
            if not t["attended"]:
                if not self.s.records["disposition"] or no < last:
                    found.append(("SESSION_MISSED", no))
                continue
            if no not in self.plan["dosing"]["sessions"]:
                continue
            for point in points:
                taken = bool(by.get((no, point), {}).get("taken"))
                tailored = bool(self.plan.get("tailored")) and point == "POST"
                success = self.success(no)
                if not taken and (success if tailored else True):
                    found.append(("DOSE_MISSED", no))
                if tailored and success is not None and taken != success:
                    found.append(("TAILORING_DISCORDANT", no))
        for d in self.taken:
            timed = self.timing(d)
            if timed["INWINFL"] == "N":
                found.append(("TIMING_OUT_OF_WINDOW", d["session_no"]))
            if timed["TIMCAT"] == "UNKNOWN":
                found.append(("TIMING_UNKNOWN", d["session_no"]))
        if self.taken:
            days = [self.local(d["dosed_at"]) for d in self.taken]
            for m in self.s.records["medication"]:
                start, end = span(m.true["started_on"]), span(m.true["ended_on"])
                if flag(m.true["ingredients"], "B") and start and start[1] <= max(days) and (end is None or end[0] >= min(days)):
                    found.append(("PROHIBITED_MEDICATION", None))
        major = set(self.plan["major_deviations"])
        return [{"USUBJID": self.s.usubjid, "DVDECOD": code, "SESSNO": no, "DVMAJFL": yn(code in major)} for code, no in found]


def class_at(drugs: list[Record], letter: str, day: dt.date) -> str:
    """Y, N or U: whether a drug of the class was taken on the day."""
    states = {active(m, day) for m in drugs if flag(m.true["ingredients"], letter)}
    return "Y" if "Y" in states else "U" if "U" in states else "N"
