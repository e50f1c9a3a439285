"""The page of sources: where exports can be fetched from, the keys of each kind, what is decided, and which trouble is tested where.

What belongs here: reading the models, the modules' docstrings and the names of their tests. What does not: the mapping language.
"""

from __future__ import annotations

from typing import get_args

from flows.docs.format_pages import decided, sentences
from flows.docs.mapping_pages import keys_of
from flows.docs.markdown import code, page, table
from flows.docs.worked import PROJECT
from schemas.base import Config
from schemas.source import RemoteSource, Source

_TESTS = PROJECT / "tests" / "sources"


def kinds() -> dict[str, type[Config]]:
    """Kind -> its model."""
    return {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(Source)[0])}


def sources() -> str:
    """`sources.md`: every kind of place."""
    shared = keys_of(RemoteSource)
    blocks: list[list[str]] = [[
        "`source` of a site says where its export is. Anything but a folder of files is fetched into `incoming/` of the data folder first,",
        "under temporary names; only when all of it is here, has the right size and is still what the place holds, is it landed, with a",
        "receipt that says where from, which version and when. What was landed already is not fetched again, and the same content is no",
        "new delivery. What is cut, slow, busy or changes meanwhile is tried again, three times, after growing and uneven delays; a wrong",
        "password, an unknown server, missing records, a size or a name that cannot be are final: the site's last good data stay.",
    ], [
        "A key that ends in `_env` names an environment variable, one that ends in `_block` a Prefect Secret block.",
        "`trialweave check-config` says which variables are not set where it runs. Addresses hold neither name nor password.",
    ], ["Keys of every kind but `files`:"], table(["key", "type", "allowed values", "default", "meaning"], shared)]  # fmt: skip
    for kind, model in kinds().items():
        rows = [row for row in keys_of(model) if row not in shared and row[0] != code("kind")]
        doc = " ".join((model.__doc__ or "").split())
        about = [f"## {kind}"], [doc], [decided(f"flows.sources.{kind}")]
        blocks += [*about, table(["key", "type", "allowed values", "default", "meaning"], rows)]
    rows = []
    for path in sorted(_TESTS.glob("test_*.py")):
        of = path.stem.split("_")[1]
        rows += [(code(of) if of in kinds() else "all", sentence, code(path.name)) for sentence in sentences("sources", path.name)]
    blocks += [["## What was tried, and the test of each"], table(["kind", "what holds", "tested in `tests/sources/`"], rows)]
    return page("Sources", *blocks)
