"""Value labels of a file against what a mapping reads the codes as."""

from __future__ import annotations

import pytest

from flows.engine.mapping.labels import contradicted


@pytest.mark.parametrize(
    ("labels", "mapped", "wrong"),
    [
        ({"1": "Male", "2": "Female"}, {"1": "M", "2": "F"}, []),
        ({"1": "Male", "2": "Female"}, {"1": "F", "2": "M"}, ["1", "2"]),
        ({"1": "Frau", "2": "Mann"}, {"1": "M", "2": "F"}, ["1", "2"]),
        ({"0": "Yes", "1": "No"}, {"1": True, "0": False}, ["0", "1"]),
        ({"0": "nej", "1": "ja"}, {"1": True, "0": False}, []),
        ({"1": "Week 4", "2": "Baseline"}, {"1": "BASELINE", "2": "WEEK 4"}, ["1", "2"]),
        ({"1": "Visit A", "2": "Visit B"}, {"1": "BASELINE", "2": "WEEK 4"}, []),  # not understood: says nothing
        ({"1": "No"}, {"1": "BASELINE"}, []),  # a word of another kind
        ({"1": "Yes", "9": "No"}, {"1": True, "9": None}, []),
        ({}, {"1": True, "0": False}, []),
    ],
)
def test_a_label_that_means_another_code_contradicts_the_mapping(
    labels: dict[str, str], mapped: dict[str, object], wrong: list[str]
) -> None:
    assert contradicted(labels, mapped) == wrong
