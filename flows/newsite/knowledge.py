"""What a configuration folder already knows when a site is drafted: the trial, instruments, code lists.

What belongs here: reading them, also from a trial file that is still undecided. What does not: checking them (flows/engine/config.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.engine.config import PROJECT
from flows.engine.yamlfile import DECIDE, YamlFile
from flows.newsite.visits import Visits, of_trial
from schemas.findings import ConfigurationError
from schemas.instrument import Instrument


@dataclass(frozen=True)
class Known:
    """`asked`: names of the trial's instruments; `is_open`: the trial is declared open or unblinded, so arms may be looked at."""

    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    visits: Visits = field(default_factory=Visits)
    arms: tuple[str, ...] = ()
    time_points: tuple[str, ...] = ()
    is_open: bool = False
    has_trial: bool = False
    codelists: tuple[Path, ...] = ()


def read(config: Path, study: str) -> Known:
    """What is known of a trial. Raises ConfigurationError for a trial file that is no YAML."""
    instruments = _instruments(config)
    lists = tuple(f / "codelists" for f in (PROJECT, config) if (f / "codelists").is_dir())
    path = config / "trials" / f"{study}.yaml"
    if not path.is_file():
        return Known(instruments, codelists=lists)
    errors: list[str] = []
    body = YamlFile.read(path, errors)
    if body is None:
        raise ConfigurationError("\n".join(errors))
    data = body.data
    dosing = data.get("dosing")
    planned = isinstance(dosing, dict) and bool(dosing.get("sessions")) and DECIDE not in str(dosing)
    points = _texts(dosing, "time_points") or (("PRE",) if planned else ())
    status = data["blinding"].get("status") if isinstance(data.get("blinding"), dict) else None
    arms = tuple(str(a["code"]) for a in data.get("arms") or () if isinstance(a, dict) and a.get("code") not in (None, DECIDE))
    asked = tuple(i for i in _texts(data, "instruments") if i in instruments)
    return Known(instruments, asked, of_trial(data), arms, points, status in ("open", "unblinded"), True, lists)


def _texts(data: Any, key: str) -> tuple[str, ...]:
    found = data.get(key) if isinstance(data, dict) else None
    return tuple(t for t in found if isinstance(t, str) and t != DECIDE) if isinstance(found, list) else ()


def _instruments(config: Path) -> dict[str, Instrument]:
    """The project's instruments with the folder's own laid over them. Raises ConfigurationError for one that cannot be read."""
    out: dict[str, Instrument] = {}
    errors: list[str] = []
    for folder in (PROJECT, config):
        for path in sorted((folder / "instruments").glob("*.yaml")):
            body = YamlFile.read(path, errors)
            if body is None:
                continue
            try:
                made = Instrument.model_validate(body.data)
            except ValidationError as error:
                errors += body.explain(error)
                continue
            out[made.name] = made
    if errors:
        raise ConfigurationError("\n".join(errors))
    return out
