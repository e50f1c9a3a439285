"""Faults of capsules: amount, unit, time, session, repetition."""

from __future__ import annotations

import datetime as dt

from tests.truth.faults.base import Harm, Unfit, change_night, kind, wall
from tests.truth.styles.base import Style


def has_unit(s: Style) -> bool:
    """Whether the export says the unit of each amount."""
    return s.dose_kind in ("unit_column", "in_text")


def local(s: Style) -> bool:
    """Whether clock times are the clinic's wall clock."""
    return s.clock == "site"


@kind("dose", has_unit)
def dose_unit_missing(h: Harm) -> None:
    h.send(h.taken(), unit=None if h.style.dose_kind == "unit_column" else "")


@kind("dose", has_unit)
def dose_unit_unknown(h: Harm) -> None:
    h.send(h.taken(), unit="IU")


@kind("dose", has_unit)
def dose_unit_spelling(h: Harm) -> None:
    r = h.taken()
    h.send(r, unit={"mg": "MG", "g": "Gramm"}[r.sent["unit"]])


@kind("dose", has_unit)
def dose_in_micrograms(h: Harm) -> None:
    r = h.taken()
    h.send(r, unit="mcg", amount=r.true["dose_mg"] * 1000)


@kind("dose", has_unit)
def dose_milligrams_said_grams(h: Harm) -> None:
    r = h.taken()
    h.send(r, unit="g", amount=r.true["dose_mg"])


@kind("dose", has_unit)
def dose_grams_said_milligrams(h: Harm) -> None:
    r = h.taken()
    h.send(r, unit="mg", amount=r.true["dose_mg"] / 1000)


@kind("dose")
def dose_ten_times(h: Harm) -> None:
    h.amount(h.taken(), 10)


@kind("dose")
def dose_tenth(h: Harm) -> None:
    h.amount(h.taken(), 0.1)


@kind("dose")
def dose_half_as_much_again(h: Harm) -> None:
    h.amount(h.taken(), 1.5)


@kind("dose")
def dose_doubled(h: Harm) -> None:
    h.amount(h.taken(), 2)


@kind("dose")
def dose_over_a_gram(h: Harm) -> None:
    h.amount(h.taken(), 100)


@kind("dose")
def dose_zero(h: Harm) -> None:
    h.amount(h.taken(), 0)


@kind("dose")
def dose_negative(h: Harm) -> None:
    h.amount(h.taken(), -1)


@kind("dose")
def dose_amount_blank(h: Harm) -> None:
    r = h.taken()
    h.send(r, amount=None)


@kind("dose")
def dose_amount_in_words(h: Harm) -> None:
    h.text_amount(h.taken(), "fifty")


@kind("dose")
def dose_amount_letter_o(h: Harm) -> None:
    h.text_amount(h.taken(), "5O")


@kind("dose")
def dose_other_decimal_sign(h: Harm) -> None:
    r = h.taken()
    h.text_amount(r, f"{r.sent['amount']:.3f}".replace(".", "," if h.style.decimal == "." else "."))


@kind("dose")
def dose_thousands_sign(h: Harm) -> None:
    h.text_amount(h.taken(), "50,000" if h.style.decimal == "." else "50.000")


@kind("dose", lambda s: s.dose_kind == "fixed")
def dose_unit_in_number_cell(h: Harm) -> None:
    h.text_amount(h.taken(), "50mg")


@kind("dose")
def dose_excel_error(h: Harm) -> None:
    h.write(h.taken(), "dose" if h.style.dose_kind == "in_text" else "amount", "#N/A")


@kind("dose")
def dose_taken_unknown_code(h: Harm) -> None:
    h.write(h.taken(), "taken", "maybe")


@kind("dose")
def dose_taken_blank(h: Harm) -> None:
    h.send(h.taken(), taken=None)


@kind("dose")
def dose_not_taken_but_timed(h: Harm) -> None:
    h.send(h.taken(), taken=False)


@kind("dose")
def dose_time_blank(h: Harm) -> None:
    r = h.taken()
    if h.style.split:
        h.write(r, "dosed_at:time", h.style.blank)
    else:
        h.send(r, dosed_at=None)


@kind("dose")
def dose_time_unreadable(h: Harm) -> None:
    h.write(h.taken(), "dosed_at", "about noon")


@kind("dose")
def dose_hour_beyond_the_day(h: Harm) -> None:
    r = h.taken()
    text = h.style.clock_part(r.true["dosed_at"]) if h.style.split else str(h.style.instant(r.true["dosed_at"]))
    hour = r.true["dosed_at"].strftime("%I" if "%I" in h.style.time else "%H")
    if h.style.clock == "utc":
        hour = r.true["dosed_at"].astimezone(dt.UTC).strftime("%H")
    head, _, tail = text.rpartition(hour) if h.style.split else text.partition(" " if " " in text else "T")
    h.write(r, "dosed_at", f"{head}25{tail}" if h.style.split else f"{head}{' ' if ' ' in text else 'T'}{tail.replace(hour, '25', 1)}")


@kind("dose")
def dose_am_pm_slip(h: Harm) -> None:
    r = h.taken()
    by = -12 if r.true["dosed_at"].hour >= 12 else 12
    moved = wall(r.true["dosed_at"], hours=by)
    h.send(r, dosed_at=moved)


@kind("dose")
def dose_year_before(h: Harm) -> None:
    h.moved(h.taken(), "dosed_at", days=-366)


@kind("dose")
def dose_year_after(h: Harm) -> None:
    h.moved(h.taken(), "dosed_at", days=365)


@kind("dose")
def dose_in_the_future(h: Harm) -> None:
    h.moved(h.taken(), "dosed_at", days=6574)


@kind("dose")
def dose_day_before(h: Harm) -> None:
    h.moved(h.taken(), "dosed_at", days=-1)


@kind("dose")
def dose_day_and_month_swapped(h: Harm) -> None:
    r = h.taken(lambda t: t["dosed_at"].day <= 12 and t["dosed_at"].day != t["dosed_at"].month)
    when = r.true["dosed_at"]
    h.send(r, dosed_at=when.replace(day=when.month, month=when.day))


@kind("dose", lambda s: not s.typed)
def dose_two_digit_year(h: Harm) -> None:
    r = h.taken()
    name = "dosed_at:date" if h.style.split else "dosed_at"
    text = h.style.day(r.true["dosed_at"]) if h.style.split else h.style.instant(r.true["dosed_at"])
    h.write(r, name, text.replace("2024", "24").replace("2025", "25"))


@kind("dose", lambda s: not s.typed)
def dose_impossible_date(h: Harm) -> None:
    r = h.taken()
    text = dt.date(2024, 10, 31).strftime(h.style.date).replace("Oct", "Nov").replace("10", "11", 1)
    if h.style.split:
        h.write(r, "dosed_at:date", text)
    else:
        h.write(r, "dosed_at", f"{text}{h.style.between}{h.style.clock_part(r.true['dosed_at'])}")


@kind("dose")
def dose_excel_serial(h: Harm) -> None:
    h.write(h.taken(), "dosed_at:date" if h.style.split else "dosed_at", "45357.5625")


@kind("dose", local)
def dose_time_the_clock_skipped(h: Harm) -> None:
    h.send(h.taken(), dosed_at=change_night(h.site.zone, forward=True))


@kind("dose", local)
def dose_time_the_clock_showed_twice(h: Harm) -> None:
    h.send(h.taken(), dosed_at=change_night(h.site.zone, forward=False))


@kind("dose", lambda s: not s.wide)
def dose_in_another_sessions_place(h: Harm) -> None:
    r = h.taken()
    other = h.taken(lambda t: t["session_no"] != r.true["session_no"])
    h.send(r, session_no=other.true["session_no"])


@kind("dose", lambda s: not s.wide)
def dose_in_an_unplanned_session(h: Harm) -> None:
    h.send(h.taken(), session_no=h.held(lambda t: t["session_no"] not in h.site.plan["dosing"]["sessions"]).true["session_no"])


@kind("dose", lambda s: not s.wide)
def dose_in_a_free_planned_session(h: Harm) -> None:
    dosed = {r.true["session_no"] for r in h.records("dose")}
    free = [n for n in h.site.plan["dosing"]["sessions"] if n not in dosed]
    if not free:
        raise Unfit
    h.send(h.taken(), session_no=free[0])


@kind("dose", lambda s: not s.wide)
def dose_in_no_session(h: Harm) -> None:
    h.send(h.taken(), session_no=99)


@kind("dose", lambda s: not s.wide)
def dose_repeated_alike(h: Harm) -> None:
    r = h.taken()
    h.note(r, "", "one row", "two rows alike")
    r.copy()


@kind("dose", lambda s: not s.wide)
def dose_repeated_with_another_amount(h: Harm) -> None:
    r = h.taken()
    h.note(r, "", "one row", "two rows that differ")
    r.copy(**{k: v * 2 for k, v in r.sent.items() if k == "amount"})


@kind("dose", lambda s: not s.wide)
def dose_repeated_at_another_time(h: Harm) -> None:
    r = h.taken()
    h.note(r, "", "one row", "two rows that differ")
    r.copy(dosed_at=wall(r.true["dosed_at"], minutes=7), record_no=77)


@kind("dose")
def dose_before_consent(h: Harm) -> None:
    r = h.taken()
    by = (h.subject.me["consented_on"] - r.true["dosed_at"].date()).days - 3
    h.moved(r, "dosed_at", days=by)


@kind("dose", lambda s: not s.wide)
def dose_row_lost(h: Harm) -> None:
    r = h.taken()
    h.note(r, "", "one row", "no row")
    r.dropped = True
    h.planted.key += " (lost)"
