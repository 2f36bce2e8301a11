"""The small pipeline, run once for all tests of this folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infoplane.images.catalogue import prepared_builder

import tiny_cats
from checkout import SMALL, Checkout, make_checkout


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which the small pipeline has run once; tests leave it as they found it."""
    checkout = make_checkout(tmp_path_factory.mktemp("small") / "checkout")
    checkout.set_keys(SMALL)
    checkout.repro()
    checkout.commit("the small run")
    return checkout


@pytest.fixture
def copied_run(small_run: Checkout, tmp_path: Path) -> Checkout:
    """A copy of the small run, cache and all, to change at will."""
    shutil.copytree(small_run.folder, tmp_path / "copy", symlinks=True)
    return Checkout(tmp_path / "copy")


@pytest.fixture(scope="session")
def folder_run(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which `download` has run on the committed example folder."""
    checkout = make_checkout(tmp_path_factory.mktemp("folder") / "checkout")
    checkout.set_keys({"data.source": "folder"})
    checkout.repro("download")
    return checkout


@pytest.fixture(scope="session")
def tfds_run(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which `download` has run on the small `cats_vs_dogs`, prepared beforehand by the real builder."""
    data_dir = tmp_path_factory.mktemp("tfds")
    with pytest.MonkeyPatch.context() as patch:
        tiny_cats.bring(data_dir, None, 12, patch)
        prepared_builder("cats_vs_dogs")
        checkout = make_checkout(tmp_path_factory.mktemp("cats") / "checkout")
        checkout.set_keys({"data.source": "tfds"})
        checkout.repro("download")  # in a process of its own, where nothing is patched but TFDS_DATA_DIR
    return checkout
