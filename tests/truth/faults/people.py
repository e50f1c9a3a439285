"""Faults of participants, events and withdrawals: identifiers, ages, weights, dates, codes."""

from __future__ import annotations

import datetime as dt

from tests.truth.faults.base import Harm, Unfit, in_year, kind


@kind("subject", lambda s: s.id_pad > 0 and s.id_text(7) == s.subjid(7))
def id_without_leading_zeros(h: Harm) -> None:
    h.write(h.taken(), "subject_id", str(h.subject.number))


@kind("subject", lambda s: not s.wide)
def id_with_a_hard_space(h: Harm) -> None:
    h.write(h.taken(), "subject_id", f"{h.style.id_text(h.subject.number)}\u00a0")


@kind("subject", lambda s: not s.wide)
def id_of_nobody(h: Harm) -> None:
    text = h.style.id_text(h.subject.number)
    h.write(h.taken(), "subject_id", f"{text[:-3]}9{text[-2:]}")


@kind("subject", lambda s: not s.wide and not s.nested)
def id_blank(h: Harm) -> None:
    h.write(h.held(), "subject_id", "")


@kind("subject", lambda s: not s.wide)
def id_of_another_participant(h: Harm) -> None:
    """A capsule under somebody else's number: the other one then has two."""
    r = h.taken()
    for other in h.site.subjects:
        mate = other.site.member(other.number) == h.site.member(h.subject.number)
        if other is not h.subject and other.fault is None and mate and any(
            o.true["session_no"] == r.true["session_no"] and o.true["taken"] for o in other.records["dose"]
        ):
            other.fault = h.planted
            h.write(r, "subject_id", h.style.id_text(other.number))
            return
    raise Unfit


@kind("subject")
def subject_row_lost(h: Harm) -> None:
    r = h.record("subject")
    h.note(r, "", "one row", "no row")
    if h.style.wide:
        raise Unfit
    r.dropped = True


@kind("subject")
def subject_repeated_alike(h: Harm) -> None:
    if h.style.wide or h.style.name == "xpt":
        raise Unfit
    r = h.record("subject")
    h.note(r, "", "one row", "two rows alike")
    r.copy()


@kind("subject")
def subject_repeated_with_another_age(h: Harm) -> None:
    if h.style.wide:
        raise Unfit
    r = h.record("subject")
    h.note(r, "", "one row", "two rows that differ")
    r.copy(age_years=r.true["age_years"] + 20)


@kind("subject")
def age_impossible(h: Harm) -> None:
    h.send(h.record("subject"), age_years=230)


@kind("subject")
def age_negative(h: Harm) -> None:
    h.send(h.record("subject"), age_years=-34)


@kind("subject")
def age_blank(h: Harm) -> None:
    h.send(h.record("subject"), age_years=None)


@kind("subject")
def age_undeclared_missing_code(h: Harm) -> None:
    h.send(h.record("subject"), age_years=999)


@kind("subject")
def age_in_months(h: Harm) -> None:
    r = h.record("subject")
    h.send(r, age_years=r.true["age_years"] * 12)


@kind("subject", lambda s: s.study == "ocd01")
def age_of_a_grown_up_in_a_trial_of_children(h: Harm) -> None:
    r = h.record("subject")
    h.send(r, age_years=r.true["age_years"] + 30)


@kind("subject", lambda s: s.study != "ocd01")
def age_of_a_child_in_a_trial_of_adults(h: Harm) -> None:
    h.send(h.record("subject", lambda t: t["age_years"] >= 30), age_years=3)


@kind("subject")
def weight_ten_times(h: Harm) -> None:
    r = h.record("subject")
    h.send(r, weight=r.true["weight"] * 10)


@kind("subject")
def weight_tenth(h: Harm) -> None:
    r = h.record("subject")
    h.send(r, weight=r.true["weight"] / 10)


@kind("subject", lambda s: s.weight_unit == "kg" and s.name != "xpt")
def weight_in_pounds(h: Harm) -> None:
    r = h.record("subject", lambda t: t["weight"] > (83 if t["age_years"] >= 18 else 60 if t["age_years"] >= 12 else 33))
    h.send(r, weight=round(r.true["weight"] * 2.20462))


@kind("subject", lambda s: s.weight_unit == "lb")
def weight_in_kilograms(h: Harm) -> None:
    r = h.record("subject", lambda t: t["age_years"] >= 12 and t["weight"] < (180 if t["age_years"] >= 18 else 110))
    h.send(r, weight=round(r.true["weight"] * 0.45359237))


@kind("subject")
def weight_blank(h: Harm) -> None:
    h.send(h.record("subject"), weight=None)


@kind("subject")
def weight_unreadable(h: Harm) -> None:
    h.write(h.record("subject"), "weight", "approx. 70")


@kind("subject")
def sex_unknown_code(h: Harm) -> None:
    h.write(h.record("subject"), "sex", "3")


@kind("subject")
def sex_blank(h: Harm) -> None:
    h.send(h.record("subject"), sex=None)


@kind("subject")
def consent_after_randomization(h: Harm) -> None:
    r = h.record("subject")
    h.send(r, consented_on=r.true["randomized_on"] + dt.timedelta(days=12))


@kind("subject")
def consent_blank(h: Harm) -> None:
    h.send(h.record("subject"), consented_on=None)


@kind("subject")
def consent_year_after(h: Harm) -> None:
    r = h.record("subject")
    h.send(r, consented_on=r.true["consented_on"] + dt.timedelta(days=366))


@kind("subject")
def consent_year_before(h: Harm) -> None:
    r = h.record("subject")
    h.send(r, consented_on=r.true["consented_on"] - dt.timedelta(days=366))


@kind("subject")
def randomization_year_after(h: Harm) -> None:
    r = h.record("subject")
    h.send(r, randomized_on=r.true["randomized_on"] + dt.timedelta(days=366))


@kind("subject")
def randomization_month_before(h: Harm) -> None:
    r = h.record("subject")
    h.send(r, randomized_on=r.true["randomized_on"] - dt.timedelta(days=31))


@kind("subject")
def randomization_month_after(h: Harm) -> None:
    r = h.record("subject")
    h.send(r, randomized_on=r.true["randomized_on"] + dt.timedelta(days=31))


@kind("subject")
def randomization_unreadable(h: Harm) -> None:
    h.write(h.record("subject"), "randomized_on", "TBD")


@kind("subject")
def randomization_blank(h: Harm) -> None:
    h.send(h.record("subject"), randomized_on=None)


def event(h: Harm, told: str, special: str | None = None, **more):
    """A further true event."""
    day = h.subject.me["randomized_on"] + dt.timedelta(days=25)
    return h.subject.add("adverse_event", **({
        "verbatim": told, "started_on": day.isoformat(), "severity": "MODERATE", "serious": False, "related": "related", "record_no": 60,
        "special": special} | more))  # fmt: skip


@kind("event", told=True)
def event_of_psychosis(h: Harm) -> None:
    h.note(event(h, "heard voices", "PSYCHOSIS", term="Hallucination"), "verbatim", "heard voices", "heard voices")


@kind("event", told=True)
def event_of_convulsion(h: Harm) -> None:
    h.note(event(h, "Seizure", "CONVULSION", term="Seizure"), "verbatim", "Seizure", "Seizure")


@kind("event")
def event_seriousness_blank(h: Harm) -> None:
    h.send(event(h, "Vomiting"), serious=None)


@kind("event")
def event_seriousness_unknown_code(h: Harm) -> None:
    h.write(event(h, "Vomiting"), "serious", "perhaps")


@kind("event")
def event_severity_unknown_code(h: Harm) -> None:
    h.write(event(h, "Vomiting"), "severity", "awful")


@kind("event")
def event_severity_blank(h: Harm) -> None:
    h.send(event(h, "Vomiting"), severity=None)


@kind("event")
def event_start_in_the_future(h: Harm) -> None:
    r = event(h, "Vomiting")
    h.send(r, started_on=in_year(r.true["started_on"], "2042"))


@kind("event")
def event_start_before_consent(h: Harm) -> None:
    r = event(h, "Vomiting")
    h.send(r, started_on=(h.subject.me["consented_on"] - dt.timedelta(days=40)).isoformat())


@kind("event")
def event_start_blank(h: Harm) -> None:
    h.send(event(h, "Vomiting"), started_on=None)


@kind("event")
def event_start_year_after(h: Harm) -> None:
    r = event(h, "Vomiting")
    h.send(r, started_on=(dt.date.fromisoformat(r.true["started_on"]) + dt.timedelta(days=365)).isoformat())


@kind("event")
def event_term_blank(h: Harm) -> None:
    h.send(event(h, "Vomiting"), verbatim=None)


@kind("event")
def event_named_none(h: Harm) -> None:
    h.send(event(h, "Vomiting"), verbatim="none")


@kind("event")
def event_repeated_alike(h: Harm) -> None:
    r = h.record("adverse_event")
    h.note(r, "", "one row", "two rows alike")
    r.copy()


@kind("withdrawal")
def withdrawal_date_blank(h: Harm) -> None:
    h.send(h.record("disposition"), withdrawn_on=None)


@kind("withdrawal")
def withdrawal_before_consent(h: Harm) -> None:
    h.send(h.record("disposition"), withdrawn_on=h.subject.me["consented_on"] - dt.timedelta(days=20))


@kind("withdrawal")
def withdrawal_before_the_last_dose(h: Harm) -> None:
    r = h.record("disposition")
    dose = max(h.records("dose", lambda t: t["taken"]), key=lambda d: d.true["dosed_at"])
    h.send(r, withdrawn_on=dose.true["dosed_at"].date() - dt.timedelta(days=3))


@kind("withdrawal")
def withdrawal_year_after(h: Harm) -> None:
    r = h.record("disposition")
    h.send(r, withdrawn_on=r.true["withdrawn_on"] + dt.timedelta(days=365))


