"""An event that is serious by definition is called serious.

Why: death, danger to life, admission to a hospital and an attempt at suicide make an event serious (ICH E2A, section II.B); such words
beside "not serious" are a slip in one of the two. Denied events, and events of relatives, are not asked about. Kept as sent.
Site: check whether the event was serious.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "adverse_event"
FIELD = "serious"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "An adverse event whose words make it serious is called not serious."

#: In the languages of the trials' sites: English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Polish.
_SERIOUS = "|".join([
    r"^(sudden |unexplained )?death\b", r"^(patient |participant |subject )?died\b", r"\bfatal\b", r"life[- ]threatening",
    r"suicide attempt", r"attempt(ed)? (at )?suicide", r"completed suicide", r"suizidversuch", r"selbstmordversuch",
    r"tentative de suicide", r"(intento|tentativa) de suicidio", r"tentativ[oa] (di|de) suic[ií]dio", r"zelfmoordpoging",
    r"su[iï]cidepoging", r"självmordsförsök", r"próba samobójcza", r"\b(re)?hospitali[sz](ed|ation)\b", r"hospitalizaci[óo]n",
    r"hospitalizado", r"ospedalizzazione", r"ricover(o|ato|ata)\b", r"admi(tted|ssion) to (the )?(a )?(psychiatric )?(hospital|ward)",
    r"(psychiatric|inpatient|hospital) admission", r"stationäre? (aufnahme|behandlung)", r"krankenhausaufenthalt", r"ziekenhuisopname",
    r"sjukhusvård", r"hospitalizacja", r"internamento",
])  # fmt: skip
_NOT_SO = (
    r"\b(no|not|without|denies|denied|family|mother|father|parent|brother|sister|friend|relative|fear of|afraid of"
    r"|keine|ohne|pas|sans|sin|non|geen|inga?)\b"
)


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    words = pl.col("verbatim").cast(pl.String).str.to_lowercase()
    speaks = words.str.contains(_SERIOUS) & ~words.str.contains(_NOT_SO)
    return pl.when(speaks).then(pl.col("serious").fill_null(True))
