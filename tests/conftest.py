"""Options and paths shared by all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runslow", choices=["no", "yes", "only"], default="no", help="run tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    choice = config.getoption("--runslow")
    if choice == "no":
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="slow: run with --runslow yes"))
    if choice == "only":
        config.hook.pytest_deselected(items=[item for item in items if "slow" not in item.keywords])
        items[:] = [item for item in items if "slow" in item.keywords]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with data for trying things out; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with photographs and samples, which is no part of the repository, is absent")
    return SHARED
