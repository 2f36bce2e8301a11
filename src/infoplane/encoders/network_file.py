"""What a network is made from when it is not one that the installation or Keras brings: a file, known by its digest.

DVC cannot declare a dependency for some cells of a matrix only. So the digest stands in the parameters, is checked
before the file is used, and a changed file means a changed parameter: just that network embeds again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

MODEL_SUFFIX = ".keras"


@dataclass(frozen=True)
class NetworkFile:
    """A file with the weights of a known network, or a saved Keras model and how to read it."""

    weights: str | None = None
    model: str | None = None
    layer: str | None = None
    preprocessing: str = "none"
    sha256: str | None = None

    @property
    def option(self) -> str:
        """``model`` or ``weights``."""
        return "weights" if self.model is None else "model"

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.model or self.weights or "")

    def resolved(self) -> NetworkFile:
        """The same file by its absolute path."""
        return replace(self, **{self.option: str(self.path.resolve())})

    def key(self, name: str, option: str | None = None) -> str:
        """Where an option stands in the parameters, for errors."""
        return f"encoder_options.{name}.{option or self.option}"

    def check_digest_given(self, name: str) -> None:
        """Ask for the digest, and name it if the file is here.

        Raises:
            ValueError: there is none.
        """
        if self.sha256 is None:
            found = digest(self.path) if self.path.is_file() else "64 hexadecimal digits, `sha256sum FILE`"
            raise ValueError(f"{self.key(name, 'sha256')}: missing; that of {self.path} is wanted: {found}")

    def verified(self, name: str) -> Path:
        """The path, once the file is known to be the one meant.

        Raises:
            ValueError: no such file, or one with another digest.
        """
        if not self.path.is_file():
            raise ValueError(f"{self.key(name)}: {self.path}: no such file; relative paths start where dvc.yaml lies")
        self.check_digest_given(name)
        found = digest(self.path)
        if found != self.sha256:
            raise ValueError(
                f"{self.key(name, 'sha256')}: {self.path} has {found}, not {self.sha256}: write the new one to have "
                f"this network embed again, or bring the old file back"
            )
        return self.path


def digest(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def one_line(error: Exception) -> str:
    """What a library complains about, short enough for a line."""
    return " ".join(str(error).split())[:400] or type(error).__name__
