"""Build every page of docs/, and say which committed pages are not what the code gives.

What belongs here: which pages there are. What does not: what stands on them (the modules beside this one).
"""

from __future__ import annotations

import re
from pathlib import Path

from flows.docs import (
    cli_page,
    format_pages,
    lineage_table,
    mapping_pages,
    model_pages,
    reference_pages,
    rule_pages,
    schema_files,
    source_pages,
    worked_pages,
)
from flows.docs.markdown import Link, page, table
from flows.docs.worked import PROJECT
from flows.engine.config import PROJECT as CONFIG
from flows.engine.yamlfile import YamlFile
from schemas.evidence import Evidence
from schemas.findings import ConfigurationError
from schemas.instrument import Instrument

DOCS = PROJECT / "docs"

#: Page -> what it answers, in reading order.
INDEX = {
    "where.md": "Where is something computed?",
    "cli.md": "Which commands are there, with which options?",
    "variables.md": "What does a published variable mean?",
    "mapping.md": "How is a site's export described?",
    "sources.md": "Where can an export be fetched from?",
    "formats.md": "Which files can be read?",
    "schema/site.json": "How does my editor complete and check a site.yaml? (also trial.json, instrument.json)",
    "intake.md": "Which fields must a site be mapped to?",
    "rules.md": "What is checked, and what happens then?",
    "evidence.md": "Which thresholds are used, and who says so?",
    "instruments.md": "How is a scale scored?",
    "models.md": "What does each SQL table hold?",
    "lineage.csv": "Which fields of a site does a published variable rest on?",
}


def pages() -> dict[str, str]:
    """Path below docs/ -> text, the same for the same code."""
    evidence, instruments = project_evidence(), project_instruments()
    worked = worked_pages.pages()
    out = {
        **rule_pages.pages(evidence), **model_pages.pages(evidence), **mapping_pages.pages(), **worked, **schema_files.files(),
        "cli.md": cli_page.cli(),
        "formats.md": format_pages.formats(),
        "sources.md": source_pages.sources(),
        "variables.md": reference_pages.variables(),
        "evidence.md": reference_pages.evidence_page(evidence),
        "instruments.md": reference_pages.instruments(instruments),
        "lineage.csv": lineage_table.content(evidence),
    }  # fmt: skip
    return {"README.md": _index(sorted(worked)), **out}


def project_evidence() -> Evidence:
    """The project's own thresholds. Raises ConfigurationError when the file cannot be read."""
    errors: list[str] = []
    body = YamlFile.read(CONFIG / "evidence.yaml", errors)
    if body is None:
        raise ConfigurationError("\n".join(errors))
    return Evidence.model_validate(body.data)


def project_instruments() -> dict[str, Instrument]:
    """The project's own instruments, by name. Raises ConfigurationError when a file cannot be read."""
    errors: list[str] = []
    bodies = [YamlFile.read(path, errors) for path in sorted((CONFIG / "instruments").glob("*.yaml"))]
    if errors:
        raise ConfigurationError("\n".join(errors))
    found = [Instrument.model_validate(body.data) for body in bodies if body is not None]
    return {i.name: i for i in found}


#: Pages of measurements, made by commands of their own (`make truth`).
MEASURED = ("drafts.md", "truth.md")
#: Folders of pages that people write.
WRITTEN, DECISIONS = "guide", "decisions"
#: Those that readers of the index look for: page -> what it answers.
GUIDES = {
    "add_a_site.md": "How do I add a site?",
    "answer_queries.md": "How do sites answer, and what closes a query?",
    "backfill.md": "How do I correct nights that are past?",
    "recover.md": "A night failed or a site is held: what now?",
    "unblind.md": "How is a trial unblinded, and analysed?",
    "upgrade.md": "How do I move to a newer version?",
    "operations.md": "How is it run every night, watched, and spread over machines?",
    "analyst.md": "How do I read a release in R, Python, SQL?",
    "exports.md": "What does each export format hold?",
    "sdtm.md": "What is in the SDTM-shaped domains, and what do CDISC's checks say?",
}


def stale(folder: Path = DOCS, wanted: dict[str, str] | None = None) -> list[str]:
    """Pages that are missing, differ from `wanted` (what the code gives), or that nothing makes any more."""
    wanted = pages() if wanted is None else wanted
    made = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in MEASURED]
    kept = [p for p in made if p.relative_to(folder).parts[0] not in (WRITTEN, DECISIONS)]
    there = {p.relative_to(folder).as_posix(): p.read_text(encoding="utf-8") for p in kept}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write(folder: Path = DOCS, wanted: dict[str, str] | None = None) -> list[str]:
    """Write the pages that differ, remove those that nothing makes; return their names."""
    wanted = pages() if wanted is None else wanted
    changed = stale(folder, wanted)
    for name in changed:
        path = folder / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return changed


_README_TABLE = re.compile(r"(<!-- where: made by `make docs` -->\n).*?(\n<!-- /where -->)", re.DOTALL)


def readme(text: str) -> str:
    """README's text with its "where is ...?" table as the headers of sql/ give it."""
    return _README_TABLE.sub(lambda found: f"{found[1]}{model_pages.readme_table()}{found[2]}", text)


def _index(worked: list[str]) -> str:
    rows = [(question, Link(name, name)) for name, question in INDEX.items()]
    rows += [(question, Link(f"{WRITTEN}/{name}", f"{WRITTEN}/{name}")) for name, question in GUIDES.items()]
    rows += [("Why is it built so? Short records of decisions", Link(f"{DECISIONS}/README.md", f"{DECISIONS}/README.md"))]
    rows += [(f"Worked examples: {Path(name).stem.replace('_', ' ')}", Link(name, name)) for name in worked]
    about = ["Every page here is made by `make docs` from the code, the configuration and the spec tests; a test fails when one is stale.",
             f"Pages of `{WRITTEN}/` and `{DECISIONS}/` are written by people; a test runs every block of the guides."]  # fmt: skip
    return page("trialweave, in detail", about, table(["question", "page"], rows))
