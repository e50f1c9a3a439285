"""Read the configuration folder into typed, frozen objects; say exactly where something is wrong.

What belongs here: YAML with line numbers, laying profiles under sites and the user's folder over the project's, cross checks.
What does not: the models themselves (schemas/), tables for SQL (reference.py), what a fingerprint is made of (fingerprint.py).
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from flows.engine.yamlfile import YamlFile, content_of, problems
from schemas.alerts import Alerts
from schemas.base import Config, Text
from schemas.evidence import Evidence
from schemas.findings import ConfigurationError
from schemas.instrument import Instrument, clashes
from schemas.site import IntakeTable, Profile, Site
from schemas.trial import Trial

PROJECT = Path(__file__).resolve().parents[2] / "config"
DEMO = PROJECT / "demo"
#: Parts of a trial that decide about finished output, so that they can change without computing anything again.
NOT_COMPUTED = {"checks", "holding"}
_DATED = re.compile(r"^site\.from-(\d{4}-\d{2}-\d{2})\.yaml$")
_OTHER = re.compile(r"^site.*\.ya?ml$", re.IGNORECASE)

M = TypeVar("M", bound=BaseModel)


class Correction(Config):
    """A known error of the source: applied only while the site still sends it as it was."""

    table: IntakeTable = Field(description="Intake table of the cell.")
    key: Text = Field(description="The record, as findings name it.")
    field: Text = Field(description="Field of the mapping or of the finding; of a questionnaire the item's code.")
    as_sent: Text = Field(description="Text as the site sends it; another text, and the correction is stale.")
    use: Text = Field(description="Text to read in its place, written as the site writes.")
    reason: Text = Field(description="Why.")
    who: Text = Field(description="Who decided it.")
    when: dt.date = Field(description="Day of the decision.")


class Corrections(Config):
    """The corrections beside one site."""

    corrections: tuple[Correction, ...] = ()


class MedicationOverride(Config):
    """A person's decision on what a reported drug name means."""

    verbatim: Text
    ingredients: tuple[Text, ...]
    who: Text = ""
    when: Text = ""
    note: Text = ""


@dataclass(frozen=True)
class Unit:
    """One export of one site (or of many sites in one export): the grain of landing, fingerprint and holding."""

    key: str
    site: Site
    trial: Trial
    instruments: tuple[Instrument, ...]
    corrections: tuple[Correction, ...]
    overrides: tuple[MedicationOverride, ...]
    folder: Path

    @property
    def profile(self) -> str | None:
        """Name of the profile it shares with other sites, if any."""
        return self.site.profile

    @cached_property
    def sha256(self) -> str:
        """Hash of its own resolved configuration, of all that is computed by it."""
        parts = [self.site.model_dump_json(by_alias=True, exclude={"checks"}), self.trial.model_dump_json(exclude=NOT_COMPUTED)]
        parts += [m.model_dump_json() for m in (*self.instruments, *self.corrections, *self.overrides)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Programme:
    """Everything a run is told: the whole configuration."""

    root: Path
    evidence: Evidence
    instruments: dict[str, Instrument]
    trials: dict[str, Trial]
    units: dict[str, Unit]
    codelists: tuple[Path, ...]
    project: Path = PROJECT
    alerts: Alerts | None = None

    @cached_property
    def evidence_json(self) -> str:
        """The evidence as text, for hashes: every unit asks for it."""
        return self.evidence.model_dump_json()


def load(root: Path, on: dt.date | None = None, project: Path = PROJECT) -> Programme:
    """Read a configuration folder; `on` picks among dated site files (default: the newest). `project`: the folder it is laid over.

    Raises ConfigurationError listing every problem found: file, line, key and the allowed values.
    """
    if not (root / "trials").is_dir() or not (root / "sites").is_dir():
        raise ConfigurationError(f"{root} is no configuration folder: it needs the folders trials and sites")
    errors: list[str] = []
    overlay = [project, root] if root.resolve() != project.resolve() else [project]
    evidence_file = next(p / "evidence.yaml" for p in reversed(overlay) if (p / "evidence.yaml").is_file())
    evidence = _model(evidence_file, Evidence, errors)
    instruments: dict[str, Instrument] = {}
    for folder in overlay:
        for path in sorted((folder / "instruments").glob("*.yaml")):
            if (instrument := _model(path, Instrument, errors)) is not None:
                instruments[instrument.name] = instrument
    trials: dict[str, Trial] = {}
    for path in sorted((root / "trials").glob("*.yaml")):
        if (trial := _model(path, Trial, errors)) is not None:
            trials[trial.study] = trial
            errors += _check_trial(path, trial, instruments)
    profiles = {path.stem: YamlFile.read(path, errors) for path in sorted((root / "profiles").glob("*.yaml"))}
    for name, body in profiles.items():
        if body is not None:
            errors += problems(body, Profile)
        elif name:
            errors.append(f"profiles/{name}.yaml cannot be read")
    units: dict[str, Unit] = {}
    for folder in sorted(p for p in (root / "sites").iterdir() if p.is_dir()):
        unit = _unit(folder, on, trials, instruments, profiles, errors)
        if unit is not None and unit.key in units:
            errors.append(f"sites/{folder.name}: {unit.key} is already configured in sites/{units[unit.key].folder.name}")
        elif unit is not None:
            units[unit.key] = unit
    errors += _sites_twice(units)
    told = root / "alerts.yaml"
    alerts = _model(told, Alerts, errors) if told.is_file() else None
    if errors or evidence is None:
        raise ConfigurationError("\n".join(dict.fromkeys(errors)))
    lists = tuple(folder / "codelists" for folder in overlay if (folder / "codelists").is_dir())
    return Programme(root, evidence, instruments, trials, units, lists, project, alerts)


def _sites_twice(units: dict[str, Unit]) -> list[str]:
    """Sites that two exports of one trial hold: their participants would be taken for each other's."""
    of: dict[tuple[str, str], str] = {}
    out = []
    for unit in units.values():
        for site in sorted(unit.site.sites.known) if unit.site.sites else [unit.site.site_id]:
            first = of.setdefault((unit.site.study, site), unit.folder.name)
            if first != unit.folder.name:
                out.append(f"sites/{unit.folder.name}: site {site!r} of {unit.site.study} is already held by the export of sites/{first}; "
                           "name it otherwise, or read all its files in one site.yaml")  # fmt: skip
    return out


def _model(path: Path, model: type[M], errors: list[str]) -> M | None:
    """One file as one model; problems go to `errors`."""
    content = content_of(path, errors)
    if content is None:
        return None
    made, found = _made(path, content, model)
    errors.extend(found)
    return made


@lru_cache(maxsize=256)
def _made(path: Path, content: bytes, model: type[M]) -> tuple[M | None, tuple[str, ...]]:
    """A file's content as one model, and its problems; once a process, because a backfill reads the same instruments for every night."""
    errors: list[str] = []
    body = YamlFile.parse(path, content, errors)
    return (None if body is None else _validated(body, body.data, model, errors)), tuple(errors)


def _validated(body: YamlFile, data: Any, model: type[M], errors: list[str]) -> M | None:
    left = body.undecided()
    errors.extend(left)
    try:
        made = model.model_validate(data)
    except ValidationError as error:
        errors.extend(body.explain(error))
        return None
    return None if left else made


def _unit(
    folder: Path,
    on: dt.date | None,
    trials: dict[str, Trial],
    instruments: dict[str, Instrument],
    profiles: dict[str, YamlFile | None],
    errors: list[str],
) -> Unit | None:
    """One site folder as a unit, its profile laid under it."""
    errors += _misnamed(folder)
    path = site_file(folder, on)
    if path is None:
        errors.append(f"sites/{folder.name} holds no site.yaml")
        return None
    body = YamlFile.read(path, errors)
    if body is None:
        return None
    data = body.data
    name = data.get("profile") if isinstance(data, dict) else None
    if name is not None:
        base = profiles.get(name)
        if base is None:
            errors.append(f"{body.where('profile')}: no profiles/{name}.yaml; there are {sorted(profiles) or 'none'}")
            return None
        data = lay_over(base.data, data)
    site = _validated(body, data, Site, errors)
    if site is None:
        return None
    errors += _unknown_checks(f"sites/{folder.name}/{path.name}", site.checks)
    trial = trials.get(site.study)
    if trial is None:
        if not (folder.parents[1] / "trials" / f"{site.study}.yaml").is_file():  # else its own file says what is wrong with it
            errors.append(f"{body.where('study')}: no trial {site.study!r}; there are {sorted(trials) or 'none'}")
        return None
    corrections_file = folder / "corrections.yaml"
    known = _model(corrections_file, Corrections, errors) if corrections_file.is_file() else Corrections()
    overrides = _overrides(
        [folder / "medications.csv", folder.parents[1] / "trials" / f"{trial.study}.medications.csv"], errors
    )
    used = tuple(instruments[name] for name in trial.instruments if name in instruments)
    return Unit(site.key, site, trial, used, known.corrections if known else (), overrides, folder)


def _misnamed(folder: Path) -> list[str]:
    """Files that look like mappings and would be passed over: their name says no day."""
    out = []
    for path in sorted(folder.iterdir()):
        dated = _DATED.match(path.name)
        if path.name == "site.yaml" or not (dated or _OTHER.match(path.name)):
            continue
        try:
            dt.date.fromisoformat(dated[1] if dated else "")
        except ValueError:
            out.append(f"sites/{folder.name}/{path.name}: no mapping has this name; call it site.yaml or site.from-2026-03-01.yaml")
    return out


def site_file(folder: Path, on: dt.date | None) -> Path | None:
    """The mapping in force on a day: the latest `site.from-<date>.yaml` not after it, else site.yaml."""
    dated = sorted((m[1], p) for p in folder.iterdir() if (m := _DATED.match(p.name)))
    in_force = [path for day, path in dated if on is None or day <= on.isoformat()]
    plain = folder / "site.yaml"
    return in_force[-1] if in_force else (plain if plain.is_file() else None)


def site_dates(folder: Path) -> list[dt.date]:
    """Days on which a site's mapping changes."""
    return sorted(dt.date.fromisoformat(m[1]) for p in folder.iterdir() if (m := _DATED.match(p.name)))


def change_dates(root: Path) -> list[dt.date | None]:
    """A day under each set of mappings that was, is or will be in force: before the first change, and each day of one. Names that say
    no day are passed over: load() tells them."""
    folders = [p for p in (root / "sites").glob("*") if p.is_dir() and not _misnamed(p)]
    days = sorted({day for folder in folders for day in site_dates(folder)})
    return [days[0] - dt.timedelta(days=1), *days] if days else [None]


def alerts_of(root: Path) -> Alerts | None:
    """Who hears of a run, also when the rest of a configuration cannot be read; None when nobody is named or that cannot be read either."""
    path = root / "alerts.yaml"
    return _model(path, Alerts, []) if path.is_file() else None


def lay_over(base: Any, over: Any) -> Any:
    """Lay a site over its profile: mappings merge key by key, everything else is replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {key: lay_over(base[key], over[key]) if key in base and key in over else over.get(key, base.get(key))
                for key in [*base, *(k for k in over if k not in base)]}  # fmt: skip
    return over


def _overrides(paths: Iterable[Path], errors: list[str]) -> tuple[MedicationOverride, ...]:
    """Decisions on drug names, the site's before the trial's."""
    found: dict[str, MedicationOverride] = {}
    for path in paths:
        if not path.is_file():
            continue
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if not {"verbatim", "ingredients"} <= set(reader.fieldnames or ()):
                errors.append(f"{path.parent.name}/{path.name} line 1: needs the columns verbatim and ingredients")
                continue
            here: dict[str, tuple[str, ...]] = {}
            for row in reader:
                parts = tuple(p.strip() for p in (row["ingredients"] or "").split("|") if p.strip())
                if here.setdefault(" ".join(row["verbatim"].casefold().split()), parts) != parts:
                    errors.append(f"{path.parent.name}/{path.name} line {reader.line_num}: another decision on the same name stands above")
                found.setdefault(
                    row["verbatim"],
                    MedicationOverride(
                        verbatim=row["verbatim"], ingredients=parts, who=row.get("who") or "", when=row.get("when") or ""
                    ),
                )
    return tuple(found.values())


def _unknown_checks(name: str, limits: Iterable[str]) -> list[str]:
    """Thresholds of checks that do not exist."""
    if not (limits := list(limits)):
        return []
    known = {p.stem for p in (PROJECT.parent / "schemas" / "rules").glob("*.py") if not p.stem.startswith("_")}
    return [f"{name}: checks: there is no check {c!r}; a check has the name of its file in schemas/rules" for c in limits if c not in known]


def _check_trial(path: Path, trial: Trial, instruments: dict[str, Instrument]) -> list[str]:
    """What a trial names must exist."""
    name = f"trials/{path.name}"
    out = [f"{name}: study is {trial.study!r}, so the file must be called {trial.study}.yaml"] * (path.stem != trial.study)
    out += [f"{name}: no instrument {i!r}; there are {sorted(instruments)}" for i in trial.instruments if i not in instruments]
    out += _unknown_checks(name, trial.checks)
    used = [instruments[i] for i in dict.fromkeys(trial.instruments) if i in instruments]
    out += [f"{name}: {problem}" for one, other in combinations(used, 2) for problem in clashes(one, other)]
    params = sorted({s.paramcd for i in used for s in i.scales})
    if trial.primary not in params:
        out.append(f"{name}: primary {trial.primary!r} is no parameter of its instruments; there are {params}")
    return out
