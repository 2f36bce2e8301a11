"""The cells of the pipeline as DVC resolves them from dvc.yaml and params.yaml: every stage of every matrix."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dvc.dependency import ParamsDependency
from dvc.repo import Repo

from checkout import TOP


@dataclass(frozen=True)
class Cell:
    """One stage, or one cell of its matrix, with all templates filled in."""

    name: str
    """As in ``dvc repro``: ``embed@EfficientNetLite0``."""
    command: str
    deps: tuple[str, ...]
    outs: tuple[str, ...]
    """Outputs and metrics."""
    params: tuple[str, ...]

    @property
    def stage(self) -> str:
        """The name in dvc.yaml."""
        return self.name.split("@")[0]

    @property
    def words(self) -> list[str]:
        """What comes after ``python -m``: the module and its options."""
        python, option, *words = shlex.split(self.command)
        assert (python, option) == ("python", "-m"), self.command
        return words

    @property
    def options(self) -> dict[str, str]:
        """Values of the command's options, by their names without dashes in front."""
        _, *words = self.words
        return {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)}


def resolve(folder: Path) -> tuple[Cell, ...]:
    """The cells of the dvc.yaml and params.yaml in ``folder``, which becomes a DVC repository without git."""
    (folder / ".dvc").mkdir()
    (folder / ".dvc" / "config").write_text("[core]\n    no_scm = true\n", encoding="utf-8")
    with Repo(str(folder)) as repo:
        return tuple(
            Cell(
                stage.name,
                stage.cmd,
                tuple(dep.def_path for dep in stage.deps if not isinstance(dep, ParamsDependency)),
                tuple(out.def_path for out in stage.outs),
                tuple(key for dep in stage.deps if isinstance(dep, ParamsDependency) for key in dep.params),
            )
            for stage in repo.index.stages
        )


def _committed() -> tuple[Cell, ...]:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("dvc.yaml", "params.yaml"):
            shutil.copy(TOP / name, folder)
        return resolve(Path(folder))


CELLS = _committed()
"""Those of this checkout."""
