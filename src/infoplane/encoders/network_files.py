"""The user's files in ``embed.path`` that networks are made from: weights, or saved Keras models.

DVC cannot declare a dependency for some cells of a matrix only. So the stage ``networks`` depends on that folder, and
keeps a folder for each encoder with its own file in it: a changed file embeds just the networks made from it again. And
a name that is not allowed gets no folder, so that DVC never hands it to a shell.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from infoplane.common import io

_RECORD = "network.json"


@dataclass(frozen=True)
class NetworkFile:
    """A file with the weights of a known network, or a saved Keras model and how to read it."""

    weights: str | None = None
    model: str | None = None
    layer: str | None = None
    preprocessing: str = "none"

    @property
    def option(self) -> str:
        """``model`` or ``weights``."""
        return "weights" if self.model is None else "model"

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.model or self.weights or "")

    def key(self, name: str, option: str | None = None) -> str:
        """The key of an option in the parameters, for errors."""
        return f"encoder_options.{name}.{option or self.option}"

    def original(self, name: str, folder: Path) -> Path:
        """The user's file.

        Args:
            name: of the encoder.
            folder: ``embed.path``.

        Raises:
            ValueError: the file does not exist.
        """
        if not (folder / self.path).is_file():
            raise ValueError(f"{self.key(name)}: {self.path}: no such file in embed.path, {folder}")
        return folder / self.path

    def copied(self, folder: Path) -> NetworkFile:
        """The same with the absolute path of the copy in the encoder's folder, which a worker can open."""
        return replace(self, **{self.option: str(folder.resolve() / self.path.name)})


def copy_files(source: Path, files: Mapping[str, NetworkFile | None], target: Path) -> None:
    """Copy each encoder's file into a folder of its own; one without a file gets a folder too.

    Args:
        source: ``embed.path``.
        files: by the encoder's name; None for a network that needs none.
        target: existing and empty.

    Raises:
        ValueError: the file does not exist.
    """
    for name, file in files.items():
        (target / name).mkdir()
        if file is not None:
            shutil.copyfile(file.original(name, source), target / name / file.path.name)
        # DVC does not keep empty folders.
        io.save_json(target / name / _RECORD, {"file": None if file is None else file.path.name})


def one_line(error: Exception) -> str:
    """The message of another library's error in one line, at most 400 characters."""
    return " ".join(str(error).split())[:400] or type(error).__name__
