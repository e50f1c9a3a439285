"""The documents that explain a release: which there are and their bytes.

What belongs here: their list. What does not: what stands in one (the modules beside this one).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from flows.engine.describe import define_xml, page, table
from flows.engine.releases import Part


def documents(studies: Iterable[str], as_of: str, content: str) -> list[Part]:
    """dictionary.csv, dictionary.html and define.xml of a release; the same arguments give the same bytes.

    `as_of`: the night's moment as the manifest writes it; `content`: the 8 hex at the end of the release's id.
    """
    made = {
        "define.xml": define_xml.as_xml(sorted(set(studies)), as_of, content),
        "dictionary.csv": table.as_csv(),
        "dictionary.html": page.as_html(),
    }
    return [Part("", name, 0, hashlib.sha256(found).hexdigest(), content=found) for name, found in made.items()]


def listed(made: Iterable[Part]) -> list[dict[str, Any]]:
    """The documents as the manifest names them."""
    return [{"path": p.path, "sha256": p.sha256} for p in made]
