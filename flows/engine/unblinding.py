"""Unblinding a trial: the trial's file says that it is unblinded, a person records who decided it and why, then a run opens the list.

What belongs here: recording and demanding that record. What does not: what is opened (landing.py, batch.py), words of arms
(blinding.py). A release made while the trial was blinded stays as it is.
"""

from __future__ import annotations

from pathlib import Path

from flows.engine import decisions, ledger, lock, releases
from flows.engine.config import Programme
from schemas.findings import ConfigurationError
from schemas.trial import BlindingStatus

EVENT = "unblinded"


def record(programme: Programme, data: Path, study: str, who: str, reason: str) -> str:
    """Write into the ledger that a trial was unblinded; the next run opens its list. Returns the day the trial's file gives.

    Raises ConfigurationError: no such trial, a file that still says blinded or open, no name or reason, recorded before.
    """
    if not who.strip() or not reason.strip():
        raise ConfigurationError("say who decided to unblind (--who) and why (--reason)")
    trial = programme.trials.get(study)
    if trial is None:
        raise ConfigurationError(f"no trial {study}; there are {sorted(programme.trials)}")
    told = trial.blinding
    if told.status is not BlindingStatus.UNBLINDED or told.unblinded_on is None:
        raise ConfigurationError(
            f"trials/{study}.yaml says blinding.status {told.status}{'' if told.unblinded_on else ' and no unblinded_on'}\n"
            '  fix -> write  blinding: {status: unblinded, unblinded_on: "YYYY-MM-DD"}  there, then run this command again'
        )
    with lock.writing(data):
        if study in recorded(data):
            raise ConfigurationError(f"{study} was recorded as unblinded before; see ledger.jsonl")
        ledger.append(data, EVENT, study=study, unblinded_on=told.unblinded_on, who=who.strip(), reason=reason.strip())
        decisions.run_again(data)
    return told.unblinded_on


def recorded(data: Path) -> set[str]:
    """Trials whose unblinding a person recorded."""
    return {e["study"] for e in ledger.entries(data, EVENT)}


def demand(programme: Programme, data: Path) -> None:
    """A trial that a release called blinded may be opened only after its unblinding was recorded, and with the day that was.

    Raises ConfigurationError naming the trials and the next command; nothing has been opened then.
    """
    latest = releases.latest(data)
    before = set(latest.manifest.get("blinded", ())) if latest else set()
    opened = {s for s, t in programme.trials.items() if t.blinding.status is not BlindingStatus.BLINDED}
    if missing := sorted(before & opened - recorded(data)):
        raise ConfigurationError(
            f"{', '.join(missing)}: blinded in release {latest.release_id if latest else ''}, and the trial file now opens the list, "
            "but no unblinding is recorded; nothing was opened\n"
            f"  fix -> trialweave unblind {missing[0]} --who NAME --reason WHY, or set blinding.status back to blinded"
        )
    for event in ledger.entries(data, EVENT):
        trial = programme.trials.get(event["study"])
        if trial is not None and trial.blinding.status is BlindingStatus.UNBLINDED and trial.blinding.unblinded_on != event["unblinded_on"]:
            raise ConfigurationError(
                f"{trial.study}: trials/{trial.study}.yaml says unblinded_on {trial.blinding.unblinded_on}, recorded in ledger.jsonl is "
                f"{event['unblinded_on']}\n  fix -> write the day that was recorded"
            )
