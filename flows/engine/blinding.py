"""Does what is to be published name the arm of a blinded trial? Asked without knowing any arm.

What belongs here: the words that name an arm, looking for them in texts, whether a text parts the participants. What does not: tests
with the randomization list (leaktest.py), opening the list (landing.py and mapping never do while a trial is blinded).

Three things are looked for in the texts a site wrote (dose as recorded, medication and adverse-event verbatims):

- a word for one arm only: a placebo word, `verum`, a code or label of the trial's arms. The value is left out of the release, with a
  finding. A text that names drug and placebo ("DCS/placebo") tells nothing, nor does the study drug's name alone: in a blinded trial
  it means the capsule.
- a dose text that parts the participants: written one way for all doses of some and another way for all doses of the others, numbers
  and units left out, where the amount does not explain it. The column is left out for the site, with a finding.
- an arm's word in an identifier, which cannot be left out: the site's delivery is held.

Amounts that tell the arm are a case of their own (blinded_amounts.py).
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from flows.engine import blinded_amounts
from flows.engine.config import PROJECT, Programme
from schemas.columns import columns
from schemas.evidence import Evidence
from schemas.trial import BlindingStatus, Trial

NAME = "arm_words.csv"
#: Published texts that a site wrote itself, and the sentence that may quote one.
TEXT = {"adex": ("EXDOSORG",), "adcm": ("CMTRT", "CMMODIFY"), "adae": ("AETERM", "AEREL"), "addv": ("DVTERM",)}
#: What they are called where they came from: set -> column -> (intake table, field).
_FIELD = {
    "EXDOSORG": ("dose", "dose_as_recorded"), "CMTRT": ("medication", "verbatim"), "CMMODIFY": ("medication", "verbatim"),
    "AETERM": ("adverse_event", "verbatim"), "AEREL": ("adverse_event", "related"), "DVTERM": ("deviation", "dvterm"),
}  # fmt: skip
_UNITS = re.compile(r"(?i)\b(mg|milligramm?e?s?|g|gramm?e?s?|mcg|µg|ug|ml)\b")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
#: The way a dose is written: its letters besides the unit.
_WAY = (
    pl.col("EXDOSORG").cast(pl.String).str.to_lowercase().str.replace_all(_UNITS.pattern, " ").str.replace_all(r"[\W\d_]+", " ")
    .str.strip_chars().alias("way")
)  # fmt: skip
_ARMS = ("SUBJID", "TRT01P", "TRT01A")
#: Words that the product's own sentences and keys hold in either arm: PRE-SESSION, before the session.
_OWN = re.compile(r"(?i)pre|post|before|after|session")


@dataclass(frozen=True)
class Terms:
    """Regular expressions of one trial. `named`: a code or label of an arm; `told`: a word for one arm; `drug`: the study drug.
    `min_side`: participants there must be on either side before a way of writing counts as parting them. `no_amounts`: releases show
    no amounts; `amounts`: those a capsule may have."""

    named: str
    told: str
    drug: str
    min_side: int
    no_amounts: bool = False
    amounts: tuple[float, ...] = ()

    @property
    def mark(self) -> str:
        """Tells one set of words from another."""
        return hashlib.sha256("\0".join(map(str, astuple(self))).encode()).hexdigest()[:12]


def words(codelists: Sequence[Path]) -> dict[str, list[str]]:
    """kind (placebo, active, drug) -> words, of the project's list and those laid over it."""
    out: dict[str, list[str]] = {"placebo": [], "active": [], "drug": []}
    for folder in dict.fromkeys((PROJECT / "codelists", *codelists)):
        if (folder / NAME).is_file():
            with (folder / NAME).open(encoding="utf-8-sig", newline="") as lines:
                for row in csv.DictReader(lines):
                    out.setdefault(row["kind"], []).append(row["word"])
    return out


def terms_of(programme: Programme) -> dict[str, Terms]:
    """Study -> the words of its arms, of the trials that are blinded."""
    blinded = [t for t in programme.trials.values() if t.blinding.status is BlindingStatus.BLINDED]
    known = words(programme.codelists) if blinded else {}
    return {t.study: terms(t, known, programme.evidence) for t in blinded}


def terms(trial: Trial, known: dict[str, list[str]], evidence: Evidence) -> Terms:
    """The words of a trial's arms. A code or label that is only the drug's name or a time point (PRE), or has fewer than three letters,
    counts only behind a word such as `arm`: alone it stands in too many texts that say nothing."""
    drug, told = _any(known["drug"]), [*known["placebo"], *known["active"]]
    named = [text for arm in trial.arms for text in (arm.code, arm.label)]
    common = re.compile(f"(?i){_any([*known['drug'], *told])}")
    bare = [(t, _letters(common.sub(" ", _UNITS.sub(" ", t))), _letters(_OWN.sub("", t))) for t in named]
    plain = [t for t, rest, beside in bare if len(_letters(t)) < 3 or not rest or not beside]
    behind = "|".join(sorted({_pattern(t) for t in plain if _pattern(t)}, key=lambda p: (-len(p), p)))
    own = _any([t for t in named if t not in plain])
    after = rf"|(?:^|[\W_])(?:arm|randomi[sz]ed to|allocated to|allocation)[\W_]{{1,3}}(?:{behind})(?:$|[\W_])" if behind else ""
    return Terms(
        f"(?i){own}{after}", f"(?i){_any(told)}", f"(?i){drug}", evidence.arm_parting_participants.value,
        blinded_amounts.withheld(trial), blinded_amounts.nominal(trial),
    )  # fmt: skip


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", text)


def _pattern(text: str) -> str:
    """A text as a pattern; between its words up to three characters that are no letter or digit."""
    return r"[\W_]{1,3}".join(re.escape(p) for p in re.split(r"[\W_]+", text) if p)


def _any(texts: Sequence[str]) -> str:
    inside = "|".join(sorted({_pattern(t) for t in texts if _pattern(t)}, key=lambda p: (-len(p), p)))
    return rf"(?:^|[\W_])(?:{inside})(?:$|[\W_])" if inside else r"[^\s\S]"


def tells(column: str, terms: Terms) -> pl.Expr:
    """Whether a text names one arm: by its code or label, or by a word for one arm where the drug is not named beside it."""
    text = pl.col(column).cast(pl.String)
    return (text.str.contains(terms.named) | (text.str.contains(terms.told) & ~text.str.contains(terms.drug))).fill_null(value=False)


def without_arms(frame: pl.DataFrame, dataset: str, terms: Terms) -> pl.DataFrame:
    """A set without the texts that name an arm or part the participants, and without amounts where they tell the arm."""
    if terms.no_amounts:
        frame = blinded_amounts.without(frame, dataset)
    names = TEXT.get(dataset, ())
    frame = frame.with_columns(pl.when(~tells(c, terms)).then(pl.col(c)).alias(c) for c in names)
    if dataset == "adex" and parts_participants(frame, terms.min_side):
        frame = frame.with_columns(pl.lit(None, pl.String).alias("EXDOSORG"))
    return frame


def parts_participants(frame: pl.DataFrame, min_side: int) -> bool:
    """Whether the way a dose is written parts the participants in two: each has one way for all of their doses, both ways stand
    beside the same amount, and there are `min_side` participants or more on either side."""
    texts = frame.select("USUBJID", _WAY, "EXDOSE").drop_nulls()
    people = texts.group_by("USUBJID").agg(pl.col("way").n_unique().alias("ways"), pl.len().alias("n"), pl.col("way").first())
    people = people.filter(pl.col("n") > 1)
    if people.is_empty() or people.get_column("ways").max() != 1:
        return False
    sides = people.group_by("way").len()
    if sides.height != 2 or int(sides.get_column("len").min()) < min_side:  # type: ignore[arg-type]
        return False
    return int(texts.group_by("EXDOSE").agg(pl.col("way").n_unique().alias("k")).get_column("k").max()) > 1  # type: ignore[arg-type]


@dataclass(frozen=True)
class Look:
    """What was found in one site's staged sets: findings' rows, the sets of which something is left out, identifiers that name an arm;
    doses whose amount is left out, participants that amounts tell apart from the others."""

    rows: list[dict[str, str | int | None]]
    sets: tuple[str, ...]
    identifiers: int
    amounts: int = 0
    parted: int = 0


def wanted(dataset: str) -> list[str]:
    """The columns of a set that are looked at."""
    if dataset == "adsl":
        return ["SITEID", *_ARMS]
    amount = ["EXOCCUR", "EXDOSE"] if dataset == "adex" else []
    return list(dict.fromkeys(["USUBJID", "SITEID", "STUDYID", *_keys(dataset), *TEXT[dataset], "SRCFILE", "SRCROW", *amount]))


def _keys(dataset: str) -> list[str]:
    return [c.name for c in columns()[dataset] if c.is_key and c.name not in ("STUDYID", "USUBJID")]


def look(folder: Path, files: dict[str, dict[str, dict[str, object]]], site: str, terms: Terms) -> Look:
    """Look through one site of a staged unit; the answer is kept beside it, because it never changes."""
    note = _note(folder, site, terms)
    if note.is_file():
        told = json.loads(note.read_text(encoding="utf-8"))
        return Look(told["rows"], tuple(told["sets"]), told["identifiers"], told["amounts"], told["parted"])
    paths = {d: folder / str(files[d][site]["file"]) for d in (*TEXT, "adsl")}
    found = look_through({d: pl.DataFrame(pq.read_table(path, columns=wanted(d))) for d, path in paths.items()}, terms)
    keep(folder, site, terms, found.get(site, Look([], (), 0)))
    return found.get(site, Look([], (), 0))


def keep(folder: Path, site: str, terms: Terms, found: Look) -> None:
    """Write down beside a site's staged files what was found in them."""
    note = _note(folder, site, terms)
    temporary = note.with_name(f".{note.name}")
    temporary.write_text(json.dumps(asdict(found)), encoding="utf-8")
    temporary.replace(note)


def _note(folder: Path, site: str, terms: Terms) -> Path:
    return folder / f"arms-{terms.mark}-{site}.json"


def look_through(frames: dict[str, pl.DataFrame], terms: Terms) -> dict[str, Look]:
    """Look through sets of one trial, many sites at once. `frames`: every set of TEXT, and adsl, with the columns of `wanted`.
    Returns site -> what was found, of the sites that have participants."""
    people = frames["adsl"]
    rows: dict[str, list[dict[str, str | int | None]]] = {str(s): [] for s in people.get_column("SITEID").unique().sort()}
    sets: dict[str, list[str]] = {site: [] for site in rows}
    for dataset, names in TEXT.items():
        for site, found in _rows(frames[dataset], dataset, names, terms):
            rows.setdefault(site, []).append(found)
            sets.setdefault(site, []).append(dataset)
    told = people.filter(tells("SUBJID", terms) | pl.col("TRT01P").is_not_null() | pl.col("TRT01A").is_not_null())
    wrong = dict(told.group_by("SITEID").len().iter_rows())
    given, parted = _amounts(frames["adex"], terms)
    left_out = tuple(blinded_amounts.COLUMNS) if terms.no_amounts else ()
    return {
        site: Look(found, tuple(dict.fromkeys([*sets[site], *left_out])), wrong.get(site, 0), given.get(site, 0), parted.get(site, 0))
        for site, found in rows.items()
    }


def _amounts(doses: pl.DataFrame, terms: Terms) -> tuple[dict[str, int], dict[str, int]]:
    """Site -> doses whose amount is left out; site -> participants that amounts tell apart from the others."""
    taken = doses.filter(pl.col("EXOCCUR") == "Y")
    if terms.no_amounts:
        return dict(taken.group_by("SITEID").len().iter_rows()), {}
    odd = taken.filter(~pl.col("EXDOSE").is_in(list(terms.amounts)).fill_null(value=False)).get_column("SITEID").unique().to_list()
    sides = {
        str(s): blinded_amounts.smaller_side(taken.filter(pl.col("SITEID") == s), terms.amounts, terms.min_side) for s in sorted(odd)
    }
    return {}, sides


def _rows(
    frame: pl.DataFrame, dataset: str, names: Sequence[str], terms: Terms
) -> Iterator[tuple[str, dict[str, str | int | None]]]:
    """Site and findings' row of one set: a value each that names an arm, or a site's whole column that parts the participants."""
    for name in names:
        table, field = _FIELD[name]
        for r in frame.filter(pl.col(name).is_in(_telling(frame, name, terms))).iter_rows(named=True):
            subject = r["USUBJID"].removeprefix(f"{r['STUDYID']}-{r['SITEID']}-")
            key = "|".join([subject, *(str(r[k]) for k in _keys(dataset))])
            yield r["SITEID"], {
                "table": table, "field": field, "subject": subject, "record_key": key, "raw_value": r[name],
                "source_file": r["SRCFILE"], "source_row": r["SRCROW"], "n_rows": 1,
            }  # fmt: skip
    if dataset != "adex":
        return
    for site in _two_ways(frame):
        mine = frame.filter(pl.col("SITEID") == site)
        if parts_participants(mine.filter(~pl.col("EXDOSORG").is_in(_telling(mine, "EXDOSORG", terms))), terms.min_side):
            yield site, {
                "table": "dose", "field": "dose_as_recorded", "subject": None, "record_key": "", "raw_value": None,
                "source_file": None, "source_row": None, "n_rows": mine.get_column("EXDOSORG").count(),
            }  # fmt: skip


def _telling(frame: pl.DataFrame, name: str, terms: Terms) -> list[str]:
    """The texts of a column that name an arm; the same text is looked at once."""
    return frame.select(pl.col(name).drop_nulls().unique()).filter(tells(name, terms)).get_column(name).to_list()


def _two_ways(frame: pl.DataFrame) -> list[str]:
    """Sites that write their doses in more than one way: only these can part their participants."""
    texts = frame.select("SITEID", "EXDOSORG").unique().drop_nulls().select("SITEID", _WAY)
    ways = texts.group_by("SITEID").agg(pl.col("way").n_unique().alias("k")).filter(pl.col("k") > 1)
    return sorted(ways.get_column("SITEID").to_list())


def plain_findings(frame: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """Findings of a blinded trial as a release shows them: no record key and no suggestion that names an arm."""
    return frame.with_columns(
        pl.when(~tells("record_key", terms)).then(pl.col("record_key")).otherwise(pl.lit("(names an arm)")).alias("record_key"),
        pl.when(~tells("suggestion", terms)).then(pl.col("suggestion")).alias("suggestion"),
    )


def plain_reason(reason: str, terms: Terms) -> str:
    """Why a site is held, as the manifest may say it."""
    named = pl.DataFrame({"t": [reason]}).select(tells("t", terms)).item()
    return "the reason names an arm and is not told here; look -> trialweave findings --held" if named else reason
