"""One site's numbers beside those of the other sites of its trial, and beside the protocol."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from flows.engine import beside
from flows.engine.config import Unit, load
from tests.newsite.maker import TRIAL

SITE = """\
site_id: "01"
study: t01
timezone: Europe/Madrid
profile: edc
source: {kind: files, path: export}
tables:
  dose:
    fields:
      dose: {unit: g}
"""
PROFILE = """\
subject_id: id
tables:
  subject:
    file: a.csv
    fields:
      sex: {from: sex, map: {"1": F, "2": M}}
  session:
    file: b.csv
    fields: {session_no: no, started_at: {from: start, format: "%d.%m.%Y %H:%M"}}
  dose:
    file: c.csv
    fields:
      session_no: no
      dose: {from: dose, unit: mg}
"""


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    for name, text in {"trials/t01.yaml": TRIAL, "profiles/edc.yaml": PROFILE, "sites/t01_01/site.yaml": SITE}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return load(tmp_path).units["t01/01"]


def signs(codes: dict[str, dict[str, int]] | None = None, amounts: dict[str, int] | None = None, **figures: list[float]) -> dict[str, Any]:
    """A site's numbers; a figure is n, p10, median, p90."""
    numbers = {k.replace("__", "."): v for k, v in figures.items()}
    return {"codes": codes or {}, "figures": numbers, "amounts": amounts or {}, "weights": {}}


def sex(women: int, men: int) -> dict[str, Any]:
    return signs({"subject.sex": {"F": women, "M": men}})


def told(unit: Unit, mine: dict[str, Any], *others: dict[str, Any]) -> list[tuple[str, str]]:
    """Rule and suggestion of each sign."""
    from flows.engine.config import PROJECT  # the project's thresholds
    from flows.engine.yamlfile import YamlFile
    from schemas.evidence import Evidence

    body = YamlFile.read(PROJECT / "evidence.yaml", [])
    assert body is not None
    evidence = Evidence.model_validate(body.data)
    known = {str(n): o for n, o in enumerate(others)}
    apart = [(row["rule"], row["suggestion"]) for row in beside.rows(unit, "01", mine, beside.Sites(known, evidence), evidence, None)]
    among = beside.rows(unit, "01", mine, beside.Sites({"01": mine, **known}, evidence), evidence, None)
    assert [(row["rule"], row["suggestion"]) for row in among] == apart  # a site is not its own neighbour
    return apart


def test_a_share_beyond_that_of_every_other_site_and_of_chance_names_the_line_of_the_code(unit):
    # codes_unlike_other_sites: 62 to 66 % women elsewhere, 36 % here of 150
    words = "F is 36 % of 150 values; at 3 other sites 62 to 66 %; the mapping says so in profiles/edc.yaml line 6"
    assert told(unit, sex(54, 96), sex(62, 38), sex(130, 70), sex(66, 34)) == [("codes_unlike_other_sites", words)]


def test_a_share_that_chance_may_give_or_another_site_has_or_two_sites_alone_is_not_told(unit):
    assert told(unit, sex(10, 15), sex(62, 38), sex(130, 70), sex(66, 34)) == []
    assert told(unit, sex(54, 96), sex(62, 38), sex(130, 70), sex(40, 60)) == []
    assert told(unit, sex(0, 150), sex(62, 38), sex(130, 70)) == []


def test_two_sites_that_make_the_same_mistake_do_not_hide_each_other_among_five_or_more(unit):
    # a fifth of five other sites is one
    words = "F is 36 % of 200 values; at 4 of 5 other sites at least 62 %; the mapping says so in profiles/edc.yaml line 6"
    usual = [sex(62, 38), sex(130, 70), sex(66, 34), sex(64, 36)]
    assert told(unit, sex(72, 128), *usual, sex(36, 64)) == [("codes_unlike_other_sites", words)]
    assert told(unit, sex(72, 128), *usual[1:], sex(36, 64)) == []
    words = ("the usual hour at which sessions begin is 3 h (60 values); at 4 of 5 other sites at least 13; "
             "the mapping says so in profiles/edc.yaml line 9")  # fmt: skip
    day, night = signs(session__started_at=[80, 9.0, 13.0, 17.0]), signs(session__started_at=[60, 0.0, 3.0, 8.0])
    assert told(unit, night, day, day, day, day, night) == [("figures_unlike_other_sites", words)]
    assert told(unit, night, day, day, day, night) == []


def test_a_word_that_no_other_site_has_and_one_that_only_the_others_have_are_one_sign(unit):
    mine, other = ({"adverse_event.severity": c} for c in ({"SEVERE": 60}, {"MILD": 60}))
    words = "MILD is 0 % of 60 values; at 3 other sites 100 to 100 %; the mapping says so in the site file"
    assert told(unit, signs(mine), *[signs(other)] * 3) == [("codes_unlike_other_sites", words)]


def test_a_usual_figure_apart_from_most_of_every_other_site_names_the_line_of_its_column(unit):
    # figures_unlike_other_sites: sessions begin at 3 at night, elsewhere from 9 to 17
    day = [80, 9.0, 13.0, 17.0]
    words = ("the usual hour at which sessions begin is 3 h (60 values); at 3 other sites 12 to 13; "
             "the mapping says so in profiles/edc.yaml line 9")  # fmt: skip
    others = [signs(session__started_at=f) for f in (day, day, [50, 8.0, 12.0, 18.0])]
    assert told(unit, signs(session__started_at=[60, 0.0, 3.0, 8.0]), *others) == [("figures_unlike_other_sites", words)]


def test_figures_that_overlap_or_lie_near_or_are_few_are_not_told(unit):
    others = [signs(session__started_at=[80, 9.0, 13.0, 17.0])] * 3
    assert told(unit, signs(session__started_at=[60, 12.0, 18.0, 20.0]), *others) == []
    assert told(unit, signs(session__started_at=[19, 0.0, 3.0, 8.0]), *others) == []
    sharp = [signs(session__ended_at=[80, 90.0, 90.0, 90.0])] * 3
    assert told(unit, signs(session__ended_at=[80, 95.0, 95.0, 95.0]), *sharp) == []


def test_amounts_that_are_all_a_thousand_times_the_protocols_name_the_unit_and_what_it_is_laid_over(unit):
    # dose_unit_mapping: the trial's arms have 50 mg
    words = ("40 of 41 amounts are 1000 times one of the protocol's: mg read as g; "
             "the mapping says so in sites/t01_01/site.yaml line 9 over profiles/edc.yaml line 14")  # fmt: skip
    assert told(unit, signs(amounts={"50000": 40, "70": 1})) == [("dose_unit_mapping", words)]


def test_amounts_of_the_protocol_of_another_arm_or_of_a_few_doses_are_not_told(unit):
    assert told(unit, signs(amounts={"50": 40, "50000": 1})) == []
    assert told(unit, signs(amounts={"250": 40})) == []
    assert told(unit, signs(amounts={"50000": 4})) == []


def weights(women: list[int], men: list[int]) -> dict[str, Any]:
    """n, sum and sum of squares in units of 100 g."""
    sums = {sex: [len(kg), sum(10 * k for k in kg), sum(100 * k * k for k in kg)] for sex, kg in (("F", women), ("M", men))}
    return signs() | {"weights": sums}


def test_women_who_weigh_more_than_the_men_by_more_than_chance_name_the_line_of_the_code(unit):
    # sex_codes_exchanged: 84 against 70 kg, each with a spread of 8.4: 14 / sqrt(2 * 71 / 10), 3.7 standard errors
    light, heavy = [62, 78] * 5, [76, 92] * 5
    words = "10 women weigh 84 kg, 10 men 70 kg on average; the mapping says so in profiles/edc.yaml line 6"
    assert told(unit, weights(heavy, light)) == [("sex_codes_exchanged", words)]
    assert told(unit, weights(light, heavy)) == []
    assert told(unit, weights([k - 2 for k in heavy], light)) == []  # 12 kg: 3.2
    assert told(unit, weights(heavy[:9], light)) == []


def test_the_chance_of_an_uneven_share_is_exact():
    # three of three against none of three: one of the twenty ways to draw three of six, and its mirror image
    assert beside.chance(3, 3, 0, 3) == pytest.approx(float(Fraction(2, 20)))
    # 2 of 2 against 1 of 4: three hits of six; both drawn are hits in 3 of 15 ways
    assert beside.chance(2, 2, 1, 4) == pytest.approx(float(Fraction(6, 15)))
    assert beside.chance(5, 10, 50, 100) == 1.0


#: Means of eight items on 0-100 at the other sites.
USUAL = [20, 30, 40, 50, 60, 70, 35, 55]


def answered(means: list[int], n: int = 100) -> dict[str, Any]:
    """A site of `n` participants with one form each: half of them answer 10 below an item's mean, half 10 above, so that its error is 1."""
    items = {f"I{k}": [n, n * m, n * (m * m + 100)] for k, m in enumerate(means, 1)}
    return signs() | {"items": {"Q8": items}}


@pytest.mark.parametrize(
    ("means", "what"),
    [
        # 30 points between the two, an error of hypot(3, 1) each: 2 x 30 x 30 / 10 = 180 squared errors less
        ([20, 60, 40, 50, 30, 70, 35, 55], "I2 is answered as I5 elsewhere, and the other way round"),
        ([20, 30, 40, 0, 60, 70, 35, 55], "I4 is 0 of 100 on average; beside the other items it would be 50"),
        # everybody 10 higher: the site's level
        ([30, 40, 50, 10, 70, 80, 45, 65], "I4 is 10 of 100 on average; beside the other items it would be 60"),
    ],
)
def test_items_answered_as_at_no_other_site_are_told_with_what_explains_them(unit, means, what):
    said = f"Q8: {what} (3 other sites); the mapping says so in the site file"
    assert told(unit, answered(means), *[answered(USUAL)] * 3) == [("items_unlike_other_sites", said)]


def test_items_that_are_near_or_of_few_people_or_beside_two_sites_are_not_told(unit):
    others = [answered(USUAL)] * 3
    assert told(unit, answered([m + 10 for m in USUAL]), *others) == []
    assert told(unit, answered([20, 30, 40, 34, 60, 70, 35, 55]), *others) == []  # 16 points
    assert told(unit, answered([20, 60, 40, 50, 30, 70, 35, 55], n=7), *others) == []
    assert told(unit, answered([20, 60, 40, 50, 30, 70, 35, 55]), *others[:2]) == []
    assert told(unit, answered([50, 50, 40, 50, 60, 70, 35, 55]), *[answered([m, 50, 40, 50, 60, 70, 35, 55]) for m in (20, 50, 80)]) == []


def test_the_halves_of_a_questionnaire_in_the_place_of_each_other_are_told_as_one(unit):
    # twelve items a half, the second half 10 lower: no item is far off by itself
    first = [20, 30, 40, 50, 60, 70, 35, 55, 45, 25, 65, 50]
    second = [m - 10 for m in first]
    said = ("Q8: I1 to I12 are answered as I13 to I24 elsewhere, and the other way round (3 other sites); "
            "the mapping says so in the site file")  # fmt: skip
    assert told(unit, answered(second + first), *[answered(first + second)] * 3) == [("items_unlike_other_sites", said)]
    assert told(unit, answered(first + second), *[answered(first + second)] * 3) == []


def week(*days: int) -> dict[str, Any]:
    """A site's sessions from Monday to Sunday."""
    return signs() | {"weekdays": [*days]}


def test_sessions_on_days_on_which_no_other_site_holds_any_are_told(unit):
    usual = [week(20, 20, 20, 20, 18, 2, 0)] * 3
    words = ("20 % of 100 sessions are on Saturdays and Sundays; at 3 other sites at most 2 % a day; "
             "the mapping says so in profiles/edc.yaml line 9")  # fmt: skip
    assert told(unit, week(20, 20, 20, 10, 10, 15, 5), *usual) == [("sessions_on_rest_days", words)]
    assert told(unit, week(20, 20, 20, 20, 11, 9, 0), *usual) == []
    assert told(unit, week(20, 20, 20, 10, 10, 15, 5), *usual[:2]) == []
    assert told(unit, week(20, 20, 20, 10, 10, 15, 5), *usual[:2], week(20, 20, 20, 20, 10, 10, 0)) == []
    assert told(unit, week(4, 4, 4, 0, 0, 4, 3), *usual) == []


def test_a_day_within_the_week_that_is_free_elsewhere_by_chance_is_no_day_of_rest(unit):
    usual = [week(30, 20, 0, 30, 20, 0, 0)] * 3
    assert told(unit, week(40, 0, 40, 0, 20, 0, 0), *usual) == []
    assert [rule for rule, _ in told(unit, week(40, 0, 10, 0, 20, 20, 10), *usual)] == ["sessions_on_rest_days"]
    pairs = [week(30, 0, 0, 40, 30, 0, 0)] * 3  # the middle of the week is as long as its end: this site rests at its end too
    assert told(unit, week(30, 40, 0, 30, 0, 0, 0), *pairs) == []


def test_a_first_session_later_after_randomization_than_at_any_other_site_is_told(unit):
    words = ("the usual time from randomization to the first session is 10 days (48 values); at 3 other sites 3 to 4; "
             "the mapping says so in profiles/edc.yaml")  # fmt: skip
    others = [signs(subject__randomized_on=f) for f in ([40, 3.0, 3.0, 5.0], [40, 3.0, 4.0, 5.0], [30, 2.0, 3.0, 5.0])]
    found = told(unit, signs(subject__randomized_on=[48, 10.0, 10.0, 12.0]), *others)
    assert [(rule, what[: len(words)]) for rule, what in found] == [("figures_unlike_other_sites", words)]
    assert told(unit, signs(subject__randomized_on=[48, 6.0, 7.0, 9.0]), *others) == []


def test_a_field_that_all_other_sites_send_and_this_one_on_none_of_its_rows_is_told(unit):
    # field_left_out: 30 sessions are known by attended, none has an exposure's start
    whole = signs({"session.attended": {"true": 40}}, session__exposure_started_at=[40, 5.0, 10.0, 15.0])
    without = signs({"session.attended": {"true": 30}})
    words = "none of 30 rows has a value; 3 of 3 other sites send it; the mapping says so in profiles/edc.yaml line 9"
    assert told(unit, without, *[whole] * 3) == [("field_left_out", words)]
    assert told(unit, without, whole, whole) == []  # two other sites are too few
    assert told(unit, without, whole, whole, without) == []
    assert told(unit, signs({"session.attended": {"true": 4}}), *[whole] * 3) == []  # four rows may be blank
    medicated = signs({"medication.ongoing": {"true": 40}})
    assert told(unit, without, *[medicated] * 3) == []  # perhaps nobody takes anything
    some = signs({"session.attended": {"true": 30}}, session__exposure_started_at=[1, 9.0, 9.0, 9.0])
    assert told(unit, some, *[whole] * 3) == []
    lags = signs({"dose.taken": {"true": 40}}, dose__dosed_at=[40, 50.0, 60.0, 70.0])
    assert told(unit, signs({"dose.taken": {"true": 40}}), *[lags] * 3) == []  # a time to the session needs the session, too
    events = signs({"adverse_event.severity": {"MILD": 30}})
    related = events | {"sent": {"adverse_event.related": 28, "adverse_event.started_on": 30}}
    assert [rule for rule, _ in told(unit, events, *[related] * 3)] == ["field_left_out"] * 2


def test_a_table_that_all_other_sites_send_and_this_one_does_not_is_told(unit):
    # field_left_out: 12 participants, no doses
    whole = signs({"subject.sex": {"F": 10, "M": 10}, "dose.taken": {"true": 40}})
    words = ("there is no dose; 3 of 3 other sites send it; "
             "the mapping says so in sites/t01_01/site.yaml line 8 over profiles/edc.yaml line 12")  # fmt: skip
    assert told(unit, sex(6, 6), *[whole] * 3) == [("field_left_out", words)]
    assert told(unit, sex(2, 2), *[whole] * 3) == []  # four participants may all be before their first session
