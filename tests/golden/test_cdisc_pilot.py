"""A real study through the whole engine, compared with what its sponsor published.

The CDISC pilot (306 people, 17 sites in one export) was written by nobody of this project; its ADSL and ADAE are the sponsor's
own. Where the two differ the test says why.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from flows.engine import config
from tests.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
PILOT = ROOT / ".." / "shared" / "data" / "cdisc_pilot"

pytestmark = pytest.mark.skipif(not PILOT.is_dir(), reason="the public CDISC pilot study is not beside this checkout")


@pytest.fixture(scope="module")
def pilot(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    engine = Engine(config.load(ROOT / "config" / "cdisc_pilot"), tmp_path_factory.mktemp("pilot"))
    return engine.run().connect()


@pytest.fixture(scope="module")
def sponsor():
    import pyreadstat

    adsl, _ = pyreadstat.read_xport(PILOT / "adam" / "adsl.xpt")
    adae, _ = pyreadstat.read_xport(PILOT / "adam" / "adae.xpt")
    return {"adsl": adsl.to_dict("records"), "adae": adae.to_dict("records")}


def key(usubjid: str) -> str:
    """The sponsor's 01-701-1015 is our cdiscpilot01-701-1015."""
    return usubjid.replace("01-", "cdiscpilot01-", 1)


def test_first_dose_date_is_the_sponsors_for_all_254_treated_subjects(pilot, sponsor):
    ours = dict(pilot.execute("select USUBJID, TRTSDT from adsl where SAFFL = 'Y'").fetchall())
    theirs = {key(r["USUBJID"]): r["TRTSDT"] for r in sponsor["adsl"]}
    assert len(theirs) == 254
    assert ours == theirs


def test_age_and_sex_are_the_sponsors_for_all(pilot, sponsor):
    ours = {u: (a, s) for u, a, s in pilot.execute("select USUBJID, AGE, SEX from adsl").fetchall()}
    assert len(ours) == 306, "the sponsor's ADSL leaves out 52 screen failures; the export holds 306 people"
    for row in sponsor["adsl"]:
        assert ours[key(row["USUBJID"])] == (row["AGE"], row["SEX"])


def test_the_arm_is_the_sponsors_because_the_study_is_unblinded(pilot, sponsor):
    ours = dict(pilot.execute("select USUBJID, TRT01P from adsl").fetchall())
    for row in sponsor["adsl"]:
        assert ours[key(row["USUBJID"])] == row["TRT01P"]


def test_adverse_events_are_the_sponsors_row_by_row(pilot, sponsor):
    """All 961 events of AE are in our set; of the sponsor's 1,191 rows 230 have no parent in the AE export they published
    with it, so only the others can be compared: 961."""
    ours = Counter(pilot.execute("select USUBJID, AETERM, AESEV, AESER, coalesce(AEREL, ''), AESTDTC from adae").fetchall())
    assert sum(ours.values()) == 961
    import pyreadstat

    ae, _ = pyreadstat.read_xport(PILOT / "sdtm" / "ae.xpt")
    names = ("AETERM", "AESEV", "AESER", "AEREL")
    parents = Counter((key(r["USUBJID"]), *(r[n] for n in names), r["AESTDTC"] or None) for r in ae.to_dict("records"))
    assert ours == parents
    known = {(r["USUBJID"], r["AESEQ"]) for r in ae.to_dict("records")}
    compared = [r for r in sponsor["adae"] if (r["USUBJID"], r["AESEQ"]) in known]
    assert len(sponsor["adae"]) - len(compared) == 230
    theirs = Counter((key(r["USUBJID"]), r["AETERM"], r["AESEV"], r["AESER"], r["AEREL"]) for r in compared)
    assert Counter(k[:5] for k in ours.elements()) == theirs


def test_onset_dates_and_treatment_emergence_agree_where_the_onset_is_complete(pilot, sponsor):
    """The sponsor imputes partial onsets to the first of the month; we keep the earliest possible day and flag it, so only
    complete dates are compared. Treatment emergence: the sponsor says Y or nothing, we say Y, N or U."""
    ours = Counter(
        pilot.execute("""
            select USUBJID, AETERM, ASTDT, coalesce(TRTEMFL, '') = 'Y' from adae where length(AESTDTC) = 10
        """).fetchall()
    )
    import pyreadstat

    ae, _ = pyreadstat.read_xport(PILOT / "sdtm" / "ae.xpt")
    complete = {(r["USUBJID"], r["AESEQ"]) for r in ae.to_dict("records") if len(r["AESTDTC"]) == 10}
    theirs = Counter(
        (key(r["USUBJID"]), r["AETERM"], r["ASTDT"], r["TRTEMFL"] == "Y")
        for r in sponsor["adae"]
        if (r["USUBJID"], r["AESEQ"]) in complete
    )
    assert sum((ours - theirs).values()) == 0
    assert sum((theirs - ours).values()) == 0


def test_partial_medication_dates_stay_partial(pilot):
    lengths = dict(pilot.execute("select length(CMSTDTC), count(distinct (SRCFILE, SRCROW)) from adcm group by 1").fetchall())
    assert lengths == {4: 3731, 7: 1723, 10: 2035, None: 21}


def test_nothing_of_the_7510_medications_is_lost(pilot):
    assert pilot.execute("select count(distinct (SRCFILE, SRCROW)) from adcm").fetchall()[0][0] == 7510


def test_the_mmse_total_is_the_sponsors(pilot, sponsor):
    ours = dict(pilot.execute("select USUBJID, AVAL from adqs where PARAMCD = 'MMSETOT' and AVISIT = 'SCREENING 1'").fetchall())
    for row in sponsor["adsl"]:
        assert ours[key(row["USUBJID"])] == row["MMSETOT"]


def test_no_dose_has_a_session_because_the_study_has_none(pilot):
    assert pilot.execute("select distinct SESSNO, TIMCAT, TIMREAS from adex").fetchall() == [(None, "UNKNOWN", "NO_DOSE_TIME")]
    assert pilot.execute("select min(EXSTDTC) from adex where USUBJID = 'cdiscpilot01-701-1015'").fetchall() == [("2014-01-02",)]


def test_a_day_is_a_date(pilot):
    found = pilot.execute("select TRTSDT from adsl where USUBJID = 'cdiscpilot01-701-1015'").fetchall()
    assert found == [(dt.date(2014, 1, 2),)]
