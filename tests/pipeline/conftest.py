"""The small pipeline, run once for all tests of this folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

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
