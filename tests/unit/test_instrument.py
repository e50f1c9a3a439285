"""An instrument file that cannot be scored safely is refused when it is read, with the reason."""

from __future__ import annotations

import copy

import pytest
from pydantic import ValidationError

from flows.engine.config import PROJECT, load
from schemas.findings import ConfigurationError
from schemas.instrument import Instrument, clashes
from tests.spec.instrument_bench import instruments

FORM = {
    "name": "F", "title": "A form", "source": "made up",
    "items": [{"code": "F{n}", "last": 4, "minimum": 0, "maximum": 3}],
    "scales": [
        {"paramcd": "FTOT", "label": "Total", "parts": ["FA", "FB"], "minimum": 0, "maximum": 12},
        {"paramcd": "FA", "label": "A", "items": ["F1", "F2"], "minimum": 0, "maximum": 6},
        {"paramcd": "FB", "label": "B", "items": ["F3", "F4"], "minimum": 0, "maximum": 6},
    ],
}  # fmt: skip
#: A step of a protocol's own behavioural approach test: how many there are is the protocol's to say, so no file of the project has it.
BAT = {
    "name": "BAT-SPIDER", "title": "Behavioral Approach Test, 13 steps", "source": "the trial's protocol",
    "items": [{"code": "BATSTEP", "last": 1, "minimum": 0, "maximum": 13}],
    "scales": [{"paramcd": "BATSTEP", "label": "BAT Steps Completed", "items": ["BATSTEP"], "minimum": 0, "maximum": 13,
                "higher_is_worse": False}],
}  # fmt: skip


def changed(**scale: object) -> Instrument:
    """The form with changes of its first scale."""
    made = copy.deepcopy(FORM)
    made["scales"][0] |= scale
    return Instrument.model_validate(made)


def refusal(**scale: object) -> str:
    with pytest.raises(ValidationError) as caught:
        changed(**scale)
    return str(caught.value)


def test_parts_that_have_parts_are_refused_with_what_to_name_instead():
    made = copy.deepcopy(FORM)
    made["scales"].append({"paramcd": "FALL", "label": "All", "parts": ["FTOT"], "minimum": 0, "maximum": 12})
    with pytest.raises(ValidationError, match=r"FALL adds \['FTOT'\], which are made of parts themselves: name their parts instead"):
        Instrument.model_validate(made)


def test_a_range_that_the_items_do_not_give_is_refused():
    assert "FTOT says 0-13, its items give 0-12" in refusal(maximum=13)


def test_parts_that_share_items_or_count_the_other_way_are_refused():
    assert "adds parts that share items" in refusal(parts=["FA", "FA"])
    assert "which count in the other direction" in refusal(higher_is_worse=False)


def test_a_share_of_missing_items_goes_with_prorating_only():
    assert "max_missing_pct above 0 goes with missing: prorate" in refusal(max_missing_pct=20)
    assert "max_missing_pct above 0 goes with missing: prorate" in refusal(missing="prorate")


def test_only_items_are_reversed():
    assert "a scale of parts reverses nothing" in refusal(reverse=["F1"])


def test_not_assessed_is_no_answer():
    made = copy.deepcopy(FORM)
    made["items"][0]["not_assessed"] = [0]
    with pytest.raises(ValidationError, match="a value of not_assessed is also an answer"):
        Instrument.model_validate(made)


def test_versions_share_what_they_score_alike_and_nothing_else():
    lsas, french, self_report = (instruments()[n] for n in ("LSAS", "LSAS-12-12", "LSAS-SR"))
    assert clashes(lsas, french) == []
    assert clashes(lsas, self_report) == []
    assert lsas.item_codes() == french.item_codes()
    shared = {s.paramcd for s in lsas.scales} & {s.paramcd for s in french.scales}
    assert shared == {"LSASTOT", "LSASFEAR", "LSASAVD"}


def test_two_instruments_that_share_codes_without_being_versions_cannot_be_in_one_trial():
    other = changed().model_copy(update={"name": "G"})
    assert clashes(changed(), other) == ["F and G both have FA, FB, FTOT, F1, F2, F3; only versions of one instrument may share codes"]


def test_a_version_that_scores_a_shared_parameter_in_another_way_is_refused():
    other = copy.deepcopy(FORM) | {"name": "G", "version_of": "F"}
    other["scales"][1] |= {"items": ["F1", "F3"]}
    other["scales"][2] |= {"items": ["F2", "F4"]}
    assert clashes(changed(), Instrument.model_validate(other)) == [
        "F and G score FA, FB, FTOT in different ways; give it another paramcd"
    ]


def test_no_two_instruments_of_the_project_clash():
    own = list(instruments().values())
    assert [c for i, one in enumerate(own) for other in own[i + 1 :] for c in clashes(one, other)] == []


def test_a_trial_with_clashing_instruments_is_told_at_once(tmp_path):
    import json
    import shutil

    shutil.copytree(PROJECT / "demo", tmp_path / "config")
    (tmp_path / "config" / "instruments").mkdir(exist_ok=True)
    twin = {**json.loads(instruments()["SPD-S"].model_dump_json()), "name": "TWIN"}
    (tmp_path / "config" / "instruments" / "twin.yaml").write_text(json.dumps(twin))
    trial = tmp_path / "config" / "trials" / "sad01.yaml"
    text = trial.read_text()
    assert "SPD-S" in text
    trial.write_text(text.replace("SPD-S", "SPD-S, TWIN", 1))
    with pytest.raises(ConfigurationError, match=r"trials/sad01.yaml: SPD-S and TWIN both have SPDS"):
        load(tmp_path / "config")


def test_a_protocols_own_scale_is_a_file_of_the_users_configuration():
    bat = Instrument.model_validate(BAT)
    assert (bat.item_codes(), bat.scales[0].higher_is_worse) == (["BATSTEP"], False)
