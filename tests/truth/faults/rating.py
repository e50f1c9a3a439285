"""Faults of fear ratings: scale, exercise, order, repetition."""

from __future__ import annotations

from tests.truth.faults.base import Harm, Unfit, kind


def top(h: Harm) -> int:
    """The scale's highest value."""
    return int(h.style.scale.split("-")[1])


@kind("rating")
def suds_above_the_scale(h: Harm) -> None:
    h.send(h.record("rating"), begin=top(h) + 40)


@kind("rating")
def suds_below_the_scale(h: Harm) -> None:
    h.send(h.record("rating"), begin=-5)


@kind("rating", lambda s: s.scale in ("0-100", "1-100"))
def suds_of_a_participant_on_ten(h: Harm) -> None:
    records = h.records("rating")
    if sum(r.true[k] is not None for r in records for k in ("begin", "peak", "end")) < 20:
        raise Unfit
    for r in records:
        h.send(r, **{k: max(1, round(r.true[k] / 10)) for k in ("begin", "peak", "end") if r.true[k] is not None})


@kind("rating", lambda s: s.scale in ("0-10", "0-8"))
def suds_of_a_participant_on_a_hundred(h: Harm) -> None:
    for r in h.records("rating"):
        h.send(r, **{k: r.true[k] * 10 for k in ("begin", "peak", "end") if r.true[k] is not None})


@kind("rating", lambda s: s.scale in ("0-100", "1-100"))
def suds_of_a_session_on_ten(h: Harm) -> None:
    """One session's sheet on 0-10 among others on 0-100."""
    no = h.record("rating", lambda t: t["begin"] >= 60 and t["end"] is not None).true["session_no"]
    for r in h.records("rating", lambda t: t["session_no"] == no):
        h.send(r, **{k: max(1, round(r.true[k] / 10)) for k in ("begin", "peak", "end") if r.true[k] is not None})


@kind("rating", lambda s: not s.wide)
def suds_exercise_number_doubled(h: Harm) -> None:
    r = h.record("rating")
    h.send(r, exercise_no=int(f"{r.true['exercise_no']}{r.true['exercise_no']}"))


@kind("rating", lambda s: not s.wide)
def suds_exercise_number_of_another(h: Harm) -> None:
    r = h.record("rating", lambda t: t["exercise_no"] == 2)
    h.send(r, exercise_no=1)


@kind("rating", lambda s: not s.wide)
def suds_exercise_number_zero(h: Harm) -> None:
    h.send(h.record("rating"), exercise_no=0)


@kind("rating", lambda s: not s.wide)
def suds_exercise_number_blank(h: Harm) -> None:
    h.send(h.record("rating"), exercise_no=None)


@kind("rating")
def suds_peak_below_the_others(h: Harm) -> None:
    r = h.record("rating", lambda t: t["begin"] > 4)
    h.send(r, peak=1)


@kind("rating")
def suds_begin_above_the_peak(h: Harm) -> None:
    r = h.record("rating", lambda t: t["peak"] < top(h) - 1)
    h.send(r, begin=r.true["peak"] + 1)


@kind("rating", lambda s: s.scale in ("0-100", "1-100"))
def suds_digit_too_few(h: Harm) -> None:
    """80 written as 8: the peak then lies below or far above."""
    h.send(h.record("rating", lambda t: t["peak"] % 10 == 0 or t["peak"] > 20), peak=8)


@kind("rating", lambda s: s.scale in ("0-100", "1-100"))
def suds_begin_blank_sent_as_zero(h: Harm) -> None:
    """Fear that begins at nothing and is soon near the top, in somebody whose exercises begin high."""
    h.send(h.record("rating", lambda t: t["peak"] >= 60), begin=int(h.style.scale[0]))


@kind("rating")
def suds_undeclared_missing_code(h: Harm) -> None:
    h.send(h.record("rating"), end=999)


@kind("rating")
def suds_in_words(h: Harm) -> None:
    h.write(h.record("rating"), "begin", "high")


@kind("rating")
def suds_letter_for_a_digit(h: Harm) -> None:
    h.write(h.record("rating"), "begin", "4O" if top(h) == 100 else "O")


@kind("rating")
def suds_two_in_a_cell(h: Harm) -> None:
    h.write(h.record("rating"), "begin", "4-5")


@kind("rating", lambda s: not s.wide and s.name != "xpt")
def suds_repeated_with_other_values(h: Harm) -> None:
    r = h.record("rating")
    h.note(r, "", "one row", "two rows that differ")
    r.copy(begin=r.true["begin"] - 1)


@kind("rating", lambda s: not s.wide)
def suds_of_no_session(h: Harm) -> None:
    h.send(h.record("rating"), session_no=99)


@kind("rating", lambda s: not s.wide)
def suds_of_a_missed_session(h: Harm) -> None:
    missed = h.record("session", lambda t: not t["attended"]).true["session_no"]
    h.send(h.record("rating"), session_no=missed)


@kind("rating", lambda s: not s.wide)
def suds_row_moved_to_another_session(h: Harm) -> None:
    """The moved row takes the next free exercise number there: only the gap it leaves can tell."""
    r = h.record("rating", lambda t: t["exercise_no"] == 1 and any(
        o.true["session_no"] == t["session_no"] and o.true["exercise_no"] == 2 for o in h.subject.records["rating"]))
    other = h.record("rating", lambda t: t["session_no"] != r.true["session_no"]).true["session_no"]
    taken = max(o.true["exercise_no"] for o in h.subject.records["rating"] if o.true["session_no"] == other)
    h.send(r, session_no=other, exercise_no=taken + 1)
