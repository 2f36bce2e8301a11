"""Which encoders there are, and which image sizes they take."""

from __future__ import annotations

import subprocess
import sys

import pytest

from infoplane.encoders.registry import APPLICATIONS, LITES, build, check, names


def test_names_are_the_lites_and_all_of_keras_applications() -> None:
    from infoplane.common.runtime import tensorflow

    tensorflow()
    import keras

    constructors = {name for name in dir(keras.applications) if callable(getattr(keras.applications, name))}
    assert set(APPLICATIONS) == constructors
    for name, module in APPLICATIONS.items():
        source = getattr(keras.applications, name).__module__
        assert source.split(".")[-1] == module, name
    assert set(names()) == {name + tail for name in (*LITES, *constructors) for tail in ("", "-untrained")}
    assert len(names()) == len(set(names()))


SMALLEST = {"EfficientNetLite2": 32, "InceptionV3-untrained": 75, "Xception": 71, "ResNet50": 32}


@pytest.mark.parametrize("name", SMALLEST)
def test_image_sizes_have_a_minimum(name: str) -> None:
    check(name, SMALLEST[name])
    for size in (SMALLEST[name] - 1, 0, -96, 96.0, "96", True):
        with pytest.raises(ValueError, match=f"{name}: image_size .* at least {SMALLEST[name]}"):
            check(name, size)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["EfficientNetLite3", "resnet50", "", "-untrained", "ResNet50-untrained-untrained"])
def test_unknown_names_list_what_is_allowed(name: str) -> None:
    with pytest.raises(ValueError, match=r"no such encoder; expected one of EfficientNetLite0, .*Xception") as caught:
        build(name, 96, 0)
    assert repr(name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_checking_loads_no_tensorflow() -> None:
    code = (
        "import sys; from infoplane.encoders.registry import check\n"
        "check('ResNet50', 96); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
