"""Typed model of config/evidence.yaml: thresholds of the literature, each with its source.

What belongs here: numbers that hold across trials. What does not: anything a protocol decides (trial.py).
"""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Config, Text

Number = TypeVar("Number", int, float)


class Threshold(BaseModel, Generic[Number]):
    """One number with its unit and where it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: Number
    unit: Text
    source: Text


class Evidence(Config):
    """Thresholds used by SQL (as ref.evidence, one column each) and by rules."""

    timing_ge4h_min: Threshold[float]
    timing_2h_min: Threshold[float]
    timing_1h_min: Threshold[float]
    timing_post_immediate_min: Threshold[float]
    timing_over60_min: Threshold[float]
    implausible_lag_min: Threshold[float]
    link_before_min: Threshold[float]
    link_after_min: Threshold[float]
    dose_low_mg: Threshold[float]
    dose_high_mg: Threshold[float]
    dose_impossible_mg: Threshold[float]
    pediatric_age_years: Threshold[float]
    pediatric_low_mg: Threshold[float]
    pediatric_high_mg: Threshold[float]
    dose_plateau: Threshold[int]
    acute_interval_days: Threshold[int]
    chronic_antidepressant_days: Threshold[int]
    age_max_years: Threshold[float]
    weight_min_kg: Threshold[float]
    weight_max_kg: Threshold[float]
    weight_adult_min_kg: Threshold[float]
    weight_child_age_years: Threshold[float]
    weight_child_max_kg: Threshold[float]
    weight_adolescent_min_kg: Threshold[float]
    weight_adolescent_max_kg: Threshold[float]
    total_mean_tolerance: Threshold[float]
    items_shifted_min_answers: Threshold[int]
    event_repeat_days: Threshold[int]
    copied_min_answers: Threshold[int]
    copied_min_different: Threshold[int]
    weight_usual_child_max_kg: Threshold[float]
    weight_usual_adolescent_min_kg: Threshold[float]
    weight_usual_adolescent_max_kg: Threshold[float]
    weight_usual_adult_min_kg: Threshold[float]
    weight_usual_adult_max_kg: Threshold[float]
    earliest_trial_year: Threshold[int]
    earliest_history_year: Threshold[int]
    session_min_length_min: Threshold[float]
    session_max_length_min: Threshold[float]
    session_gap_max_days: Threshold[int]
    session_length_ratio_max: Threshold[float]
    site_timing_min_doses: Threshold[int]
    site_timing_max_outside_pct: Threshold[float]
    site_shift_min: Threshold[float]
    site_shift_alike_pct: Threshold[float]
    dose_far_from_window_min: Threshold[float]
    lag_min_doses: Threshold[int]
    dose_outside_rare_pct: Threshold[float]
    lag_off_min: Threshold[float]
    consent_to_randomization_max_days: Threshold[int]
    after_course_max_days: Threshold[int]
    suds_scale_min_ratings: Threshold[int]
    items_shifted_form_min: Threshold[int]
    suds_scale_looks_like_max: Threshold[float]
    suds_subject_min_ratings: Threshold[int]
    suds_falling_min_pct: Threshold[float]
    suds_mixed_ratio: Threshold[float]
    suds_mixed_beside_min: Threshold[float]
    suds_mixed_min_odd: Threshold[int]
    hold_lost_pct: Threshold[float]
    hold_lost_rows: Threshold[int]
    hold_unusable_pct: Threshold[float]
    hold_recoded_pct: Threshold[float]
    hold_recoded_values: Threshold[int]
    hold_recoded_most_pct: Threshold[float]
    recoded_alike_pct: Threshold[float]
    recoded_whole_pct: Threshold[float]
    recoded_min_values: Threshold[int]
    recoded_form_min_values: Threshold[int]
    recoded_facts: Threshold[int]
    hold_returned_files: Threshold[int]
    leak_alpha: Threshold[float]
    leak_guess_pct: Threshold[float]
    arm_parting_participants: Threshold[int]
    table_confidence_pct: Threshold[float]
    small_cell_subjects: Threshold[int]
    site_session_min: Threshold[int]
    site_session_off_min: Threshold[float]
    site_session_max_off_pct: Threshold[float]
    session_days_apart_min: Threshold[int]
    session_week_apart_min: Threshold[int]
    session_gap_ratio: Threshold[float]
    session_gap_unlike_min_days: Threshold[int]
    small_hours_from_h: Threshold[int]
    weight_far_ratio: Threshold[float]
    day_from_h: Threshold[int]
    day_to_h: Threshold[int]
    night_min_sessions: Threshold[int]
    clock_min_doses: Threshold[int]
    clock_min_site_doses: Threshold[int]
    clock_each_min: Threshold[float]
    clock_usual_min: Threshold[float]
    missing_code_min: Threshold[int]
    serious_min_events: Threshold[int]
    serious_max_pct: Threshold[float]
    weight_site_min: Threshold[int]
    weight_site_heavy_pct: Threshold[float]
    weight_heavy_adult_kg: Threshold[float]
    weight_heavy_child_ratio: Threshold[float]
    weight_child_per_year_kg: Threshold[float]
    weight_child_at_birth_kg: Threshold[float]
    age_usual_max_years: Threshold[float]
    suds_lone_code: Threshold[float]
    suds_mixed_end_ratio: Threshold[float]
    monitor_min_participants: Threshold[int]
    monitor_false_discovery_pct: Threshold[float]
    suds_lone_far: Threshold[float]
    suds_heaped_pct: Threshold[float]

    def values(self) -> dict[str, float | int]:
        """Name -> number, in declaration order: the one row of ref.evidence."""
        return {name: getattr(self, name).value for name in type(self).model_fields}
    ratings_copied_min: Threshold[int]
    ratings_copied_min_short: Threshold[int]
    rise_min_exercises: Threshold[int]
    rise_odd_pct: Threshold[float]
    whole_min_ratings: Threshold[int]
    whole_odd_max_pct: Threshold[float]
    begin_usual_min: Threshold[float]
    begin_low_peak_min: Threshold[float]
    exposure_min_sessions: Threshold[int]
    exposure_spread_max_min: Threshold[float]
    exposure_off_min: Threshold[float]
    score_rise_pomp: Threshold[float]
    score_apart_pomp: Threshold[float]
    uniform_min_answers: Threshold[int]
    rated_min_sessions: Threshold[int]
    visit_min_participants: Threshold[int]
    visit_usual_pct: Threshold[float]
    rated_usual_pct: Threshold[float]
    rated_most_pct: Threshold[float]
    recorded_min_subjects: Threshold[int]
    recorded_usual_pct: Threshold[float]
    clock_min_crossed: Threshold[int]
    course_over_days: Threshold[int]
    medication_beside_days: Threshold[int]
    medication_expected_min: Threshold[int]
    scores_rise_min: Threshold[int]
    scores_rise_pct: Threshold[float]
    halves_min_forms: Threshold[int]
    zero_min_ratings: Threshold[int]
    zero_min_zeros: Threshold[int]
    zero_ratio: Threshold[float]
    short_min_ratings: Threshold[int]
    enrolled_min_participants: Threshold[int]
    enrolled_in_order_pct: Threshold[float]
    enrolled_far_days: Threshold[float]
    enrolled_near_days: Threshold[float]
    enrolled_alone_days: Threshold[float]
    enrolled_alone_ratio: Threshold[float]
    heaped_min_ratings: Threshold[int]
    peaks_low_min: Threshold[int]
    peaks_low_pct: Threshold[float]
    lags_alike_min_doses: Threshold[int]
    lags_alike_pct: Threshold[float]
    dates_exchanged_min: Threshold[int]
    dates_exchanged_pct: Threshold[float]
    halves_rare_min_forms: Threshold[int]
    halves_rare_pct: Threshold[float]
    halves_min_pomp: Threshold[float]
    profile_sample: Threshold[int]
    profile_min_participants: Threshold[int]
    profile_usual_own: Threshold[float]
    profile_usual_site: Threshold[float]
    turned_own_max: Threshold[float]
    turned_beside_max: Threshold[float]
    turned_site_max: Threshold[float]
    turned_site_pct: Threshold[float]
    moved_own_min: Threshold[float]
    moved_gain_min: Threshold[float]
    turned_usual_site: Threshold[float]
    profile_suspect_part: Threshold[float]


class SymptomTerm(Config):
    """One entry of config/codelists/adverse_events.csv: a word pattern and the term it stands for."""

    pattern: Text
    term: Text
    special_interest: Text = Field(default="", pattern=r"^(|PSYCHOSIS|CONVULSION)$")
    expected: bool = False
    near: str = Field(default="", description="Words of it; a report with a word one letter away from one is asked about.")
