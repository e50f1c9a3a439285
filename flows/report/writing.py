"""Write a release's report.

What belongs here: where it is written, with which configuration. What does not: what stands in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from flows.engine import partitions, remake
from flows.engine.config import Programme, load
from flows.engine.releases import Release
from flows.report.counts import keep
from flows.report.facts import gather, put_summary
from flows.report.page import as_html, draw_sites
from schemas.findings import ConfigurationError

NAME = "report.html"


def into_release(data: Path, release: Release, programme: Programme) -> Path:
    """Write report.html, and the summary for later ones, into the release's folder; atomic, the same bytes for the same data folder.

    `programme`: the configuration the release was made with, or another that is to be used instead.
    """
    facts = gather(data, release, programme, use_kept=True)
    draw_sites(facts)
    put_summary(facts)
    place = _put(release.folder / NAME, as_html(facts))
    if facts.counts.new:
        with suppress(OSError):  # what cannot be kept is counted again
            keep(data, facts.counts, facts.counted, {key: found.drawn for key, found in facts.sites.items() if found.drawn})
    return place


def to_folder(data: Path, release: Release, programme: Programme, out: Path, *, shareable: bool) -> Path:
    """Write the report somewhere else, as `<out>/report.html`."""
    return _put(out / NAME, as_html(gather(data, release, programme), shareable=shareable))


@contextmanager
def configuration(data: Path, release: Release, config: Path | None) -> Iterator[Programme]:
    """The configuration to read a release by: the one kept with it, or the one that is named instead.

    Raises ConfigurationError when there is none that today's code can read.
    """
    if config is not None:
        yield load(config)
        return
    with ExitStack() as kept:
        try:
            programme = kept.enter_context(remake.programme_of(data, release))
        except ConfigurationError as error:
            raise ConfigurationError(f"{error}\n  fix   -> the same command with --config FOLDER (that of today)") from None
        yield programme


def _put(place: Path, content: bytes) -> Path:
    temporary = place.with_name(f".tmp-{place.name}")
    partitions.put(temporary, content)
    temporary.replace(place)
    return place
