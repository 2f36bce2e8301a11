"""Named sets of parameters: ``profiles/quick.yaml`` is the complete one, the others list their differences from it."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infoplane.common import io as files
from infoplane.params.check import check
from infoplane.params.section import read_yaml

PROFILES = Path("profiles")
PARAMS = Path("params.yaml")
BASE = PROFILES / "quick.yaml"
_FREE_KEYS_SECTION = "encoder_options"
"""The section whose keys are names that the user chooses."""


def names(folder: Path) -> list[str]:
    """The profiles of a checkout.

    Raises:
        ValueError: the folder is not a checkout of this project.
    """
    if not (folder / BASE).is_file():
        raise ValueError(f"{folder / BASE}: no such file; profiles belong to a checkout of infoplane, run this in one")
    return sorted(path.stem for path in (folder / PROFILES).glob("*.yaml"))


def rendered(name: str, folder: Path) -> str:
    """The ``params.yaml`` of a profile, with its comments.

    Args:
        name: of the profile.
        folder: a checkout of this project.

    Raises:
        ValueError: no such profile, or one that changes keys which do not exist.
    """
    allowed = names(folder)
    if name not in allowed:
        raise ValueError(f"profile {name!r} given; expected one of {', '.join(allowed)}")
    base = (folder / BASE).read_text(encoding="utf-8")
    if name == BASE.stem:
        return base
    yaml, whole = _yaml(), _yaml().load(base)
    _apply_changes(whole, read_yaml(folder / PROFILES / f"{name}.yaml"), f"{PROFILES / name}.yaml")
    text = io.StringIO()
    yaml.dump(whole, text)
    return text.getvalue()


def write(name: str, folder: Path, *, force: bool = False) -> None:
    """Replace ``params.yaml`` by that of a profile.

    Args:
        name: of the profile.
        folder: a checkout of this project.
        force: replace it even if it has changes that git does not have.

    Raises:
        ValueError: no such profile, one that the parameters' types refuse, or changes that would be lost.
    """
    text = rendered(name, folder)
    with tempfile.TemporaryDirectory() as scratch:
        trial = Path(scratch) / PARAMS.name
        trial.write_text(text, encoding="utf-8")
        try:
            check(trial)
        except ValueError as error:
            raise ValueError(str(error).replace(str(trial), f"{PROFILES / name}.yaml")) from None
    if not force:
        _refuse_to_overwrite(folder)
    files.save_text(folder / PARAMS, text)


def _refuse_to_overwrite(folder: Path) -> None:
    current = folder / PARAMS
    if not current.exists() or current.read_text(encoding="utf-8") in _rendered_profiles(folder):
        return
    command = ["git", "-C", str(folder), "status", "--porcelain", "--", PARAMS.name]
    try:
        status = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        status = "not under git"
    if status.strip():
        raise ValueError(
            f"{PARAMS}: has changes that are not committed; commit or restore them first, or lose them by --force"
        )


def _rendered_profiles(folder: Path) -> set[str]:
    """The texts of all profiles that can be read."""
    texts = set()
    for name in names(folder):
        with contextlib.suppress(ValueError):
            texts.add(rendered(name, folder))
    return texts


def _apply_changes(whole: Any, changes: Mapping[str, Any], where: str, *, new: bool = False) -> None:
    for key, value in changes.items():
        if key not in whole and not new:
            raise ValueError(f"{where}: {key}: no such key in {BASE}")
        if isinstance(value, Mapping) and isinstance(whole.get(key), Mapping) and whole[key]:
            _apply_changes(whole[key], value, f"{where}: {key}", new=key == _FREE_KEYS_SECTION)
        elif key not in whole:
            whole[key] = value
        else:
            whole[key] = _in_style_of(whole[key], value)


def _in_style_of(old: Any, new: Any) -> Any:
    """The new value in the style of the old one; a list keeps the comment that follows its last entry."""
    from ruamel.yaml.comments import CommentedSeq

    if not (isinstance(old, CommentedSeq) and isinstance(new, list)):
        return new
    entries = CommentedSeq(new)
    if old.fa.flow_style():
        entries.fa.set_flow_style()
    elif len(old) - 1 in old.ca.items:
        entries.ca.items[len(new) - 1] = old.ca.items[len(old) - 1]
    return entries


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 4096
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(type(None), lambda own, _: own.represent_scalar("tag:yaml.org,2002:null", "null"))
    return yaml
