"""The configuration a night is made with: today's, or the one that was kept with the release of an earlier day.

What belongs here: choosing it, and refusing one of then that would show what today's hides. What does not: reading a configuration
(config.py), keeping and opening kept ones (snapshots.py).
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flows.engine import releases, snapshots
from flows.engine.config import Programme, load
from schemas.findings import ConfigurationError

Chosen = tuple[Programme, Mapping[str, bytes]]
_TRIES = 5


@contextmanager
def configured(root: Path, data: Path, on: dt.date, kept_on: dt.date | None) -> Iterator[Chosen]:
    """The programme in force on a day, and the files it was read from. `kept_on`: as kept with the release that stood at that day's end.

    Raises ConfigurationError: nothing was kept then, or what was kept cannot be read, or shows what today's hides.
    """
    if kept_on is None:
        yield _today(root, on)
        return
    sha256 = _kept(data, kept_on)
    with snapshots.opened(data, sha256) as folder:
        then = snapshots.load(folder, on)
        hides_as_much(then, load(root), kept_on)
        yield then, snapshots.read(data, sha256)


def _today(root: Path, on: dt.date) -> Chosen:
    """What is kept is what was read: a folder that somebody is writing into is read again. Raises ConfigurationError where that goes on."""
    for _ in range(_TRIES):
        files = snapshots.take(root)
        programme = load(root, on=on)
        if snapshots.take(root) == files:
            return programme, files
        time.sleep(1)
    told = f"{root} changed again and again while it was read; nothing was begun"
    raise ConfigurationError(f"{told}\n  fix -> run again when nobody writes into it")


def _kept(data: Path, day: dt.date) -> str:
    """The hash of the configuration kept with the release of a day."""
    release = releases.standing(data, end_of(day))
    if release is None:
        raise ConfigurationError(
            f"no release stood on {day}, so no configuration was kept\n  fix -> leave --config-as-of out, or name a later day"
        )
    sha256 = release.manifest.get("config_snapshot")
    if not sha256:
        raise ConfigurationError(f"release {release.release_id}, which stood on {day}, was made before configurations were kept")
    return str(sha256)


def end_of(day: dt.date) -> dt.datetime:
    """The last moment of a day in UTC."""
    return dt.datetime.combine(day, dt.time.max, tzinfo=dt.UTC)


def hides_as_much(then: Programme, now: Programme, day: dt.date) -> None:
    """What is blinded or de-identified today stays so. Raises ConfigurationError naming the trials."""
    shown = []
    for study, trial in then.trials.items():
        today = now.trials.get(study)
        if today is None:
            continue
        if today.blinding.status == "blinded" and trial.blinding.status != "blinded":
            shown.append(f"{study} is blinded today and was not then")
        if today.deidentification is not None and trial.deidentification != today.deidentification:
            shown.append(f"{study} is de-identified today in another way than then")
    if shown:
        raise ConfigurationError(
            f"the configuration of {day} would show what today's hides: {'; '.join(shown)}\n  fix -> leave --config-as-of out"
        )
