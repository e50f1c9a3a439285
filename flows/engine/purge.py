"""Purge: take one participant out of a data folder, wherever they are, and prove it.

What belongs here: the order of the steps and the proof. What does not: rewriting a delivery (purge_landing.py), rows of Parquet files
(purge_rows.py), keeping the participant out of later deliveries (tombstones.py).

Every step looks at what is there and may be done again: a purge that was killed is finished by giving the same command again. Before
anything is changed it is known that everything can be: a delivery that rows cannot be taken out of is refused first.

1. ledger: `purge_started`, with keyed hashes only     5. configuration snapshots whose corrections name the participant
2. landing: deliveries rewritten, old bytes removed    6. whatever is left is looked through: the proof
3. staged output of the export removed, made again     7. ledger: `purged`; the next run makes a release without the participant
4. findings, changes, releases, restricted: rows out
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flows.engine import incoming, ledger, lock, purge_landing, purge_rows, releases, state, tombstones
from flows.engine.config import Programme, Unit
from flows.engine.deidentify import maskers
from schemas.findings import ConfigurationError, TrialweaveError

HOME = "purges"
#: What was done, by the name it is counted under.
_DONE = {
    "deliveries": "deliveries in landing written again without the participant, or removed", "staged": "staged folders removed; the "
    "next run makes them again", "answers": "answers of sites removed", "findings": "lines of the findings' history removed",
    "changes": "lines of the history of changes removed", "releases": "releases that held the participant written again",
    "snapshots": "corrections taken out of kept configurations",
}  # fmt: skip


@dataclass(frozen=True)
class Report:
    """What a purge did: the tombstone, how many of what, and what still holds the identifier (empty: nothing); `files`: those of
    the site's deliveries that rows were taken out of."""

    tombstone: str
    done: dict[str, int]
    left: list[str]
    look: list[str]
    files: list[str] = field(default_factory=list)


def purge(programme: Programme, data: Path, name: str, subject: str, who: str, reason: str, *, drop_deliveries: bool = False) -> Report:
    """Purge one participant (SUBJID as adsl shows it, or as it was before pseudonyms) of a site `study/site`.

    Raises ConfigurationError: nobody of that name, a USUBJID, no name or reason, a delivery that cannot be rewritten (unless
    `drop_deliveries`); nothing is changed then. TrialweaveError when something that must be gone is still there.
    """
    if not who.strip() or not reason.strip():
        raise ConfigurationError("say who asked for the purge (--who) and why (--reason)")
    with lock.writing(data):
        releases.clear_leftovers(data)
        unit, site = _place(programme, data, name)
        study = unit.site.study
        key = tombstones.key_of(data, make=True) or b""
        grave = tombstones.tombstone(key, study, site, subject)
        before = [e for e in ledger.entries(data, tombstones.STARTED) if e["tombstone"] == grave]
        plan = purge_landing.plan(programme, data, unit, site, subject, {m for e in before for m in e["spellings"]}, key)
        if not plan.spellings and not before and not _known(data, study, site, subject):
            raise ConfigurationError(f"{name}: no participant of this name is in landing, staged output, findings or releases")
        if not plan.spellings and subject.startswith(f"{study}-{site}-") and not _known(data, study, site, f"{study}-{site}-{subject}"):
            fix = f"trialweave purge {name} {subject.removeprefix(f'{study}-{site}-')} ... (SUBJID, as adsl shows it)"
            raise ConfigurationError(f"{name}: this is a USUBJID, and a purge is by SUBJID; nothing was changed\n  fix -> {fix}")
        if plan.refused and not drop_deliveries:
            raise ConfigurationError(_refusal(name, plan))
        spelt = {tombstones.spelling(key, study, s) for s in {*plan.spellings, subject}}
        marks = sorted(spelt | {m for e in before for m in e["spellings"]})
        if not before or set(before[-1]["spellings"]) != set(marks):
            ledger.append(
                data,
                tombstones.STARTED,
                tombstone=grave,
                study=study,
                site=site,
                unit=unit.key,
                spellings=marks,
                who=who.strip(),
                reason=reason.strip(),
            )
        return _work(programme, data, unit, site, subject, plan, grave, tombstones.Marks(key, study, dict.fromkeys(marks, site)))


def _work(
    programme: Programme, data: Path, unit: Unit, site: str, subject: str, plan: purge_landing.Plan, grave: str, marks: tombstones.Marks
) -> Report:
    study = unit.site.study
    usubjid = f"{study}-{site}-{subject}"
    masker = maskers(t for t in programme.trials.values() if t.study == study).get(study)
    codes = {masker.code(usubjid), masker.usubjid(usubjid, site)} if masker else set()
    who = purge_rows.Gone(study, site, frozenset({subject, usubjid, *codes}), marks)
    if plan.renamed:  # told before it is done: what a release was made from must still be found after a purge that was killed
        ledger.append(data, tombstones.REWRITTEN, tombstone=grave, unit=unit.key, deliveries=plan.renamed)
    done = {"deliveries": purge_landing.carry_out(plan)}
    incoming.forget(data, unit)
    done["staged"] = _remove_staged(data, unit)
    done["answers"] = purge_rows.answers_about(data, who)
    done["findings"] = purge_rows.history(data / "findings", who)
    done["changes"] = purge_rows.history(data / "changes", who)
    done["releases"] = purge_rows.releases_of(data, who, grave)
    done["snapshots"] = purge_rows.snapshots_of(data, unit, who, grave)
    _look_again(data, unit)
    left, look = purge_rows.proof(data, who)
    if n := purge_rows.names_in_corrections(unit.folder / "corrections.yaml", who):
        look.append(f"{n} corrections in sites/{unit.folder.name}/corrections.yaml name the participant")
    entries = ledger.entries(data, tombstones.DONE)
    if left:
        raise TrialweaveError(
            f"the purge is not complete: {len(left)} files still hold rows of the participant\n  first -> {left[0]}\n"
            "  fix   -> give the same command again; if it stays, remove the file"
        )
    if any(done.values()) or not any(e["tombstone"] == grave for e in entries):
        ledger.append(data, tombstones.DONE, tombstone=grave, study=study, site=site, unit=unit.key, done=done)
    files = sorted({name for old in plan.written for name in plan.stripped.get(old, ())})
    report = Report(grave, done, left, look, files)
    _keep(data, report, study, site)
    return report


def _place(programme: Programme, data: Path, name: str) -> tuple[Unit, str]:
    """The export that holds a site, and the site."""
    study, _, site = name.partition("/")
    latest = releases.latest(data)
    exports = {e["unit"] for e in (latest.manifest["sites"] if latest else ()) if (e["study"], e["site"]) == (study, site)}
    units = [u for k, u in programme.units.items() if k in exports or k == name or (u.site.study == study and _lists(u, site))]
    if len(units) != 1:
        raise ConfigurationError(f"{name or 'a site'}: {len(units)} configured exports hold this site; sites are named study/site")
    return units[0], site


def _lists(unit: Unit, site: str) -> bool:
    return unit.site.sites is not None and site in unit.site.sites.known


def _known(data: Path, study: str, site: str, subject: str) -> bool:
    """Whether somebody of that name is in findings or any release."""
    who = purge_rows.Gone(study, site, frozenset({subject, f"{study}-{site}-{subject}"}), None)
    return bool(purge_rows.proof(data, who)[0])


def _refusal(name: str, plan: purge_landing.Plan) -> str:
    few = "\n".join(f"  {delivery[:12]}: {why}" for delivery, why in sorted(plan.refused.items()))
    return (
        f"{name}: {len(plan.refused)} deliveries hold the participant and rows cannot be taken out of them; nothing was changed\n{few}\n"
        "  fix -> ask the site for an export without the participant, run, then purge with --drop-deliveries: these deliveries are\n"
        "         removed whole, and releases made from them cannot be made again"
    )


def _remove_staged(data: Path, unit: Unit) -> int:
    """Staged output of the export and the pooled sets of its trial: made again by the next run."""
    gone = 0
    for name in (unit.site.site_id, "_pooled"):
        folder = data / "staged" / unit.site.study / name
        for path in sorted(folder.glob("*")):
            shutil.rmtree(path)
            gone += 1
    return gone


def _look_again(data: Path, unit: Unit) -> None:
    """Let the next run pull the export and look at everything, although no file changed."""
    known = state.read(data)
    if known is not None:
        sources = {k: v for k, v in known.look.sources.items() if k != unit.key}
        state.write(data, replace(known, settled=False, look=replace(known.look, sources=sources)))


def _keep(data: Path, report: Report, study: str, site: str) -> None:
    """The proof as a file: counts and the tombstone, no identifier."""
    told: dict[str, Any] = {
        "tombstone": report.tombstone,
        "study": study,
        "site": site,
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "done": report.done,
        "left": report.left,
        "look": report.look,
        "files": report.files,
    }
    state.write_json(data / HOME / f"{report.tombstone}.json", told)


def told(report: Report) -> Sequence[str]:
    """The report in lines for a person."""
    lines = [f"{n} {_DONE.get(what, what)}" for what, n in report.done.items()]
    if report.files:
        lines.append(f"rows of the participant stood in {', '.join(report.files)}: have the site take them out there")
    lines.append("no file of the data folder holds a row of the participant" if not report.left else f"{len(report.left)} files still do")
    lines += [f"look by hand -> {told}" for told in report.look]
    return lines
