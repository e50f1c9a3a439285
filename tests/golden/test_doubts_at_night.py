"""What `check-config` doubts, as findings of nights on the real engine."""

from __future__ import annotations

from flows.engine import findings_store
from tests.golden.test_hold import SITE, Export
from tests.nights import TRIAL

SAID = "tables.session.attended: maps 'no' to true; the word usually means false"
PART = "primary: LSASFEAR has 24 of the 48 items of LSASTOT; look whether a part of LSAS is the protocol's primary outcome"


def test_a_doubt_is_one_finding_new_once_until_what_it_names_is_mended(export: Export):
    def told() -> list[tuple[str, str, str, str, str, str]]:
        known = findings_store.history(export.data, rule=("mapping_doubted", "trial_doubted")).sort("rule")
        return [
            (r["rule"], f"{r['site']} {r['table']}.{r['field']}", r["suggestion"], r["status"], str(r["first_seen"]), str(r["resolved_on"]))
            for r in known.to_dicts()
        ]

    mapping, trial = export.config / "sites" / "t01_all" / "site.yaml", export.config / "trials" / "t01.yaml"
    assert told() == []

    mapping.write_text(SITE.replace('{"1": true, "0": false}', '{"1": true, "0": false, "no": true}'))
    trial.write_text(TRIAL.replace("primary: LSASTOT", "primary: LSASFEAR"))
    open_since = [
        ("mapping_doubted", "01 session.attended", SAID, "OPEN", "2026-03-02", "None"),
        ("trial_doubted", "01 .", PART, "OPEN", "2026-03-02", "None"),
    ]
    for day in ("2026-03-02", "2026-03-03"):
        export.run(as_of=day)
        assert told() == open_since, day
    assert not export.run(as_of="2026-03-03").published  # nothing of it is told again

    mapping.write_text(SITE)
    export.run(as_of="2026-03-04")
    assert [(r, s, over) for r, _, _, s, _, over in told()] == [
        ("mapping_doubted", "RESOLVED", "2026-03-04"), ("trial_doubted", "OPEN", "None")
    ]  # fmt: skip
