"""The user's own images: ``<path>/<class name>/<file>``, labelled by the name of the folder.

Used are files with an image suffix (any case) directly in a class folder. Hidden files and folders are skipped.
Anything else (texts, deeper folders, files beside the class folders) is counted as ignored. Classes and files are taken
in sorted order.

A symbolic link is followed where it stays within the path. One that leaves it could bring any file of this machine into
the data set, and with it into a shared cache: as a class folder it is refused, as an image it is skipped by name.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from infoplane.images.opening import UndecodableImage

SUFFIXES = (".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SMALLEST_CLASS = 2
"""One image for training, one for testing."""
LARGEST_FILE = 2**28
"""In bytes; an uncompressed RGB image of the most pixels that ``opening`` accepts has as many."""


class FolderSource:
    """Labelled image files in class folders; they are opened when they are loaded."""

    kind = "folder"

    def __init__(self, path: str | Path) -> None:
        """List the files.

        Args:
            path: the folder that holds one folder for each class.

        Raises:
            ValueError: the path is missing or no folder, has fewer than two class folders, or one of them has no
                images or too few to split.
        """
        self.path = Path(path)
        folders, self.ignored = _class_folders(self.path)
        self._real = Path(os.path.realpath(path))
        self.classes = tuple(_text(folder.name) for folder in folders)
        self._folders = folders
        self._files: list[str] = []
        labels: list[int] = []
        for label, folder in enumerate(folders):
            names, others = _image_files(folder)
            self._files += names
            self.ignored += others
            labels += [label] * len(names)
        self.labels: npt.NDArray[np.int64] = np.array(labels, dtype=np.int64)

    def name(self, index: int) -> str:
        """``<class name>/<file name>``."""
        return f"{self.classes[self.labels[index]]}/{_printable(self._files[index])}"

    def load(self, index: int) -> bytes:
        """The bytes of one file, whatever they are.

        Raises:
            OSError: no permission, or a link that leads nowhere or in a circle.
            UndecodableImage: no plain file, far too large for an image file, or a link that leaves the path.
        """
        file = self._folders[int(self.labels[index])] / self._files[index]
        if not Path(os.path.realpath(file)).is_relative_to(self._real):  # Path.resolve raises for a circle
            raise UndecodableImage("a link that leaves data.path")
        with open(file, "rb", opener=_without_waiting) as handle:
            found = os.fstat(handle.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UndecodableImage("no plain file")
            if found.st_size > LARGEST_FILE:
                raise UndecodableImage("too large")
            return handle.read(LARGEST_FILE)


def _without_waiting(path: str, flags: int) -> int:
    """Opening a pipe would wait for a writer."""
    return os.open(path, flags | os.O_NONBLOCK)


def _class_folders(path: Path) -> tuple[list[Path], int]:
    """The class folders in sorted order, and how many other entries there are."""
    if not path.exists():
        raise ValueError(f"data.path: {path} does not exist; expected a folder with one folder of images per class")
    if not path.is_dir():
        raise ValueError(f"data.path: {path} is a file; expected a folder with one folder of images per class")
    entries = [entry for entry in _scan(path) if not entry.name.startswith(".")]
    for entry in entries:
        if entry.is_symlink() and not os.path.exists(entry.path):
            raise ValueError(f"data.path: {_printable(entry.name)} in {path} is a link in a circle or to nowhere")
    folders = [Path(entry.path) for entry in entries if entry.is_dir()]
    if len(folders) < 2:
        given = f"only one class folder ({_printable(folders[0].name)})" if folders else "no class folders"
        raise ValueError(f"data.path: {path} has {given}; expected at least two, <path>/<class name>/<image files>")
    names = [_text(folder.name) for folder in folders]
    for folder, name in zip(folders, names, strict=True):
        if name != name.strip() or not name.isprintable():  # the data set keeps class names one a line, stripped
            raise ValueError(f"data.path: class folder {name!r} has blanks at an end or control characters in its name")
        if names.count(name) > 1:
            raise ValueError(f"data.path: two class folders are called {name!r} in UTF-8; expected distinct names")
        if not folder.resolve().is_relative_to(path.resolve()):
            raise ValueError(f"data.path: class folder {name!r} is a link that leaves {path}; expected one within it")
    return folders, len(entries) - len(folders)


def _image_files(folder: Path) -> tuple[list[str], int]:
    """The names of the image files of one class in sorted order, and how many other entries there are."""
    entries = [entry for entry in _scan(folder) if not entry.name.startswith(".")]
    # A link is listed wherever it leads: if to no image, it fails on loading and is then reported by name.
    names = [
        entry.name
        for entry in entries
        if entry.name.lower().endswith(SUFFIXES) and (entry.is_symlink() or entry.is_file()) and not _is_folder(entry)
    ]
    if len(names) < SMALLEST_CLASS:
        given = f"holds {len(names) or 'no'} image file{'s' if not names else ''}"
        deeper = sum(map(_is_folder, entries))
        hint = f"; {deeper} folders inside it are not searched" if deeper else ""
        raise ValueError(
            f"data.path: class folder {folder} {given}; expected at least {SMALLEST_CLASS}, to split into train and "
            f"test{hint} (suffixes: {' '.join(SUFFIXES)})"
        )
    return names, len(entries) - len(names)


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise ValueError(f"data.path: {folder} cannot be listed ({error.strerror})") from None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or a link to one; a link in a circle is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _text(name: str) -> str:
    """A file name as text: bytes that are no UTF-8, which Python keeps as surrogates, become U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")


def _printable(name: str) -> str:
    """The same in one line, without what moves a terminal's cursor: control characters as in Python's literals."""
    text = _text(name)
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
