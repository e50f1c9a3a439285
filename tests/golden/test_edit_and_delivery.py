"""A delivery and an edit (or new code) in one night, on the real engine: what each of them changed is told, and holds, by itself."""

from __future__ import annotations

import pytest

from flows.engine import findings_store, fingerprint, settling
from tests.golden.test_hold import PEOPLE, SITE, VISITS, Export
from tests.nights import call

TURNED = SITE.replace('{"1": true, "0": false}', '{"1": false, "0": true}')
LATER = [v.replace("P02,01,1,1,2026-01-11 10:00", "P02,01,1,1,2026-01-11 11:30") for v in VISITS]
VALUES = ("value_changed", "fact_changed", "values_changed_alike", "values_changed_widely", "value_disappeared", "record_disappeared")
EDITS = ("mapping_changes_values", "mapping_not_compared", "mapping_loses_records", "configuration_changes_values")


def edit(export: Export, text: str) -> None:
    (export.config / "sites" / "t01_all" / "site.yaml").write_text(text)


def told(export: Export, site: str, rules: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Standing findings: rule, subject, suggestion."""
    known = findings_store.history(export.data, [("t01", site)], rule=rules).filter(status="OPEN")
    return known.sort("rule", "table", "record_key").select("rule", "subject", "suggestion").rows()


def reason(export: Export, site: int = 0) -> str:
    return str(export.ended.release.manifest["sites"][site]["reason"])


def of_02(rows: list[str], *words: tuple[str, str]) -> list[str]:
    """Rows with other words, those of site 02 only."""
    out = []
    for row in rows:
        for old, new in words if ",02," in row else ():
            row = row.replace(old, new)
        out.append(row)
    return out


def statuses(told: dict[str, tuple[str, str, int]]) -> dict[str, str]:
    return {site: of[0] for site, of in told.items()}


def test_what_the_delivery_changed_and_what_the_edit_changed_are_told_apart_and_a_column_recoded_holds_its_site(export: Export):
    edit(export, TURNED)
    people = of_02(PEOPLE, (",m,", ",?,"), (",f,", ",m,"), (",?,", ",f,"))
    night = export.night("2026-03-02", people, [v for v in LATER if not v.startswith("P04,01,2")])

    assert statuses(night) == {"01": "fresh", "02": "carried"}
    assert told(export, "01", VALUES) == [
        ("record_disappeared", "P04", "it was row 8 of its file in the delivery of 2026-03-01"),
        ("value_changed", "P02", "other values of started_at than in the delivery of 2026-03-01"),
    ]
    where = "since the edit of sites/t01_all/site.yaml line 15: "
    session, subject = (s for _, _, s in told(export, "01", EDITS))
    assert session == f"{where}adsess rows have another ATTFL in 19 of 19"
    assert subject.startswith(f"{where}adsl rows have another NSESS in 10 of 10, ")
    assert "t01/02: subject.SEX: 10 of 10 values are other ones than in the delivery of 2026-03-01; the delivery is" in reason(export, 1)
    assert told(export, "02", VALUES) == []


def test_an_edit_that_follows_new_codes_is_silent_and_where_it_follows_them_wrongly_the_site_is_held(export: Export):
    edit(export, SITE.replace("m: M, f: F", "man: M, woman: F"))
    people = of_02([p.replace(",m,", ",man,").replace(",f,", ",woman,") for p in PEOPLE], ("woman", "?"), ("man", "woman"), ("?", "man"))

    assert statuses(export.night("2026-03-02", people, LATER)) == {"01": "fresh", "02": "carried"}
    assert [(r, s) for r, s, _ in told(export, "01", (*VALUES, *EDITS))] == [("value_changed", "P02")]
    assert "t01/02: subject.SEX: 10 of 10 values are other ones than in the delivery of 2026-03-01; the delivery" in reason(export, 1)


def test_a_renamed_column_whose_mapping_follows_is_compared_with_what_is_published(export: Export):
    edit(export, SITE.replace("from: start,", "from: begin,"))
    visits = of_02(LATER, (" 10:00", " 11:00"))  # an hour later in every session: the renaming is no excuse

    night = export.night("2026-03-02", visits=visits, header="id,center,no,came,begin")

    assert statuses(night) == {"01": "fresh", "02": "carried"}
    said = "other values of started_at than in the delivery of 2026-03-01 (the mapping was edited since, and the delivery before cannot be"
    assert told(export, "01", VALUES) == [("value_changed", "P02", f"{said} worked so; that may be why)")]
    assert told(export, "01", EDITS) == [] and told(export, "02", VALUES) == []
    assert "session.SESDTM: 20 of 20 values are other ones than in the delivery of 2026-03-01 (the mapping was edited" in reason(export, 1)
    assert "it stays as it was published; today's configuration cannot work the delivery before: t01/all: session" in reason(export, 1)
    assert "delivery_unreadable" not in {**export.rules("01"), **export.rules("02")}


def test_where_the_configuration_of_before_is_gone_the_last_delivery_tells_what_the_edit_changed(export: Export):
    for kept in (export.data / "config").glob("*.zip"):
        kept.unlink()
    edit(export, TURNED)
    export.night("2026-03-02", visits=LATER)

    assert [(r, s.split(": ")[1]) for r, _, s in told(export, "01", EDITS)] == [
        ("mapping_changes_values", "adsess rows have another ATTFL in 20 of 20"),
        ("mapping_changes_values", "adsl rows have another NSESS in 10 of 10, NDV in 10 of 10"),
    ]
    assert told(export, "01", VALUES) == [("value_changed", "P02", "other values of started_at than in the delivery of 2026-03-01")]


def test_where_the_files_of_before_are_gone_too_what_cannot_be_told_apart_holds_until_a_person_lets_it_pass(export: Export):
    for gone in [*(export.data / "config").glob("*.zip"), *(export.data / "landing").rglob("*.csv")]:
        gone.unlink()
    edit(export, TURNED)
    assert export.night("2026-03-02", visits=LATER)["01"][0] == "carried"
    assert "session.ATTFL: 20 of 20 values are other ones than in the delivery of 2026-03-01 (the mapping was" in reason(export)

    delivery = reason(export).split("--delivery ")[1][:12]
    for site in ("t01/01", "t01/02"):
        call("release-hold", site, "--delivery", delivery, "--who", "A. Manager", "--reason", "meant so", "--data", export.data)
    export.run(as_of="2026-03-03")
    assert [r for r, _, _ in told(export, "01", EDITS)] == ["mapping_not_compared"]
    # what was not the reason of the hold is told all the same
    assert ("value_changed", "P02") in [(r, s) for r, s, _ in told(export, "01", VALUES)]


def test_a_delivery_is_compared_in_the_night_of_new_code_too(export: Export, monkeypatch: pytest.MonkeyPatch):
    for module in (fingerprint, settling):
        monkeypatch.setattr(module, "code_sha256", lambda: "the code of the next version")
    export.night("2026-03-02", visits=LATER)
    assert told(export, "01", VALUES) == [("value_changed", "P02", "other values of started_at than in the delivery of 2026-03-01")]


def test_a_mapping_that_is_in_force_from_a_day_on_is_no_edit_and_the_delivery_is_compared(export: Export):
    (export.config / "sites" / "t01_all" / "site.from-2026-03-02.yaml").write_text(SITE.replace("from: start,", "from: begin,"))
    hour = [v.replace(" 10:00", " 11:00") for v in VISITS]

    assert export.night("2026-03-02", visits=hour, header="id,center,no,came,begin")["01"][0] == "carried"
    assert "session.SESDTM: 20 of 20 values are other ones than in the delivery of 2026-03-01; the" in reason(export)
    assert told(export, "01", EDITS) == []
