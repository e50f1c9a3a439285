"""A draft as a file: its head, its lines, what nothing reads; and putting it into the configuration folder.

What belongs here: the whole text of site.yaml. What does not: a line of it (yaml_text.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flows.newsite.draft import Draft
from flows.newsite.yaml_text import lines
from schemas.findings import ConfigurationError


def text(draft: Draft, left_out: Sequence[tuple[str, str]] = ()) -> str:
    """The whole of site.yaml."""
    study, site = draft.site["study"], draft.site["site_id"]
    head = [
        f"# Draft by `trialweave new-site {study} {site}`: look at every line. A comment tells how sure it is and why.",
        "# Where it says DECIDE a person must: check-config tells each such line and what to write. Then see what it makes of the export:",
        f"#   trialweave check-config --site {study}/{site}",
    ]
    body = [*lines(draft.site)]
    tail: list[str] = []
    if left_out:
        tail += ["# Left out, because it is undecided:", *(f"#   {path}: {' '.join(ask.split())}" for path, ask in left_out)]
    if draft.unread_columns:
        tail += ["# Columns that nothing reads (write them under fields, or in ignore_columns):"]
        tail += [f"#   {name}: {', '.join(columns)}" for name, columns in sorted(draft.unread_columns.items())]
    if draft.unread_files:
        tail += ["# Files and sheets that nothing reads (ignore_files, where that is meant):"]
        tail += [f"#   {name}: {why}" for name, why in sorted(draft.unread_files.items())]
    tail += [f"# {note}" for note in draft.notes]
    return "\n".join([*head, *body, *tail]) + "\n"


def place(config: Path, study: str, site: str) -> Path:
    """Where the site's mapping belongs."""
    return config / "sites" / f"{study}_{site}" / "site.yaml"


def write(path: Path, content: str, *, replace: bool) -> None:
    """Write the draft; what is there is not overwritten unaskedly. Raises ConfigurationError."""
    if path.exists() and not replace:
        raise ConfigurationError(f"{path} is there already\n  fix   -> --replace overwrites it, --print shows the draft without writing")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
