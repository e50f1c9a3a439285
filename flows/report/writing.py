"""Write a release's report.

What belongs here: where it is written, with which configuration. What does not: what stands in it.
"""

from __future__ import annotations

from pathlib import Path

from flows.engine import partitions, remake
from flows.engine.config import Programme
from flows.engine.releases import Release
from flows.report.facts import Facts, gather, put_summary
from flows.report.page import as_html

NAME = "report.html"


def into_release(data: Path, release: Release, programme: Programme | None = None) -> Path:
    """Write report.html, and the summary for later ones, into the release's folder; atomic, the same bytes for the same data folder.

    `programme`: the configuration the release was made with; read from what was kept with it when it is not at hand.
    """
    facts = read(data, release, programme)
    put_summary(facts)
    return _put(release.folder / NAME, as_html(facts))


def to_folder(data: Path, release: Release, out: Path, *, shareable: bool) -> Path:
    """Write the report somewhere else, as `<out>/report.html`."""
    return _put(out / NAME, as_html(read(data, release, None), shareable=shareable))


def read(data: Path, release: Release, programme: Programme | None) -> Facts:
    """The numbers of a release. Raises ConfigurationError when its configuration is not at hand and was not kept."""
    if programme is not None:
        return gather(data, release, programme)
    with remake.programme_of(data, release) as kept:
        return gather(data, release, kept)


def _put(place: Path, content: bytes) -> Path:
    temporary = place.with_name(f".tmp-{place.name}")
    partitions.put(temporary, content)
    temporary.replace(place)
    return place
