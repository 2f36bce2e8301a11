"""Images of a source as one data set on disk, with stratified train and test splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from infoplane.common import io
from infoplane.common.aliases import IntArray
from infoplane.common.runtime import tensorflow
from infoplane.common.seeds import generator
from infoplane.images.decoding import Picture, picture_of_file, picture_of_pixels
from infoplane.images.opening import UndecodableImage
from infoplane.images.ordered import ordered_map
from infoplane.images.records import RecordWriter
from infoplane.images.splits import SPLITS, StratifiedSplitter

if TYPE_CHECKING:
    from infoplane.images.sources import Source

_NAMED_IN_ERRORS = 3


@dataclass
class _Tally:
    """Counts of the images that were stored, converted or skipped."""

    labels: dict[str, list[int]] = field(default_factory=lambda: {split: [] for split in SPLITS})
    changes: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)

    def metrics(self, source: Source) -> dict[str, Any]:
        """The contents of ``metrics/images.json``."""
        counts = {
            split: dict(zip(source.classes, np.bincount(labels, minlength=len(source.classes)).tolist(), strict=True))
            for split, labels in self.labels.items()
        }
        return {
            "source": source.kind,
            "classes": list(source.classes),
            "images": sum(len(labels) for labels in self.labels.values()),
            "counts": counts,
            "converted": dict(self.changes),
            "ignored": source.ignored,
            "skipped": len(self.skipped),
            "skipped_names": sorted(self.skipped),
            "skipped_reasons": dict(Counter(self.skipped.values())),
        }


def write_dataset(
    source: Source,
    folder: Path,
    labels_folder: Path,
    *,
    test_fraction: float,
    limit: int | None,
    max_bad_share: float,
    seed: int,
) -> dict[str, Any]:
    """Write the images of a source in TFDS format, in random order, and their labels beside them.

    The same source, options and seed give the same bytes. Images stream: a few per core are in memory at a time.

    Args:
        source: what ``open_source`` gives.
        folder: an existing, empty folder for the data set: splits ``train`` and ``test`` with the features
            ``image`` (JPEG or PNG, 8-bit RGB), ``label`` and ``image/filename``.
        labels_folder: an existing folder for ``train.npy`` and ``test.npy``: labels in the stored order, (n,), int64.
        test_fraction: share of each class in ``test``, in (0, 1); either split gets one image of each class at least.
        limit: size of a stratified subset, None for all.
        max_bad_share: largest share of undecodable files among those read that is accepted.
        seed: of the order, and so of the split and the subset.

    Returns:
        Counts, and which files were skipped or converted; free of times and absolute paths.

    Raises:
        ValueError: too many undecodable files, a class with fewer than two images, or options out of range.
    """
    tensorflow()  # before threads use it
    candidates = np.bincount(source.labels, minlength=len(source.classes)).astype(np.int64)
    _refuse_small_classes(source, candidates, candidates)
    splitter = StratifiedSplitter(candidates, test_fraction, limit)
    tally = _Tally()
    with RecordWriter(folder, source.classes, SPLITS) as writer:
        with tqdm(total=splitter.total, desc="images", unit="image", disable=None) as bar:
            for index, outcome in _read(source, splitter, seed):
                name, label = source.name(index), int(source.labels[index])
                if isinstance(outcome, str):
                    tally.skipped[name] = outcome
                    continue
                split = splitter.assign(label)
                writer.add(split, outcome.encoded, label, name)
                tally.labels[split].append(label)
                tally.changes.update(outcome.changes)
                bar.update()
        _refuse_bad_share(tally, max_bad_share)
        _refuse_small_classes(source, splitter.assigned, candidates)
    for name, stored in tally.labels.items():
        io.save_npy(labels_folder / f"{name}.npy", np.array(stored, dtype=np.int64))
    return tally.metrics(source)


def _read(source: Source, splitter: StratifiedSplitter, seed: int) -> Iterator[tuple[int, Picture | str]]:
    """Candidates in random order, each decoded or with the reason why not, until every class has enough.

    A candidate that was read ahead for a class that has meanwhile got enough is dropped, so the result does not depend
    on how far ahead is read.
    """

    def prepare(index: int) -> tuple[int, Picture | str]:
        try:
            loaded = source.load(index)
            return index, picture_of_file(loaded) if isinstance(loaded, bytes) else picture_of_pixels(loaded)
        except OSError:
            return index, "cannot be read"
        except UndecodableImage as reason:
            return index, str(reason)

    order = generator(seed, "images").permutation(len(source.labels))
    needed = (int(index) for index in order if splitter.needs(source.labels[index]))
    for index, outcome in ordered_map(prepare, needed):
        if splitter.needs(source.labels[index]):
            yield index, outcome


def _refuse_bad_share(tally: _Tally, max_bad_share: float) -> None:
    bad = len(tally.skipped)
    read = bad + sum(len(labels) for labels in tally.labels.values())
    if bad > max_bad_share * read:
        named = sorted(tally.skipped.items())[:_NAMED_IN_ERRORS]
        some = ", ".join(f"{name} ({reason})" for name, reason in named) + (", …" if bad > len(named) else "")
        raise ValueError(
            f"data: {bad} of {read} image files cannot be decoded, {bad / read:.1%}, and data.max_bad_share allows "
            f"{max_bad_share:.1%}: {some}"
        )


def _refuse_small_classes(source: Source, usable: IntArray, candidates: IntArray) -> None:
    for name, images, files in zip(source.classes, usable, candidates, strict=True):
        if images < 2:
            of = f" (of {files} files)" if files != images else ""
            raise ValueError(f"data: class {name!r} has {images} usable images{of}; expected at least 2, to split it")
