"""Warnings in the words of the page: by kind, the gravest first, each with what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infoplane.results.numbers import counted, joined, minus_signs
from infoplane.results.summary import Measurements, measurement_warnings
from infoplane.results.summary_quantities import measured_name
from infoplane.results.warning_kinds import KINDS, WarningKind, kind_of

_MOST_NAMED = 4
"""Encoders, networks or suites that a warning names; of more, their number."""


@dataclass(frozen=True)
class Entry:
    """One warning: the quantity, whose it is, where (such as at which stop), and the text."""

    subject: str
    owner: str
    place: str
    text: str

    @property
    def line(self) -> str:
        """The warning as one line."""
        return f"{self.subject}, {self.owner}{f', {self.place}' if self.place else ''}: {self.text}"


@dataclass(frozen=True)
class WarningGroup:
    """The warnings of one kind."""

    kind: WarningKind
    entries: Sequence[Entry]

    @property
    def about(self) -> str:
        """Which quantities of which encoders, in words."""
        subjects, owners = (list(dict.fromkeys(getattr(entry, name) for entry in self.entries)) for name in _NAMES)
        whose = joined(owners) if len(owners) <= _MOST_NAMED else f"{len(owners)} encoders"
        return f"{joined(subjects)} ({whose})"


_NAMES = ("subject", "owner")


def groups(entries: Sequence[Entry], *, notes: bool = False) -> list[WarningGroup]:
    """Warnings that put a value in doubt, by kind, the gravest kind first; or those that are mere notes."""
    found = [WarningGroup(kind, [entry for entry in entries if kind_of(entry.text) is kind]) for kind in KINDS]
    return [group for group in found if group.entries and group.kind.is_note == notes]


def measurement_entries(measured: Measurements) -> list[Entry]:
    """The warnings of a run's measurements."""
    return [
        Entry(
            joined(list(dict.fromkeys(measured_name(warning.part, key) for key in warning.keys))),
            warning.encoder,
            "" if warning.stop is None else f"after {counted(warning.stop, 'epoch')}",
            minus_signs(warning.text),
        )
        for warning in measurement_warnings(measured)
    ]
