"""What users bring: arrays made elsewhere, and a saved model of their own, through the whole pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infoplane.common.runtime import tensorflow

import made_arrays
from checkout import SMALL, Checkout, make_checkout

pytestmark = pytest.mark.slow

CELL = "EfficientNetLite0-untrained"
OWN_NAMES = ("own", "own-untrained")

OWN = {"data.limit": "null", "encoders": "[sharp, vague]", "encoder_options.sharp": "{}", "encoder_options.vague": "{}"}


def load(checkout: Checkout, name: str) -> Any:
    return json.loads((checkout.folder / "metrics" / name).read_text())


@pytest.fixture(scope="module")
def arrays_run(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that measured arrays of two networks, one with predictions."""
    checkout = make_checkout(tmp_path_factory.mktemp("arrays") / "checkout")
    made_arrays.write_split(checkout.folder / "mine", made_arrays.arrays())
    checkout.set_keys({**SMALL, "data.source": "arrays", "data.path": "mine", **OWN})
    checkout.repro()
    checkout.commit("measured")
    return checkout


def test_arrays_in_measurements_out(arrays_run: Checkout) -> None:
    summary = load(arrays_run, "summary.json")
    assert set(summary) == {"sharp", "vague"}
    made = made_arrays.arrays()
    y = made["y"][made["test"]]
    for stop in ("1", "3"):
        own = made[stop][made["test"]].argmax(1) == y
        assert summary["sharp"][stop]["accuracy"] == pytest.approx(own.mean(), abs=1e-5)
        np.testing.assert_array_equal(arrays_run.logits("sharp", int(stop)), made[stop][made["test"]].astype("f4"))
    assert arrays_run.logits("vague", 3).shape == (len(y), 1), "a classifier of the pipeline's own"
    assert summary["sharp"]["3"]["embedding_label"] > summary["vague"]["3"]["embedding_label"]
    assert summary["sharp"]["3"]["prediction_label"] > 0.3
    assert load(arrays_run, "images.json")["source"] == "arrays"
    page = (arrays_run.folder / "metrics" / "report.html").read_text()
    assert "sharp" in page
    assert arrays_run.repro() == []


def test_new_predictions_measure_predictions_alone(arrays_run: Checkout) -> None:
    file = arrays_run.folder / "mine" / "predictions" / "sharp" / "3.npy"
    np.save(file, -np.load(file))
    executed = arrays_run.repro()
    cells = ["embed@sharp", "embed@vague", "train@sharp", "predict@sharp", "measure_prediction@sharp"]
    assert sorted(executed) == sorted(["download", *cells, "analyze", "report"]), "embeddings have not changed"


def test_what_is_wrong_is_one_line(arrays_run: Checkout) -> None:
    np.save(arrays_run.folder / "mine" / "labels" / "test.npy", np.zeros(5))
    output = arrays_run.run("dvc", "repro", "download", fails=True)
    assert "download: mine/labels/test.npy: shape (5,), float64; expected class labels 0 to K-1" in output
    assert "Traceback" not in output


def test_a_changed_file_embeds_its_own_network_again(copied_run: Checkout, tmp_path: Path) -> None:
    tensorflow()
    import keras

    nets = tmp_path / "nets"
    nets.mkdir()

    def save(seed: int) -> None:
        keras.utils.set_random_seed(seed)
        pixels = keras.Input((32, 32, 3))
        features = keras.layers.Conv2D(8, 3, activation="relu", name="features")(pixels)
        keras.Model(pixels, features).save(nets / "own.keras")

    options = "{model: own.keras, layer: features, preprocessing: unit}"
    own = {"encoder_options.own": options, "encoder_options.own-untrained": options}
    copied_run.set_keys({"embed.path": str(nets), "encoders": f"[own, own-untrained, {CELL}]", **own})
    output = copied_run.run("dvc", "repro", "measure_noise", fails=True)
    assert f"networks: encoder_options.own.model: own.keras: no such file in embed.path, {nets}" in output
    assert "Traceback" not in output
    save(1)
    own_cells = {f"{stage}@{name}" for stage in ("embed", "measure_noise") for name in OWN_NAMES}
    assert set(copied_run.repro("measure_noise")) == {"networks", *own_cells}, (
        "the network of the library is left alone"
    )
    embeddings = copied_run.folder / "data" / "embeddings"
    before = np.load(embeddings / "own" / "test.npy")
    assert not np.allclose(before, np.load(embeddings / "own-untrained" / "test.npy"))
    save(2)
    assert set(copied_run.repro("measure_noise")) >= {"networks", "embed@own", "measure_noise@own"}
    assert not np.allclose(before, np.load(embeddings / "own" / "test.npy"))
    (nets / "another.keras").touch()
    assert copied_run.repro("measure_noise") == ["networks"]
    copied_run.set_keys({"encoder_options.own": "{model: own.keras, layer: feature}"})
    output = copied_run.run("dvc", "repro", "embed@own", fails=True)
    assert "embed@own: encoder_options.own.layer: 'feature' given; expected a layer of own.keras: " in output
    assert "Traceback" not in output
