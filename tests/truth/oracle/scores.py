"""Questionnaires of one participant as they must be published (contract: adqs, aditem, and the outcome around each session)."""

from __future__ import annotations

from typing import Any

from tests.truth.oracle.course import study_day
from tests.truth.records import Subject

Row = dict[str, Any]
PERFORMANCE = (1, 2, 3, 4, 6, 8, 9, 13, 14, 16, 17, 20, 21)
SOCIAL = tuple(n for n in range(1, 25) if n not in PERFORMANCE)

#: Instrument -> parameter -> (items, lowest, highest, share of items that may be missing).
SCALES: dict[str, dict[str, tuple[list[str], int, int, float]]] = {
    "LSAS": {
        "LSASFEAR": ([f"LSF{n:02d}" for n in range(1, 25)], 0, 72, 0.2), "LSASAVD": ([f"LSA{n:02d}" for n in range(1, 25)], 0, 72, 0.2),
        "LSASPFR": ([f"LSF{n:02d}" for n in PERFORMANCE], 0, 39, 0.2), "LSASPAV": ([f"LSA{n:02d}" for n in PERFORMANCE], 0, 39, 0.2),
        "LSASSFR": ([f"LSF{n:02d}" for n in SOCIAL], 0, 33, 0.2), "LSASSAV": ([f"LSA{n:02d}" for n in SOCIAL], 0, 33, 0.2),
    },
    "SPD-S": {"SPDS": (["SPDS"], 1, 7, 0)},
    "CY-BOCS": {
        "CYBOCOBS": ([f"CYB{n:02d}" for n in range(1, 6)], 0, 20, 0), "CYBOCCOM": ([f"CYB{n:02d}" for n in range(6, 11)], 0, 20, 0),
    },
    "CGI-S": {"CGI0101": (["CGI0101"], 1, 7, 0)},
    "AQ-ACRO": {
        "AQANX": ([f"AQA{n:02d}" for n in range(1, 21)], 0, 120, 0.2), "AQAVD": ([f"AQV{n:02d}" for n in range(1, 21)], 0, 40, 0.2),
    },
}  # fmt: skip
WHOLES = {"LSAS": ("LSASTOT", ("LSASFEAR", "LSASAVD"), 144), "CY-BOCS": ("CYBOCTOT", ("CYBOCOBS", "CYBOCCOM"), 40)}


def score(items: dict[str, Any], codes: list[str], allowed: float) -> tuple[float | None, int]:
    """Sum, filled by the person's own mean where so many may be missing; and how many were answered."""
    values = [items[c] for c in codes if items.get(c) is not None]
    missing = len(codes) - len(values)
    if not values or missing > allowed * len(codes):
        return None, len(values)
    return sum(values) * len(codes) / len(values), len(values)


class Scores:
    """Every scale of every administration."""

    def __init__(self, subject: Subject) -> None:
        self.s = subject
        self.forms = [r.true for r in subject.records["assessment"]]
        self.values: list[Row] = []
        for form in self.forms:
            self.values += self._scored(form)
        base = {r["PARAMCD"]: r["AVAL"] for r in self.values if r["AVISIT"] == "BASELINE"}
        for row in self.values:
            at_base = row["AVISIT"] == "BASELINE"
            b = base.get(row["PARAMCD"])
            change = None if at_base or b is None or row["AVAL"] is None else row["AVAL"] - b
            percent = 100 * change / b if change is not None and b else None
            row |= {"BASE": b, "CHG": change, "PCHG": percent, "ABLFL": "Y" if at_base else None}

    def _scored(self, form: Row) -> list[Row]:
        parts: dict[str, tuple[float | None, int, int, int, int]] = {}
        for code, (items, low, high, allowed) in SCALES[form["instrument"]].items():
            value, answered = score(form["items"], items, allowed)
            parts[code] = (value, answered, len(items), low, high)
        if form["instrument"] in WHOLES:
            code, names, high = WHOLES[form["instrument"]]
            both = [parts[n] for n in names]
            total = None if any(p[0] is None for p in both) else sum(p[0] for p in both)
            parts[code] = (total, sum(p[1] for p in both), sum(p[2] for p in both), 0, high)
        day = form["assessed_on"]
        return [
            {"USUBJID": self.s.usubjid, "PARAMCD": code, "AVISIT": form["visit"], "ADT": day,
             "ADY": study_day(day, self.s.me["randomized_on"]),
             "AVAL": v, "NITEMS": n, "NANSW": k, "POMP": None if v is None else 100 * (v - low) / (high - low),
             "DTYPE": "AVERAGE" if v is not None and k < n else None, "ANL01FL": None if v is None else "Y"}
            for code, (v, k, n, low, high) in parts.items()
        ]  # fmt: skip

    def scores(self) -> list[Row]:
        """adqs."""
        return self.values

    def items(self) -> list[Row]:
        """aditem; an item not answered has no row or a null."""
        return [
            {"USUBJID": self.s.usubjid, "ITEMCD": code, "AVISIT": f["visit"], "ADT": f["assessed_on"], "AVAL": value}
            for f in self.forms for code, value in f["items"].items() if value is not None
        ]  # fmt: skip

    def primary(self) -> list[Row]:
        """The primary outcome by date."""
        mine = [r for r in self.values if r["PARAMCD"] == self.s.site.plan["primary"] and r["AVAL"] is not None]
        return sorted(mine, key=lambda r: r["ADT"])

    def around(self, session: Row) -> Row:
        """AVALNEXT and CHGNEXT of one adsess row of this participant."""
        if session["USUBJID"] != self.s.usubjid or session["ATTFL"] != "Y":
            return {"AVALNEXT": None, "CHGNEXT": None} if session["USUBJID"] == self.s.usubjid else {}
        after = [r["AVAL"] for r in self.primary() if r["ADT"] > session["day"]]
        before = [r["AVAL"] for r in self.primary() if r["ADT"] <= session["day"]]
        change = after[0] - before[-1] if after and before else None
        return {"AVALNEXT": after[0] if after else None, "CHGNEXT": change}
