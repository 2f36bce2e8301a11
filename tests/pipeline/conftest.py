"""Runs of the small pipeline that the tests of this folder share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import made_arrays
from checkout import SMALL, Checkout, make_checkout

OWN = {"data.limit": "null", "encoders": "[sharp, vague]", "encoder_options.sharp": "{}", "encoder_options.vague": "{}"}
SHARED_RUNS = ("small_run", "arrays_run")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under ``--dist loadgroup``, the tests that share a run share a process too, so that it is made once."""
    for item in items:
        for name in SHARED_RUNS:
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))


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
def arrays_run(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that measured arrays of two networks, one with predictions; tests leave it as they found it."""
    checkout = make_checkout(tmp_path_factory.mktemp("arrays") / "checkout")
    made_arrays.write_split(checkout.folder / "mine", made_arrays.arrays())
    checkout.set_keys({**SMALL, "data.source": "arrays", "data.path": "mine", **OWN})
    checkout.repro()
    checkout.commit("measured")
    return checkout


@pytest.fixture
def copied_arrays_run(arrays_run: Checkout, tmp_path: Path) -> Checkout:
    """A copy of the run on arrays, cache and all, to change at will."""
    shutil.copytree(arrays_run.folder, tmp_path / "copy", symlinks=True)
    return Checkout(tmp_path / "copy")
