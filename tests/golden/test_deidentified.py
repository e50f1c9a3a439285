"""A de-identified release of the tiny trial, made by the whole route: who, when and the sites' words are not in it; the science is."""

from __future__ import annotations

import datetime as dt
import hashlib
import stat

import polars as pl
import pytest

from flows.engine import answers, explain_cell, finding_ids, findings_store, releases, verify
from schemas.columns import columns
from schemas.findings import ConfigurationError
from tests.privacy import DEIDENTIFIED, KEY, Tiny, holds

RELATIVE = {
    "adex": ["EXSEQ", "SESSNO", "EXDOSE", "LAGSTRT", "LAGEXPO", "LAGEND", "TIMCAT", "TIMREAS", "DOSENUM", "DOSEINT", "SRCFILE", "SRCROW"],
    "adsess": ["SESSNO", "SESDY", "DURMIN", "SUDSBEG", "SESSRES", "TIMCAT", "CHGNEXT"],
    "adqs": ["PARAMCD", "AVISIT", "ADY", "AVAL", "CHG", "POMP", "AWTDIFF"],
    "adcm": ["CMSEQ", "CMDECOD", "CODESTAT", "ADFL", "ADCHRFL", "PREFL", "ONTRTFL"],
    "adae": ["AESEQ", "AEDECOD", "TRTEMFL", "DAYSLDOS", "AESICAT"],
    "addv": ["DVSEQ", "DVDECOD", "DVMAJFL", "SESSNO"],
    "adsl": ["AGE", "SEX", "NDOSE", "CUMDOSE", "NSESS", "ADBLFL", "ADCHRFL", "NDV"],
    "adipd": ["AVISIT", "ADY", "WEEK", "AVAL", "Z", "RANK100", "POMPBL"],
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Tiny:
    tiny = Tiny(tmp_path_factory.mktemp("plain"))
    tiny.run()
    return tiny


@pytest.fixture(scope="module")
def masked(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINY_KEY", KEY)
        tiny = Tiny(tmp_path_factory.mktemp("masked"), DEIDENTIFIED)
        tiny.run()
        yield tiny


def of_site(tiny: Tiny, name: str, columns: list[str]) -> list[tuple]:
    return sorted(tiny.set(name).select("SITEID", *columns).rows(), key=repr)


@pytest.mark.parametrize("name", RELATIVE)
def test_everything_that_is_not_a_name_a_date_or_a_text_is_as_in_the_identified_release(plain: Tiny, masked: Tiny, name: str):
    assert of_site(masked, name, RELATIVE[name]) == of_site(plain, name, RELATIVE[name])


def test_means_and_spreads_of_the_trial_are_the_same_file(plain: Tiny, masked: Tiny):
    assert masked.set("adref").equals(plain.set("adref"))


def test_no_identifier_verbatim_dose_text_or_key_is_in_the_release(masked: Tiny):
    for text in ("t01-A-S1", "t01-B-001", "B-001", "Zoloft", "citaloprám", "Visual hallucinations", "0,05 g", KEY):
        assert holds(text, [masked.latest]) == [], text
    assert masked.set("adex").get_column("EXDOSORG").null_count() == masked.set("adex").height


def test_every_date_is_another_one_and_each_participants_intervals_are_kept(plain: Tiny, masked: Tiny):
    true, shown = plain.set("adsl").sort("SITEID", "AGE"), masked.set("adsl").sort("SITEID", "AGE")
    for name in (c.name for c in columns()["adsl"] if c.type == "Date"):
        for was, now in zip(true.get_column(name), shown.get_column(name), strict=True):
            assert (was is None and now is None) or now < was
    gap = (pl.col("RANDDT") - pl.col("ICFDT")).alias("gap")
    assert shown.select(gap).equals(true.select(gap))


def test_the_same_participant_has_the_same_pseudonym_in_every_set_and_in_the_findings(masked: Tiny):
    people = set(masked.set("adsl").get_column("USUBJID"))
    assert len(people) == 4
    for name in RELATIVE:
        assert set(masked.set(name).get_column("USUBJID")) <= people
    told = masked.set("findings").filter(pl.col("subject") != "").select("site", "subject")
    named = {f"t01-{site}-{subject}" for site, subject in told.iter_rows()}
    assert len(named & people) >= 3  # beside them, one who is in no list


def test_the_data_managers_own_findings_keep_the_identifiers_for_the_site(masked: Tiny):
    assert {"S1", "S2", "001"} <= set(findings_store.history(masked.data).get_column("subject"))


def test_free_text_lies_in_the_restricted_folder_under_the_pseudonyms_and_for_its_owner_only(masked: Tiny):
    home = masked.data / "restricted" / masked.latest.name
    assert sorted(masked.set("adae", home).get_column("AETERM")) == ["Headache", "Visual hallucinations"]
    assert set(masked.set("adae", home).get_column("USUBJID")) <= set(masked.set("adsl").get_column("USUBJID"))
    modes = {stat.S_IMODE(p.stat().st_mode) for p in [masked.data / "restricted", *home.rglob("*")] if p.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(p.stat().st_mode) for p in home.rglob("*.parquet")} == {0o400}


def test_the_release_can_be_verified_and_made_again_byte_for_byte(masked: Tiny, tmp_path, monkeypatch):
    found = releases.latest(masked.data)
    assert found is not None and verify.published(masked.data, found) == []
    monkeypatch.setenv("TINY_KEY", KEY)
    again = Tiny(tmp_path, DEIDENTIFIED)
    again.run()

    def hashes(tiny: Tiny) -> dict[str, str]:
        files = (p for p in sorted(tiny.latest.rglob("*.parquet")) if p.parts[-3] != "findings")
        return {p.relative_to(tiny.latest).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    assert hashes(again) == hashes(masked)


def test_a_night_without_the_key_publishes_nothing_and_the_release_stands(masked: Tiny, monkeypatch):
    before = masked.latest
    monkeypatch.delenv("TINY_KEY")
    with pytest.raises(ConfigurationError, match="TINY_KEY is not set"):
        masked.run()
    assert masked.latest == before


def test_a_key_of_another_name_makes_another_release_and_the_key_is_written_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("TINY_KEY", KEY)
    tiny = Tiny(tmp_path, DEIDENTIFIED)
    first = tiny.run()
    monkeypatch.setenv("TINY_KEY_2", KEY[::-1])
    tiny.status("key_env: TINY_KEY", "key_env: TINY_KEY_2")
    second = tiny.run()
    assert second.published
    old, new = (set(tiny.set("adsl", r.release.folder).get_column("USUBJID")) for r in (first, second))
    assert not old & new
    old, new = (set(tiny.set("findings", r.release.folder).get_column("finding_id")) for r in (first, second))
    assert not old & new
    assert holds(KEY, [tmp_path / "data"]) == []


def test_a_night_with_nothing_new_makes_no_release(masked: Tiny, monkeypatch):
    monkeypatch.setenv("TINY_KEY", KEY)
    assert not masked.run().published


def test_a_finding_is_explained_and_waived_by_the_id_that_the_release_shows(tmp_path, monkeypatch):
    monkeypatch.setenv("TINY_KEY", KEY)
    tiny = Tiny(tmp_path, DEIDENTIFIED)
    tiny.run()
    release = releases.latest(tiny.data)
    assert release is not None
    shown = tiny.set("findings").filter(pl.col("rule") == "subject_not_listed").get_column("finding_id").to_list()
    own = findings_store.history(tiny.data).filter(pl.col("rule") == "subject_not_listed").get_column("finding_id").to_list()
    assert len(shown) == len(own) == 1 and shown != own

    answer = explain_cell.finding(tiny.data, release, shown[0][:10])
    assert answer["finding"]["finding_id"] == own[0] and answer["sources"]

    answers.waive(tiny.data, shown[0], "a data manager", "seen on paper", None, dt.date(2026, 3, 1))
    tiny.run()
    status = dict(findings_store.history(tiny.data).select("finding_id", "status").iter_rows())
    assert status[own[0]] == "WAIVED"

    monkeypatch.delenv("TINY_KEY")
    with pytest.raises(ConfigurationError, match="TINY_KEY is not set"):
        explain_cell.finding(tiny.data, release, shown[0])
    assert finding_ids.find(tiny.data, own[0])["rule"] == "subject_not_listed"  # the history's own id needs no key
