"""What users bring: arrays made elsewhere, and a saved model of their own, through the whole pipeline."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from infoplane.common.runtime import tensorflow

import made_arrays
from checkout import Checkout, executed, wait_for_queue

pytestmark = pytest.mark.slow

CELL = "EfficientNetLite0-untrained"
OWN_NAMES = ("own", "own-untrained")


def load(checkout: Checkout, name: str) -> Any:
    return json.loads((checkout.folder / "metrics" / name).read_text())


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


def test_new_predictions_measure_predictions_alone(copied_arrays_run: Checkout) -> None:
    file = copied_arrays_run.folder / "mine" / "predictions" / "sharp" / "3.npy"
    np.save(file, -np.load(file))
    ran = copied_arrays_run.repro()
    cells = ["embed@sharp", "embed@vague", "train@sharp", "predict@sharp", "measure_prediction@sharp"]
    assert sorted(ran) == sorted(["download", *cells, "analyze", "report"]), "embeddings have not changed"


def test_what_is_wrong_is_one_line(copied_arrays_run: Checkout) -> None:
    np.save(copied_arrays_run.folder / "mine" / "labels" / "test.npy", np.zeros(5))
    output = copied_arrays_run.run("dvc", "repro", "download", fails=True)
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
    output = copied_run.run("dvc", "repro", "embed", fails=True)
    assert f"networks: encoder_options.own.model: own.keras: no such file in embed.path, {nets}" in output
    assert "Traceback" not in output
    save(1)
    own_cells = {f"embed@{name}" for name in OWN_NAMES}
    assert set(copied_run.repro("embed")) == {"networks", *own_cells}, "the network of the library is left alone"
    embeddings = copied_run.folder / "data" / "embeddings"
    before = np.load(embeddings / "own" / "test.npy")
    assert not np.allclose(before, np.load(embeddings / "own-untrained" / "test.npy"))
    save(2)
    assert set(copied_run.repro("embed")) >= {"networks", "embed@own"}
    assert not np.allclose(before, np.load(embeddings / "own" / "test.npy"))
    (nets / "another.keras").touch()
    assert copied_run.repro("embed") == ["networks"]
    copied_run.set_keys({"encoder_options.own": "{model: own.keras, layer: feature}"})
    output = copied_run.run("dvc", "repro", "embed@own", fails=True)
    assert "embed@own: encoder_options.own.layer: 'feature' given; expected a layer of own.keras: " in output
    assert "Traceback" not in output


def test_the_experiments_of_the_readme(copied_arrays_run: Checkout, tmp_path: Path) -> None:
    """Every `dvc` command of the README, in its order, on the run on arrays."""
    import keras

    photos = tmp_path / "photos"
    for label, name in enumerate(("dark", "light")):
        (photos / name).mkdir(parents=True)
        for number in range(60):
            pixels = np.random.default_rng([label, number]).integers(128, size=(40, 40, 3)) + 127 * label
            Image.fromarray(pixels.astype(np.uint8)).save(photos / name / f"{number}.png")
    made_arrays.write_whole(tmp_path / "arrays", made_arrays.arrays(), named="vit")
    (tmp_path / "networks").mkdir()
    pixels = keras.Input((32, 32, 3))
    features = keras.layers.Conv2D(8, 3, activation="relu", name="features")(pixels)
    keras.Model(pixels, features).save(tmp_path / "networks" / "mine.keras")
    lines = [line for block in blocks(copied_arrays_run) for line in block.splitlines() if line.startswith("dvc ")]
    lines = [line.split("  #")[0].strip() for line in lines if line != "dvc repro"]
    assert len(lines) >= 10
    copied_arrays_run.set_keys({"encoders": f"[{CELL}]"})
    ran = {}
    for line in lines:
        own = line.replace("/home/me/", f"{tmp_path}/").replace("image_size=224", "image_size=32")
        own = own.replace("[EfficientNetLite0,", "[").replace("0.125,0.25,0.5", "0.125,0.5")  # as few as show it
        waits = 120 if "exp show" in line else None
        ran[line] = executed(copied_arrays_run.run(*shlex.split(own), start_again_after=waits))
        if "queue start" in line:
            wait_for_queue(copied_arrays_run)
    first, another = (next(ran[line] for line in lines if part in line) for part in ("=folder", "encoders=[Eff"))
    assert {"download", f"embed@{CELL}"} <= set(first)
    assert [name for name in another if name.startswith(("download", "embed"))] == ["embed@EfficientNetLite1"]
    assert not [name for name in another if name.endswith(CELL)], "what was measured is not measured again"
    assert set(ran["dvc exp run -S measure.noise_std=0.3"]) == {"measure_noise@vit", "analyze", "report"}
    shown = copied_arrays_run.run("dvc", "exp", "show", "--json", start_again_after=120)
    assert shown.count('"measure"') >= 3, "the sweep left its experiments"


def blocks(checkout: Checkout) -> list[str]:
    """The README's blocks of commands."""
    text = (checkout.folder / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
