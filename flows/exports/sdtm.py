"""SDTM-shaped domains of a release, a trial each: DM, EC, EX, SV, CM, QS, RS, AE.

What belongs here: putting the release and its configuration before the models of sql/6_sdtm, and their tables as sources. What does
not: what is in a domain (sql/6_sdtm, schemas/sdtm.csv), writing (the formats).

Of a blinded trial there are no arms, no EX and no dates that EX gives. Everything comes from the published sets, so a de-identified
release gives de-identified domains; only arms, visits and instruments are read from the configuration the release was made with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from flows.engine import models, remake
from flows.engine.config import Programme, load
from flows.engine.enums import quoted as literal
from flows.engine.releases import Release
from flows.exports.source import ExportError, Source, Variable, sets_of
from schemas.findings import ConfigurationError
from schemas.sdtm import domains

#: Sets that the models read.
SETS = ("adsl", "adex", "adsess", "adsuds", "adqs", "aditem", "adcm", "adae")


@contextmanager
def domains_of(data: Path, release: Release, studies: Sequence[str], config: Path | None) -> Iterator[dict[str, list[Source]]]:
    """Study -> its domains, in the order of schemas/sdtm.csv. `config`: where arms, visits and clocks are read instead of the
    configuration kept with the release. Raises ExportError for a study that is not in the release, ConfigurationError when the
    release's configuration was not kept or cannot be read by today's code."""
    known = sorted({str(e["study"]) for e in release.manifest["sites"]})
    if unknown := sorted(set(studies) - set(known)):
        raise ExportError(f"there is no study {', '.join(unknown)} in this release\n  studies: {', '.join(known)}")
    wanted = sorted(set(studies)) or known
    blinded = set(release.manifest.get("blinded", ()))
    with _programme(data, release, config) as programme, TemporaryDirectory(prefix="trialweave-sdtm-") as spill:
        if missing := sorted(set(wanted) - set(programme.trials)):
            raise ExportError(f"{config} has no trial {', '.join(missing)}")
        con = models.connect(spill=Path(spill))
        try:
            sets_of(data, release, SETS, con)
            _configuration(con, programme, wanted, blinded)
            models.run_schema(con, "sdtm")
            yield {study: _sources(con, release, study, blinded) for study in wanted}
        finally:
            con.close()


@contextmanager
def _programme(data: Path, release: Release, config: Path | None) -> Iterator[Programme]:
    """The configuration kept with the release, or the one that is named."""
    if config is not None:
        yield load(config, on=release.as_of.date())
        return
    with ExitStack() as stack:
        try:
            programme = stack.enter_context(remake.programme_of(data, release))
        except ConfigurationError as error:
            hint = "name a configuration of today with --config; only arms, visits, instruments and clocks are read of it"
            raise ConfigurationError(f"{error}\n  or    -> {hint}") from None
        yield programme


def _configuration(con: duckdb.DuckDBPyConnection, programme: Programme, studies: Sequence[str], blinded: set[str]) -> None:
    """Arms, visits, raters and the sites' clocks as tables; no arm of a blinded trial."""
    open_ = [s for s in studies if s not in blinded]
    arms = [(s, a.code, a.label, a.placebo) for s in open_ for a in programme.trials[s].arms]
    visits = [(s, v.name, v.order) for s in studies for v in programme.trials[s].visits]
    raters = [(name, programme.instruments[name].clinician_rated) for name in sorted(programme.instruments)]
    clocks: set[tuple[str, str, str]] = set()
    for unit in programme.units.values():
        known = unit.site.sites.known if unit.site.sites else {unit.site.site_id: None}
        clocks |= {(unit.site.study, site, (member.timezone if member else None) or unit.site.timezone) for site, member in known.items()}
    for name, kinds, rows in (
        ("open_trial", "study varchar", [(s,) for s in open_]),
        ("arm", "study varchar, arm varchar, label varchar, placebo boolean", arms),
        ("visit", "study varchar, visit varchar, visit_order integer", visits),
        ("rater", "instrument varchar, clinician_rated boolean", raters),
        ("clock", "study varchar, site varchar, timezone varchar", sorted(clocks)),
    ):
        con.execute(f"create table ref.{name} ({kinds})")
        if rows:
            con.executemany(f"insert into ref.{name} values ({', '.join('?' for _ in rows[0])})", rows)


def _sources(con: duckdb.DuckDBPyConnection, release: Release, study: str, blinded: set[str]) -> list[Source]:
    out = []
    for code, domain in domains().items():
        if code == "EX" and study in blinded:
            continue
        variables = tuple(Variable(v.name, v.label, v.type, is_key=v.is_key) for v in domain.variables)
        relation = f"(from sdtm.{code.lower()} where STUDYID = {literal(study)})"
        as_of = str(release.manifest["as_of"])
        out.append(Source(code.lower(), domain.title, variables, con, relation, as_of, release.release_id, (study,)))
    if study in blinded:
        out[0].note("", f"{study} is blinded: there is no EX, no arm, and no RFXSTDTC and RFXENDTC")
    return out
