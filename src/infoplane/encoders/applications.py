"""The networks of ``keras.applications``, without their tops, average-pooled, with their own preprocessing."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from infoplane.common.runtime import tensorflow
from infoplane.encoders import bounds, random_weights
from infoplane.encoders.encoder import Encoder
from infoplane.encoders.network_files import NetworkFile, one_line

_ANSWER_SECONDS = 10.0
"""Time without an answer after which a server counts as unreachable."""
_CACHED_AS = {
    "NASNet-large-no-top.h5": "nasnet_large_no_top.h5",
    "NASNet-mobile-no-top.h5": "nasnet_mobile_no_top.h5",
}
"""Files that Keras stores under another name than that on the server."""


def encoder(
    name: str, module: str, image_size: int, random_seed: int | None = None, file: NetworkFile | None = None
) -> Encoder:
    """A network of ``keras.applications``.

    Args:
        name: as there.
        module: the module there that has the network's preprocessing.
        image_size: side of the images in pixels, at least the network's smallest.
        random_seed: None for the ImageNet weights, which Keras downloads unless it has them, else the seed of random
            ones.
        file: weights without the top (``.weights.h5``, or the older ``.h5``) in place of Keras' own.

    Raises:
        ValueError: the weights are neither in Keras' folder nor can be downloaded, or the file is of another network.
    """
    tensorflow()
    import keras

    preprocess = import_module(f"keras.applications.{module}").preprocess_input
    shape = {"include_top": False, "pooling": "avg", "input_shape": (image_size, image_size, 3)}
    construct = getattr(keras.applications, name)
    if file is not None:
        return Encoder(name, _from_file(name, construct(weights=None, **shape), file), preprocess)
    if random_seed is None:
        return Encoder(name, _pretrained(name, construct, shape), preprocess)
    model = construct(weights=None, **shape)
    random_weights.initialise(model, preprocess, random_seed)
    return Encoder(name + "-untrained", model, preprocess)


def _from_file(name: str, model: Any, file: NetworkFile) -> Any:
    for variable in model.weights:  # Keras skips variables that a file lacks, sometimes with only a warning
        variable.assign(np.full(variable.shape, np.nan))
    try:
        bounds.check_weights(file.path)
        model.load_weights(file.path)
        lacking = [variable.path for variable in model.weights if np.isnan(variable.numpy()).any()]
        if lacking:
            raise ValueError(f"it has no {', '.join(lacking[:3])}")
    except Exception as error:  # HDF5 and Keras fail with many kinds
        raise ValueError(
            f"{file.key(name)}: {file.path.name} does not fit {name} without its top (of Keras' files: *_notop.h5): "
            f"{one_line(error)}"
        ) from error
    return model


def _pretrained(name: str, construct: Any, shape: dict[str, Any]) -> Any:
    try:
        with _socket_timeout(), contextlib.redirect_stdout(sys.stderr):
            return construct(weights="imagenet", **shape)
    except Exception as error:  # Keras reports a failed download as a bare Exception
        raise ValueError(_download_failure(name, error)) from error


def _download_failure(name: str, error: Exception) -> str:
    """One line: what failed, where the weights come from and are kept, and what to do."""
    reason = " ".join(str(error).split()) or type(error).__name__
    address = re.search(r"https?://\S+", reason)
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
    file = address[0].rstrip(":").rsplit("/", 1)[-1] if address else ""
    kept = folder / _CACHED_AS.get(file, file)
    return (
        f"{name}: no ImageNet weights: {reason}. Keras looks in {kept} first: connect to the internet and run again, "
        f"copy the file there from elsewhere (delete a damaged one), or take {name}-untrained. Nothing else is lost."
    )


@contextlib.contextmanager
def _socket_timeout() -> Iterator[None]:
    """Give connections a time limit, without which a firewall that drops packets would stall the run."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_ANSWER_SECONDS if before is None else before)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
