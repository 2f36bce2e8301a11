"""Findings in words: they follow the numbers, and claim an order only where the intervals carry it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from infoplane.encoders.names import is_control
from infoplane.results import correlations
from infoplane.results.findings import Evidence, findings
from infoplane.results.quantity import bracket
from infoplane.results.summary import Measurements, summarise, summary_table

from made_results import NAMES, made

Array = np.ndarray[Any, Any]


def evidence(measured: Measurements, influences: dict[str, Array] | None = None) -> Evidence:
    correlated = correlations.correlation_metrics(summary_table(summarise(measured)), seed=0)
    return Evidence(measured, correlated, 0.25, influences or {})


def texts(measured: Measurements, influences: dict[str, Array] | None = None) -> dict[str, str]:
    return {finding.title: plain(finding.text) for finding in findings(evidence(measured, influences))}


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def compactness(measured: Measurements, influences: dict[str, Array] | None = None) -> tuple[str, str]:
    """Title and text of the finding about compactness, which comes first."""
    first = findings(evidence(measured, influences))[0]
    return first.title, first.text


def with_brackets(measured: Measurements, ends: dict[str, tuple[float, float]]) -> Measurements:
    noise = dict(measured.noise)
    for encoder, (lower, upper) in ends.items():
        value = bracket(lower, 0.02, upper, 0.02, ceiling=None, n=5000)
        noise[encoder] = noise[encoder] | {"embedding_noise": value}
    return replace(measured, noise=noise)


def changed(measured: Measurements, part: str, encoder: str, name: str, **changes: Any) -> Measurements:
    content = dict(getattr(measured, part))
    content[encoder] = content[encoder] | {name: content[encoder][name] | changes}
    return replace(measured, **{part: content})


def test_an_order_of_compactness_is_claimed_where_brackets_do_not_overlap() -> None:
    apart = with_brackets(made(NAMES[:3]).measured, dict(zip(NAMES, [(5, 5.1), (3, 3.1), (4, 4.1)], strict=False)))
    text = texts(apart)["The most compact encoder"]
    assert "EfficientNetLite1 keeps 3.00 to 3.10 nats" in text
    assert "less than EfficientNetLite0 and EfficientNetLite2 (resolved, their intervals do not overlap)" in text


def test_no_order_is_claimed_where_brackets_overlap() -> None:
    run = made(NAMES[:3]).measured
    overlapping = with_brackets(run, dict(zip(NAMES, [(3.1, 4), (3, 4.1), (3.2, 4.2)], strict=False)))
    title, text = compactness(overlapping)
    assert title == "How compact the encoders are"
    assert "EfficientNetLite0 3.10 to 4.00, EfficientNetLite1 3.00 to 4.10 and EfficientNetLite2 3.20 to 4.20" in text
    assert "No encoder is resolved as the most compact" in text
    partly = with_brackets(run, dict(zip(NAMES, [(3.1, 4), (3, 3.9), (5, 5.2)], strict=False)))
    title, text = compactness(partly)
    assert title == "How compact the encoders are"
    assert "less than EfficientNetLite2 (resolved" in text
    assert "against EfficientNetLite0 the order is not resolved" in text


def test_pairing_resolves_what_single_intervals_cannot() -> None:
    rng = np.random.default_rng(0)
    names = NAMES[:2]
    shared = rng.normal(size=500)  # most of the error is common to both encoders
    influences = {
        name: np.stack([level + shared + 0.05 * rng.normal(size=500) for _ in range(2)])
        for name, level in zip(names, (3.0, 3.1), strict=True)
    }
    ends = dict.fromkeys(names, (3.0, 3.1))
    wide = with_brackets(made(names).measured, ends)
    assert "No encoder is resolved" in compactness(wide)[1]
    paired = texts(with_brackets(wide, {names[1]: (3.05, 3.15)}), influences)["The most compact encoder"]
    assert "less than EfficientNetLite1 (resolved, paired over the same images" in paired


def test_the_control_is_no_candidate_for_the_most_compact() -> None:
    measured = made().measured
    least = min(measured.encoders, key=lambda name: measured.noise[name]["embedding_noise"]["lower"])
    assert is_control(least)
    assert least not in compactness(measured)[1]


def test_label_information_is_given_as_a_share_of_the_entropy() -> None:
    measured = changed(made().measured, "label", NAMES[0], "embedding_label", nats=np.log(10) / 2)
    text = texts(measured)["What the embeddings tell about the label"]
    assert "H(Y) = 2.30 nats" in text
    assert "EfficientNetLite0 1.15 nats (50 %)" in text
    assert "untrained" not in text


def test_a_value_above_the_entropy_is_called_impossible() -> None:
    measured = changed(made().measured, "label", NAMES[0], "embedding_label", nats=2.5, low=2.4, high=2.6)
    assert (
        "Of EfficientNetLite0 the value lies above H(Y), which cannot be"
        in texts(measured)["What the embeddings tell about the label"]
    )


def test_the_untrained_network_is_held_against_its_twin() -> None:
    measured = made().measured
    text = texts(measured)["What an untrained network holds"]
    for name in ("EfficientNetLite0", "EfficientNetLite0-untrained"):
        assert f"{measured.label[name]['embedding_label']['nats']:.2f}" in text
    assert "What an untrained network holds" not in texts(made(NAMES[:3]).measured)


def test_an_accuracy_that_was_picked_from_several_is_said_to_be() -> None:
    measured = made().measured
    control = next(name for name in measured.encoders if is_control(name))
    scores = measured.training[control]
    best = max(measured.stops, key=lambda stop: scores[str(stop)]["test"]["accuracy"])
    text = texts(measured)["What an untrained network holds"]
    percent = f"{100 * scores[str(best)]['test']['accuracy']:.1f} %"
    assert f"a test accuracy of {percent} at the best of its {len(measured.stops)} stops, epoch {best}." in text
    alone = texts(replace(measured, stops=(best,)))["What an untrained network holds"]
    assert f"a test accuracy of {percent} (" in alone, "of one stop, with its interval"


def test_the_shuffled_control_is_judged_by_its_interval() -> None:
    measured = made().measured
    assert "The control holds" in texts(measured)
    failing = texts(changed(measured, "label", NAMES[1], "shuffled", nats=0.3, low=0.2, high=0.4))
    assert "0.300 nats for EfficientNetLite1, more than its error allows" in failing["The control fails"]
    assert "The control holds" not in failing


def test_overfitting_is_only_called_harmless_where_the_information_stays() -> None:
    measured = made().measured
    title = "What overfitting does to the predictions"
    assert "about the label stays" in texts(measured)[title]
    prediction = {
        name: stops | {"200": stops["200"] | {"prediction_label": stops["200"]["prediction_label"] | {"nats": 0.1}}}
        for name, stops in measured.prediction.items()
    }
    assert "stays" not in texts(replace(measured, prediction=prediction))[title]
    assert title not in texts(replace(measured, stops=[30]))


def with_losses(measured: Measurements, losses: dict[str, float]) -> Measurements:
    """The same test loss of every encoder at each of some stops."""
    training = {
        name: {stop: scores | {"test": scores["test"] | {"loss": losses[stop]}} for stop, scores in stops.items()}
        for name, stops in measured.training.items()
    }
    return replace(measured, training=training)


def test_a_loss_that_falls_is_not_called_overfitting() -> None:
    falling = with_losses(made(stops=(1, 10)).measured, {"1": 1.35, "10": 0.09})
    found = texts(falling)
    assert "What overfitting does to the predictions" not in found
    text = found["What the last leg of training changes"]
    assert "At epoch 1 the test loss is 1.35 nats" in text
    assert "at epoch 10 the loss is 0.09" in text
    assert "punishes" not in text


def test_the_learning_rate_of_the_last_leg_stands_beside_what_it_does() -> None:
    measured = made().measured
    given = replace(evidence(measured), overfit_factor=800)
    (text,) = [finding.text for finding in findings(given) if "overfitting" in finding.title]
    assert text.endswith("From epoch 31 on the learning rate is 800 times that of before.")
    training = {
        name: {stop: {"test": scores["test"]} for stop, scores in stops.items()}
        for name, stops in measured.training.items()
    }
    elsewhere = replace(given, measured=replace(measured, training=training))
    assert not any("learning rate" in finding.text for finding in findings(elsewhere)), "no classifier was trained here"


def test_the_better_of_two_bounds_is_named_where_their_intervals_are_apart() -> None:
    measured, title = made().measured, "Two bounds on the same information"
    probe = measured.label[NAMES[2]]["probe"]["nats"]
    apart = changed(measured, "label", NAMES[2], "mine", nats=probe + 0.9, low=probe + 0.8)
    assert "at most 0.90 nats (EfficientNetLite2, where MINE shows more)" in texts(apart)[title]
    wide = changed(measured, "label", NAMES[2], "mine", nats=probe + 0.9, low=probe - 0.1)
    assert "at most 0.90 nats (EfficientNetLite2, within their intervals)" in texts(wide)[title]


def test_the_critics_share_of_the_bracket() -> None:
    assert "reaches 70 % of the bracket's lower end" in texts(made().measured)["The trained critic against the bracket"]


@pytest.mark.parametrize(
    ("encoders", "wanted"),
    [
        (1, "1 trained encoder: too few"),
        (4, "3 trained encoders: too few"),
        (7, "accuracy and loss (r = −1.00"),
    ],
)
def test_correlations_say_what_their_number_allows(encoders: int, wanted: str) -> None:
    assert wanted in texts(made(NAMES[:encoders]).measured)["Correlations"]


def test_one_encoder_gives_findings_without_comparisons() -> None:
    found = texts(made(NAMES[:1], classes=2).measured)
    assert found["How compact the encoder is"].endswith("nats about its input.")
    assert "The most compact encoder" not in found


def test_missing_values_leave_their_findings_out() -> None:
    measured = made(NAMES[:1]).measured
    for name in ("embedding_label", "mine", "probe", "shuffled"):
        measured = changed(measured, "label", NAMES[0], name, nats=None, low=None, high=None)
    measured = changed(measured, "noise", NAMES[0], "embedding_noise", nats=None, low=None, high=None, lower=None)
    titles = set(texts(measured))
    assert titles == {"What overfitting does to the predictions", "Correlations"}


def test_a_network_that_shows_nothing_is_said_to_show_nothing() -> None:
    nothing = {"nats": -0.001, "low": -0.01}
    measured = changed(made().measured, "label", NAMES[3], "embedding_label", **nothing)
    text = texts(measured)["What an untrained network holds"]
    assert text.startswith(
        "Of EfficientNetLite0-untrained, with random weights, no information about the label is shown;"
    )
    measured = changed(measured, "label", NAMES[0], "embedding_label", **nothing)
    text = texts(measured)["What the embeddings tell about the label"]
    assert "Of EfficientNetLite0 no information about the label is shown." in text
