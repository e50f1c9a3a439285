"""De-identification of what is published: keyed pseudonyms, a whole-day shift of each participant's dates, no free text.

What belongs here: what a pseudonym and a shift are, and turning a table as staged into one as published. What does not: which files
of a release are turned (copies.py), what the trial asks for (schemas/trial.py).

It is done when a release is put together, not before: staged output, findings' history and landing stay as the site sent them, for
their owner only, so that rules, holding, ranks and the comparison of deliveries work on true ids and dates, and a query to a site
names its participant. Nothing that is computed from dates (lags, study days, categories, weeks, ranks) is computed again: it is the
same before and after.

pseudonym   first 16 hex of HMAC-SHA256(key, "subject" NUL USUBJID); 64 bits, so that two of 100,000 participants meet once in 4e9
shift       1 to max_days back (whole weeks where the trial says so), from HMAC-SHA256(key, "shift" NUL USUBJID): a date never moves
            into the future, and no participant keeps the true one
instants    the clock time of the session's start at the site is kept; the other instants of a row keep their exact distance to it. An
            instant of a row without session start keeps its own clock time. A clock time that the new day skips is an hour later
dates       moved; of a month the year is left where both its ends fall in one, of a year nothing ("2024-03" -> "2023" or nothing);
            a date whose day was imputed is left out, because the first of a month moved would tell the shift
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import polars as pl

from schemas.columns import columns
from schemas.findings import ConfigurationError
from schemas.trial import Deidentification, Trial

#: Free text of the published sets: what a site wrote, and sentences that quote it or a date.
FREE_TEXT = {"adex": ("EXDOSORG",), "adcm": ("CMTRT", "CMMODIFY", "CMSUGG"), "adae": ("AETERM",), "addv": ("DVTERM",), "adtrt": ()}
#: Instants of a row, the one whose clock time is kept first.
_INSTANTS = ("SESDTM", "EXSTDTM", "EXPDTM", "SEEDTM")
#: A date, the text of the same date, and the flag that says that a part of it was imputed.
_IMPUTED = {"ASTDT": "ASTDTF", "AENDT": "AENDTF"}
_NOT_OF_A_PERSON = {"UNBLDT"}
_PARTIAL = re.compile(r"^(\d{4})-(\d{2})$")
_FULL = re.compile(r"^(\d{4}-\d{2}-\d{2})(T.*)?$")


class Masker:
    """The pseudonyms and shifts of one trial under its key."""

    def __init__(self, trial: Trial, key: bytes) -> None:
        told = trial.deidentification
        if told is None:
            raise ConfigurationError(f"{trial.study} declares no deidentification")
        self.study, self.told, self._key = trial.study, told, key
        #: Tells one key from another without telling the key: part of file names and of the manifest.
        self.check = self._mac("check", "")[:8]

    def _mac(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()

    def code(self, usubjid: str) -> str:
        """16 hex that stand for a participant."""
        return self._mac("subject", usubjid)[:16] if self.told.pseudonyms else usubjid

    def usubjid(self, usubjid: str, site: str) -> str:
        """STUDYID-SITEID-code."""
        return f"{self.study}-{site}-{self.code(usubjid)}" if self.told.pseudonyms else usubjid

    def token(self, purpose: str, text: str) -> str:
        """16 hex that stand for a record key or another text that names a participant."""
        return self._mac(purpose, text)[:16]

    def finding(self, finding_id: str) -> str:
        """The id under which a release shows a finding."""
        return self.token("finding", finding_id) if self.told.pseudonyms else finding_id

    def days(self, usubjid: str) -> int:
        """By how many days a participant's dates are moved; negative, 0 where the trial shifts no dates."""
        shift = self.told.date_shift
        if shift is None:
            return 0
        step = 7 if shift.whole_weeks else 1
        return -step * (1 + int(self._mac("shift", usubjid), 16) % (shift.max_days // step))


def maskers(trials: Iterable[Trial]) -> dict[str, Masker]:
    """Study -> its masker, of the trials that ask for one. Raises ConfigurationError when a key is not in the environment."""
    out = {}
    for trial in trials:
        if trial.deidentification is not None:
            out[trial.study] = Masker(trial, key_of(trial.study, trial.deidentification))
    return out


def demand_keys(trials: Iterable[Trial], standing: dict[str, Any]) -> None:
    """Raises ConfigurationError where a key is missing, or is another one than that of the release that stands (its manifest): every
    pseudonym and every date would be another one. A key that is changed on purpose gets another name in `key_env`."""
    for study, masker in maskers(trials).items():
        name = masker.told.key_env
        before, called = standing.get("deidentified", {}).get(study), standing.get("key_names", {}).get(study, name)
        if before not in (None, masker.check) and called == name:
            raise ConfigurationError(
                f"{study}: the key in {name} is not the one the release that stands was made with: every pseudonym and date would change\n"
                f"  fix -> export {name}=<the trial's key>; for a new key on purpose write another key_env in trials/{study}.yaml"
            )


def key_of(study: str, told: Deidentification) -> bytes:
    """The key from the environment. Raises ConfigurationError when it is missing or shorter than 16 characters."""
    key = os.environ.get(told.key_env, "")
    if len(key) < 16:
        why = "is not set" if not key else "is shorter than 16 characters"
        raise ConfigurationError(
            f"{study}: the trial asks for de-identification, and the environment variable {told.key_env} {why}\n"
            f"  fix -> export {told.key_env}=<the trial's key>; the same key every night, kept outside of the data folder"
        )
    return key.encode()


def mask(frame: pl.DataFrame, dataset: str, masker: Masker, zone: str, *, keep_text: bool = False) -> pl.DataFrame:
    """A set of one site as it is published: same columns and rows, in the order of the pseudonyms.

    `zone`: IANA zone of the site's clocks. `keep_text`: the restricted copy, which keeps the free text.
    """
    if "USUBJID" not in frame.columns:
        return frame
    given = {c.name: c.type for c in columns()[dataset]}
    known = frame.select("SITEID", "USUBJID").unique()
    told = [(u, masker.usubjid(u, s), masker.code(u), masker.days(u)) for s, u in known.iter_rows()]
    schema = {"USUBJID": pl.String, "_id": pl.String, "_code": pl.String, "_days": pl.Int32}
    frame = frame.join(pl.DataFrame(told, schema=schema, orient="row"), on="USUBJID", how="left", maintain_order="left")
    if masker.told.date_shift is not None:
        frame = _moved(frame, given, zone)
    made = [pl.col("_id").alias("USUBJID")]
    if "SUBJID" in given and masker.told.pseudonyms:
        made.append(pl.col("_code").alias("SUBJID"))
    if not keep_text:
        made += [pl.lit(None, pl.String).alias(c) for c in FREE_TEXT.get(dataset, ())]
    return frame.with_columns(made).select(list(given)).sort("USUBJID", maintain_order=True)


def _moved(frame: pl.DataFrame, given: dict[str, str], zone: str) -> pl.DataFrame:
    """All dates, instants and texts of dates of a table moved by `_days`."""
    days = pl.duration(days=pl.col("_days"))
    made = []
    for name in (n for n, kind in given.items() if kind == "Date" and n not in _NOT_OF_A_PERSON):
        moved = pl.col(name) + days
        flag = _IMPUTED.get(name)
        made.append((pl.when(pl.col(flag).is_null()).then(moved) if flag in given else moved).alias(name))
    present = [n for n in _INSTANTS if n in given]
    if present:
        frame = frame.with_columns(_instants(present, zone))
    frame = frame.with_columns(made)
    for name in (n for n in given if n.endswith("DTC")):
        texts = [_text(t, d) for t, d in frame.select(name, "_days").iter_rows()]
        shown = pl.Series(name, texts, dtype=pl.String)
        if name == "EXSTDTC":
            clock = pl.col("EXSTDTM").dt.convert_time_zone(zone).dt.strftime("%Y-%m-%dT%H:%M:%S%:z")
            frame = frame.with_columns(pl.when(pl.col("EXSTDTM").is_null()).then(shown).otherwise(clock).alias(name))
        else:
            frame = frame.with_columns(shown)
    return frame


def _instants(names: list[str], zone: str) -> list[pl.Expr]:
    """The instants of a row: the first that is there keeps its clock time at the site, the others their distance to it."""
    anchor = pl.coalesce(pl.col(n) for n in names)
    local = anchor.dt.convert_time_zone(zone).dt.replace_time_zone(None) + pl.duration(days=pl.col("_days"))
    here = [x.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null") for x in (local, local + pl.duration(hours=1))]
    at = pl.coalesce(here).dt.convert_time_zone("UTC")
    return [(at + (pl.col(n) - anchor)).alias(n) for n in names]


def _text(text: str | None, days: int) -> str | None:
    """A date as text (ISO 8601, perhaps partial) moved by some days; what is not sure afterwards is left out."""
    if text is None:
        return None
    try:
        if (full := _FULL.match(text)) is not None:
            return (date.fromisoformat(full[1]) + timedelta(days=days)).isoformat() + (full[2] or "")
        return shorten(text, days)
    except (ValueError, OverflowError):
        return None


def shorten(text: str, days: int) -> str | None:
    """What of a partial date is still sure after the shift: of a month the year both its ends fall in, of a year nothing.

    A month is never shown: it stays whole only under a few shifts, and so would tell which one it was.
    """
    parts = _PARTIAL.match(text)
    if parts is None:
        return None
    year, month = int(parts[1]), int(parts[2])
    first, last = date(year, month, 1) + timedelta(days=days), date(year, month, monthrange(year, month)[1]) + timedelta(days=days)
    return f"{first:%Y}" if first.year == last.year else None


def mask_findings(frame: pl.DataFrame, masker: Masker) -> pl.DataFrame:
    """Findings of one trial as a release shows them: participant, record and id by keyed stand-ins, no suggestion (it may quote)."""
    if not masker.told.pseudonyms:
        return frame.with_columns(pl.lit(None, pl.String).alias("suggestion"))
    subject = [u if not u else masker.code(f"{st}-{si}-{u}") for st, si, u in frame.select("study", "site", "subject").iter_rows()]
    records = frame.select("site", "table", "record_key").iter_rows()
    keys = ["" if not k else masker.token("record", f"{si}\0{t}\0{k}") for si, t, k in records]
    ids = [masker.finding(i) for i in frame.get_column("finding_id")]
    masked = frame.with_columns(
        pl.Series("subject", subject, dtype=pl.String), pl.Series("record_key", keys, dtype=pl.String),
        pl.Series("finding_id", ids, dtype=pl.String), pl.lit(None, pl.String).alias("suggestion"),
    )  # fmt: skip
    return masked.sort("study", "site", "severity", "rule", "table", "record_key", "field", "finding_id")
