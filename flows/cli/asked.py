"""What a command is asked about: a release, or a name that must be one of those there are.

What belongs here: finding it, or ending the command with what there is instead: a name that is mistyped must not look like nothing found.
What does not: a command of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from flows.cli.common import run_again
from schemas.findings import ConfigurationError

if TYPE_CHECKING:
    from flows.engine.releases import Release

#: More names than this are not listed, only those like the one given.
_MANY = 40


def release_named(data: Path, name: str = "latest") -> Release:
    """A release by its id, the beginning of it, or `latest`. Raises ConfigurationError naming those there are."""
    from flows.engine import releases

    there = sorted(p.name for p in (data / "releases").glob("2*") if p.is_dir())
    fits = [n for n in there if n.startswith(name)]
    found = releases.latest(data) if name == "latest" else releases.load(data, fits[0]) if len(fits) == 1 else None
    if found is None and name == "latest" and there:
        raise ConfigurationError(
            f"{data}/releases/latest points to no release that is there; there are {', '.join(there[-5:])}\n"
            f"  fix -> restore the data folder from a backup, or {run_again(data)}"
        )
    if found is None and (name == "latest" or not there):
        raise ConfigurationError(f"{data} holds no release yet\n  fix -> {run_again(data)}")
    if found is None:
        told = "several releases" if len(fits) > 1 else "no release"
        raise ConfigurationError(f"{data} holds {told} {name}; there are {', '.join(there[-5:])}")
    return found


def demand(what: str, given: str, there: Iterable[str], look: str = "") -> None:
    """Raises ConfigurationError where a name is given that is none of those there are. `look`: where all of them are listed."""
    known = sorted(set(there))
    if not given or given in known:
        return
    near = get_close_matches(given, known, n=3, cutoff=0.5) if len(known) > _MANY else []
    told = f"; near: {', '.join(near)}" if near else f"; there are {', '.join(known) or 'none'}" if len(known) <= _MANY else ""
    raise ConfigurationError(f"no {what} {given}{told}" + (f"\n  all -> {look}" if look else ""))


def sites_of(release: Release) -> list[str]:
    """study/site of every site of a release, and each study by itself."""
    entries = release.manifest["sites"]
    return sorted({f"{e['study']}/{e['site']}" for e in entries} | {e["study"] for e in entries})
