"""docs/reliability.md: every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]


def test_the_tests_that_the_page_names_exist() -> None:
    page = (TOP / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|") and "---" not in line and "| test |" not in line]
    for row in rows:
        (named,) = re.findall(r"`(tests/[\w/.]+)::(\w+)` \|$", row)
        assert f"def {named[1]}(" in (TOP / named[0]).read_text(encoding="utf-8"), row
    assert len(rows) > 20
