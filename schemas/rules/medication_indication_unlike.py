"""A drug that is not psychotropic is not given for a psychiatric disorder.

Why: names that look alike are taken for each other (Celebrex for Celexa, Zyrtec for Zyprexa, Lamisil for Lamictal, hydralazine for
hydroxyzine): each is a drug of the dictionary, so that only its indication tells. Antidepressant flags hang on it. Vitamins, minerals,
hormones and the like are taken for mood and are not asked about. Kept as sent.
Site: check the name of the drug and what it was taken for.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "verbatim"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The indication is psychiatric, the drug is none of psychiatry; its name may be taken for another."

#: Stems of indications, in the languages of the trials' sites.
_PSYCHIATRIC = (
    r"depress|dépress|depres[ijy]|anxi|angst|ansi[ae]|ångest|panic|panik|pánico|\bocd\b|obsess|obses|zwang|bipolar|psychos|psychot|psicos|schizo"
    r"|\bmood\b|\bptsd\b|posttraum|post-traum|phobi|fobi"
)
#: ATC codes of what is taken for mood or fear without counting as psychotropic: vitamins, minerals, tonics, folic acid, beta blockers,
#: fish oil, hormones, acetylcysteine, other drugs of the nervous system.
_BESIDE = r"^(A11|A12|A13|B03|C07|C10AX06|G03|H03|N|R05CB01|V)"


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    asked = (
        pl.col("is_coded") & ~pl.col("atc").cast(pl.String).fill_null("").str.contains(_BESIDE)
        & pl.col("indication").cast(pl.String).str.to_lowercase().str.contains(_PSYCHIATRIC)
    )  # fmt: skip
    return pl.when(asked).then(pl.col("is_psychotropic") | pl.col("is_interacting") | pl.col("is_study_drug"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """The drug it was coded as."""
    return pl.format("coded as {}; which drug was it?", pl.col("ingredient"))
