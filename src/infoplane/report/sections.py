"""What the report is made of: tables, and sections with their findings, tables, figures and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infoplane.plots.picture import Picture
from infoplane.report.warning_list import Entry, WarningGroup, groups
from infoplane.results.findings import Finding


@dataclass(frozen=True)
class Line:
    """One row of a table: its name, and its cells as (column, text)."""

    name: str
    cells: Sequence[tuple[str, str]]
    control: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption and the heading of its first column."""

    caption: str
    rows: Sequence[Line]
    first: str = "method"


@dataclass(frozen=True)
class Section:
    """A companion of the run, folded on the page: what it says, its tables, its figures and its own warnings."""

    anchor: str
    title: str
    lead: str
    findings: Sequence[Finding] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    warnings: Sequence[Entry] = ()
    """About this section's own numbers."""
    doubts: Sequence[Entry] = ()
    """About the numbers of the run: they stand among its warnings."""

    @property
    def warning_groups(self) -> list[WarningGroup]:
        """Its own warnings by kind."""
        return groups(self.warnings)
