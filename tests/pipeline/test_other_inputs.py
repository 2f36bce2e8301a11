"""What users bring: arrays made elsewhere, and a saved model of their own, through the whole pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infoplane.encoders.network_file import digest
from infoplane.runtime import tensorflow

import made_arrays
from checkout import SMALL, Checkout, make_checkout

pytestmark = pytest.mark.slow

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
    assert sorted(executed) == sorted(["download", *cells, "analyze"]), "embeddings have not changed"


def test_what_is_wrong_is_one_line(arrays_run: Checkout) -> None:
    np.save(arrays_run.folder / "mine" / "labels" / "test.npy", np.zeros(5))
    output = arrays_run.run("dvc", "repro", "download", fails=True)
    assert "download: mine/labels/test.npy: shape (5,), float64; class labels 0 to K-1" in output
    assert "Traceback" not in output


def test_a_saved_model_embeds_again_when_its_digest_changes(copied_run: Checkout, tmp_path: Path) -> None:
    tensorflow()
    import keras

    def save(seed: int) -> str:
        keras.utils.set_random_seed(seed)
        pixels = keras.Input((32, 32, 3))
        features = keras.layers.Conv2D(8, 3, activation="relu", name="features")(pixels)
        keras.Model(pixels, features).save(tmp_path / "own.keras")
        return digest(tmp_path / "own.keras")

    def options(sha256: str) -> dict[str, str]:
        chosen = f"{{model: {tmp_path / 'own.keras'}, layer: features, preprocessing: unit, sha256: {sha256}}}"
        return {
            "encoders": "[own, own-untrained]",
            "encoder_options.own": chosen,
            "encoder_options.own-untrained": chosen,
        }

    copied_run.set_keys(options(first := save(1)))
    copied_run.repro("measure_noise@own", "embed@own-untrained")
    embeddings = copied_run.folder / "data" / "embeddings"
    before = np.load(embeddings / "own" / "test.npy")
    assert not np.allclose(before, np.load(embeddings / "own-untrained" / "test.npy"))
    second = save(2)
    output = copied_run.run("python", "-m", "infoplane.params.check", fails=True)
    assert f"has {second}, not {first}" in output
    copied_run.set_keys(options(second))
    assert copied_run.repro("measure_noise@own") == ["embed@own", "measure_noise@own"]
    assert not np.allclose(before, np.load(embeddings / "own" / "test.npy"))
