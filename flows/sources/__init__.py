"""One file = one place exports are fetched from; each offers find(...) -> the files there, by name.

What belongs here: which source module serves which `kind`. What does not: copying and receipts (flows/engine/landing.py).
Only the standard library and schemas are imported, so that "nothing changed" is answered at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flows.sources import files
from schemas.findings import ConfigurationError

if TYPE_CHECKING:
    from schemas.site import Site

_KINDS = {"files": files.find}


def find(site: Site, config_root: Path) -> Mapping[str, Path]:
    """Name within the export (with /) -> where the file lies now."""
    kind = _KINDS.get(site.source.kind)
    if kind is None:
        raise ConfigurationError(f"{site.key}: source kind {site.source.kind!r} is unknown; there are {sorted(_KINDS)}")
    return kind(site, config_root)
