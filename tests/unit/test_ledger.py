"""The ledger's chain."""

from __future__ import annotations

from flows.engine import ledger


def three(data):
    for number in range(3):
        ledger.append(data, "thing", number=number)
    return data / ledger.NAME


def test_lines_follow_each_other(tmp_path):
    three(tmp_path)

    assert [e["number"] for e in ledger.entries(tmp_path, "thing")] == [0, 1, 2]
    assert ledger.verify_chain(tmp_path) == []


def test_a_changed_line_breaks_the_chain_after_it(tmp_path):
    path = three(tmp_path)
    path.write_text(path.read_text().replace('"number": 1', '"number": 7'))

    assert ledger.verify_chain(tmp_path) == ["ledger.jsonl line 3 does not follow line 2: a line was changed, added or taken away"]


def test_a_line_taken_away_breaks_the_chain(tmp_path):
    path = three(tmp_path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[2])

    assert len(ledger.verify_chain(tmp_path)) == 1


def test_a_line_cut_by_a_crash_is_named_and_the_chain_goes_on(tmp_path):
    path = three(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])

    ledger.append(tmp_path, "next")

    assert [e["event"] for e in ledger.entries(tmp_path)] == ["thing", "thing", "line_cut_short", "next"]
    assert ledger.verify_chain(tmp_path) == []


def test_no_ledger_is_no_problem(tmp_path):
    assert ledger.verify_chain(tmp_path) == []
    assert ledger.entries(tmp_path) == []


def test_a_run_that_was_killed_is_one_that_began_and_never_ended(tmp_path):
    assert ledger.unended(tmp_path) is None
    for event in ("run_started", "run_failed", "run_started", "run_finished"):
        ledger.append(tmp_path, event)
    assert ledger.unended(tmp_path) is None

    ledger.append(tmp_path, "run_started")
    ledger.append(tmp_path, "hold_released")
    assert ledger.unended(tmp_path) == ledger.entries(tmp_path, "run_started")[-1]["at"]
