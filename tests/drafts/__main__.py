"""`make drafts`: draft the demo's sites, print how many fields came out right, open and wrong, and write docs/drafts.md."""

from __future__ import annotations

from pathlib import Path

from flows.docs.markdown import page, table
from tests.drafts.compare import Result, all_sites

HEADS = ["site", "fields right", "open", "told", "wrong", "values right", "open", "told", "wrong", "questions"]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "drafts.md"


def row(name: str, results: list[Result]) -> tuple[str, ...]:
    """A line of the table: one site, or all."""
    fields = [sum(r.count(v) for r in results) for v in ("right", "open", "told", "wrong")]
    cells = [sum(r.cells(k) for r in results) for k in ("right", "left_open", "told", "wrong")]
    return (name, *map(str, [*fields, *cells, sum(r.asked for r in results)]))


def main() -> None:
    results = list(all_sites())
    rows = [*(row(r.site, [r]) for r in results), row("all", results)]
    widths = [max(len(r[i]) for r in [tuple(HEADS), *rows]) for i in range(len(HEADS))]
    for line in [tuple(HEADS), *rows]:
        print("  ".join(cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))))
    for one in results:
        for f in one.fields:
            if f.verdict in ("wrong", "told"):
                print(f"{one.site}: {f.table}.{f.name} {f.verdict}: {f.wrong} wrong, {f.told} told of {f.right + f.wrong + f.told}")
        if one.extra:
            print(f"{one.site}: mapped by the draft alone: {', '.join(one.extra)}")
    wrong = [(r.site, f"{f.table}.{f.name}", f.wrong, f.told) for r in results for f in r.fields if f.verdict in ("wrong", "told")]
    about = [
        "`make drafts` lets `trialweave new-site` draft each of the demo's sites from its export (which is full of planted faults), with",
        "the trial file, the time zone and the clock given, leaves out whatever the draft leaves open, and compares every value with",
        "what the mapping a person wrote gives. Right: all values of a field are the same. Open: left to a person. Told: the draft",
        "withholds a value, with a finding, that the person's mapping reads. Wrong: another value, or one lost in silence.",
    ]
    odd = "At acro01_02 two people wrote dates in two orders: seven of eight cells prove one of them, and the draft takes it for all."
    blocks = [table(HEADS, rows), ["## Not right"], [odd], table(["site", "field", "wrong", "told"], wrong)]
    PAGE.write_text(page("Drafts of new sites", about, *blocks), encoding="utf-8")


if __name__ == "__main__":
    main()
