"""Where a run is killed: every boundary between stages, and in the middle of each kind of write.

What belongs here: the table of points. What does not: how a strike works (strike.py), what must hold afterwards (scene.py).
"""

from __future__ import annotations

from typing import Any

_E = "flows.engine."


def _at(name: str, when: str, match: str = "", n: int = 1) -> dict[str, Any]:
    at = name if name.startswith("pathlib") else _E + name
    return {"at": at, "when": when, "match": match, "n": n}


#: What a person calls the point -> the strike.
POINTS: dict[str, dict[str, Any]] = {
    "before anything is pulled": _at("landing:receive", "before"),
    "in the middle of copying a file": _at("landing:_copy", "torn", n=3),
    "copied, but nothing durable": _at("landing:_sync", "before"),
    "receipt half copied": _at("landing:_sync", "before", r"/\.tmp-[^/]*$"),
    "before the delivery has its name": _at("pathlib:Path.rename", "before", "/landing/"),
    "delivery landed, not yet in its log": _at("landing:_append", "before"),
    "line of deliveries half written": _at("landing:_append", "torn"),
    "one site pulled, the other not": _at("landing:_append", "after"),
    "after mapping, before judging": _at("judge:judge_intake", "before"),
    "in the middle of the SQL models": _at("models:run_schema", "before"),
    "a staged file half written": _at("pathlib:Path.write_bytes", "torn", "/staged/", 5),
    "findings of a batch half written": _at("partitions:put", "torn", "/staged/", 2),
    "before a staged folder has its name": _at("pathlib:Path.rename", "before", "/staged/"),
    "one site staged, the other not": _at("pathlib:Path.rename", "after", "/staged/"),
    "in the pooled step": _at("partitions:write_whole", "before"),
    "pooled, before publishing": _at("releases:new_id", "before"),
    "in the middle of linking a release": _at("releases:put_part", "before", n=7),
    "manifest half written": _at("pathlib:Path.write_text", "torn", "manifest.json"),
    "before the catalog": _at("catalog:write_catalog", "before"),
    "before a release is durable": _at("releases:make_durable", "before"),
    "before a release has its name": _at("releases:settle", "before"),
    "after a release has its name": _at("releases:settle", "after"),
    "findings history half written": _at("partitions:put", "torn", "/findings/.tmp-"),
    "before findings get their name": _at("pathlib:Path.replace", "before", "/findings/"),
    "after findings are kept": _at("findings_store:append", "after"),
    "after changes are kept": _at("changes:append", "after"),
    "before the ledger knows the release": _at("ledger:append", "before", "release_published"),
    "ledger line half written": _at("ledger:append", "torn", "release_published"),
    "after the ledger knows the release": _at("ledger:append", "after", "release_published"),
    "before latest is switched": _at("releases:switch_latest", "before"),
    "in the middle of switching latest": _at("pathlib:Path.replace", "before", "/releases/latest"),
    "after latest is switched": _at("releases:switch_latest", "after"),
    "before the note of the run": _at("state:write", "before"),
    "note of the run half written": _at("pathlib:Path.write_text", "torn", r"\.state\.json"),
    "before the note has its name": _at("pathlib:Path.replace", "before", r"/state\.json"),
    "before the last line of the ledger": _at("ledger:append", "before", "run_finished"),
    "last line of the ledger half written": _at("ledger:append", "torn", "run_finished"),
}  # fmt: skip

#: Tried by every `make test`; the others by `make faults`.
QUICK = ("a staged file half written", "after findings are kept", "ledger line half written", "in the middle of switching latest")
