"""The summary of a run: what it takes over, what it flags, and the tables made of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from infoplane.common import io
from infoplane.results import summary_quantities
from infoplane.results.correlations import correlation_metrics
from infoplane.results.summary import (
    Measurements,
    MeasurementWarning,
    measurement_warnings,
    noise_curve_table,
    quantity_table,
    summarise,
    summary_table,
    training_table,
)

from made_results import NAMES, NOISES, NOT_CONVERGED, STOPS, made

ENCODER = NAMES[1]


@pytest.fixture
def measured() -> Measurements:
    return made().measured


def label_with(measured: Measurements, name: str, **changes: Any) -> Measurements:
    label = dict(measured.label)
    label[ENCODER] = label[ENCODER] | {name: label[ENCODER][name] | changes}
    return replace(measured, label=label)


def noise_with(measured: Measurements, name: str, **changes: Any) -> Measurements:
    noise = dict(measured.noise)
    noise[ENCODER] = noise[ENCODER] | {name: noise[ENCODER][name] | {"warnings": []} | changes}
    return replace(measured, noise=noise)


def test_the_summary_holds_the_measured_values_unchanged(measured: Measurements) -> None:
    summary = summarise(measured)
    assert list(summary) == list(measured.encoders)
    for encoder, entries in summary.items():
        assert list(entries) == [str(stop) for stop in STOPS]
        for stop, entry in entries.items():
            assert entry["accuracy"] == measured.training[encoder][stop]["test"]["accuracy"]
            assert entry["loss"] == measured.training[encoder][stop]["test"]["loss"]
            for name, value in measured.informations(encoder, int(stop)).items():
                assert (entry[name], entry[f"{name}_low"], entry[f"{name}_high"]) == (
                    value["nats"],
                    value["low"],
                    value["high"],
                )


def test_the_summary_can_be_written_as_a_metrics_file(measured: Measurements, tmp_path: Any) -> None:
    io.save_json(tmp_path / "summary.json", summarise(measured))
    correlated = correlation_metrics(summary_table(summarise(measured)), seed=0)
    io.save_json(tmp_path / "correlations.json", correlated)
    assert io.load_json(tmp_path / "correlations.json")["30"]["left_out"] == ["EfficientNetLite0-untrained"]


def test_only_the_listed_encoders_and_stops_are_summarised(measured: Measurements) -> None:
    fewer = replace(measured, encoders=[ENCODER], stops=[30])
    assert {name: list(entries) for name, entries in summarise(fewer).items()} == {ENCODER: ["30"]}


def test_a_value_above_its_ceiling_is_flagged_and_not_clipped(measured: Measurements) -> None:
    above = label_with(measured, "embedding_label", nats=2.5, low=2.4, high=2.6)
    entry = summarise(above)[ENCODER]["30"]
    assert entry["embedding_label"] == 2.5
    assert entry["embedding_label_low"] == 2.4
    assert any(text.startswith("embedding_label: 2.5 nats lies above its ceiling of 2.3") for text in entry["warnings"])


def test_a_value_above_its_ceiling_by_less_than_its_error_is_not_flagged(measured: Measurements) -> None:
    near = label_with(measured, "mine", nats=2.32, low=2.29, high=2.35)
    assert not any("ceiling" in text for text in summarise(near)[ENCODER]["30"]["warnings"])


def test_what_a_file_says_about_its_ceiling_is_not_said_twice(measured: Measurements) -> None:
    above = label_with(measured, "mine", nats=2.5, low=2.4, high=2.6, warnings=["above its ceiling: …"])
    found = [text for text in summarise(above)[ENCODER]["30"]["warnings"] if "ceiling" in text]
    assert found == ["mine: above its ceiling: …"]


@pytest.mark.parametrize(
    ("share", "error", "message"),
    [(0.1, 0.01, "is a loose bound"), (3.0, 0.01, "lies above the bracket's upper end"), (1.0, 0.01, None)],
)
def test_aa_mine_is_held_against_the_bracket(
    measured: Measurements, share: float, error: float, message: str | None
) -> None:
    nats = share * measured.noise[ENCODER]["embedding_noise"]["lower"]
    changed = noise_with(measured, "aa_mine", nats=nats, low=nats - error, high=nats + error)
    found = [text for text in summarise(changed)[ENCODER]["1"]["warnings"] if text.startswith("aa_mine")]
    assert len(found) == (message is not None)
    assert message is None or message in found[0]


def test_information_about_shuffled_labels_is_flagged(measured: Measurements) -> None:
    leaking = label_with(measured, "shuffled", nats=0.2, low=0.15, high=0.25)
    assert any("shuffled labels" in text for text in summarise(leaking)[ENCODER]["1"]["warnings"])
    assert not any("shuffled labels" in text for text in summarise(measured)[ENCODER]["1"]["warnings"])


def test_a_missing_value_is_said_and_stays_missing(measured: Measurements) -> None:
    missing = label_with(measured, "embedding_label", nats=None, low=None, high=None)
    summary = summarise(missing)
    assert summary[ENCODER]["30"]["embedding_label"] is None
    assert "embedding_label: no value was obtained" in summary[ENCODER]["30"]["warnings"]
    assert math.isnan(summary_table(summary).set_index(["encoder", "stop"]).loc[(ENCODER, 30), "embedding_label"])


def test_warnings_stand_once_with_what_they_are_about(measured: Measurements) -> None:
    found = measurement_warnings(measured)
    assert [warning for warning in found if warning.text == NOT_CONVERGED] == [
        MeasurementWarning(encoder, None, "noise", ("aa_mine",), NOT_CONVERGED) for encoder in measured.encoders
    ]
    prediction = {ENCODER: {str(stop): dict(measured.prediction[ENCODER][str(stop)]) for stop in STOPS}}
    prediction[ENCODER]["30"]["mine"] = prediction[ENCODER]["30"]["mine"] | {"warnings": ["only here"]}
    changed = replace(measured, prediction=measured.prediction | prediction)
    (new,) = [warning for warning in measurement_warnings(changed) if warning not in found]
    assert new == MeasurementWarning(ENCODER, 30, "prediction", ("mine",), "only here")
    assert summarise(changed)[ENCODER]["30"]["warnings"][-1] == "mine: only here"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoders": [ENCODER, "VGG16"]}, "training: no VGG16; found EfficientNetLite0"),
        ({"encoders": []}, "encoders: "),
        ({"stops": [1, 30, 1]}, "stops: "),
        ({"stops": [1, 100]}, f"training of {NAMES[0]}: no 100; found 1, 30, 200"),
    ],
)
def test_a_run_that_lacks_something_is_refused_by_name(
    measured: Measurements, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(measured, **change)


def test_tables_for_the_plots(measured: Measurements) -> None:
    summary = summarise(measured)
    long = quantity_table(summary)
    assert len(long) == len(measured.encoders) * len(STOPS) * len(summary_quantities.NAMES)
    wide = summary_table(summary).melt(["encoder", "stop"], list(summary_quantities.NAMES), "quantity", "value")
    both = long.merge(wide, on=["encoder", "stop", "quantity"], suffixes=("", "_wide"))
    pd.testing.assert_series_equal(both["value"], both["value_wide"], check_names=False)
    curve = noise_curve_table(measured)
    assert list(curve["encoder"].unique()) == list(measured.encoders)
    assert list(curve.loc[curve["encoder"] == ENCODER, "noise_std"]) == sorted(NOISES)
    assert (curve["lower"] <= curve["upper"]).all()


def test_training_courses_in_one_table() -> None:
    run = made()
    table = training_table(run.training)
    own = table[table["encoder"] == ENCODER].drop(columns="encoder").reset_index(drop=True)
    pd.testing.assert_frame_equal(own, run.training[ENCODER])
