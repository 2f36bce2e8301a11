"""What a warning is about, and how much it matters: the one list by which the report names and sorts warnings.

The texts are written where the doubt arises: by the estimators, the critics, the summary, the information plane. A text
is of the first kind of which it holds a mark; a test holds the marks against the texts that the library writes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WarningKind:
    """One kind of warning."""

    title: str
    """What is the matter, in words."""
    marks: tuple[str, ...]
    """Fragments of the texts of this kind."""
    is_note: bool = False
    """Whether it says how something was measured, and puts no value in doubt."""


KINDS = (
    WarningKind("A value lies above what is possible", ("above its ceiling",)),
    WarningKind(
        "A lower bound lies above the truth or above an upper bound",
        ("above the bracket's upper end", "above the upper bound", "above the exact value", "lie above the truth"),
    ),
    WarningKind("Information is reported about shuffled labels", ("about shuffled labels",)),
    WarningKind("A critic diverged while it was trained", ("diverged:",)),
    WarningKind("No value was obtained", ("no value was obtained",)),
    WarningKind("Rows depend on each other", ("rows depend on the rows before",)),
    WarningKind("Rows repeat others", ("rows repeat",)),
    WarningKind("A critic was still improving when its training ended", ("not converged:",)),
    WarningKind("The bracket is wide", ("wide bracket",)),
    WarningKind("The value changes with the number of samples", ("with the sample size",)),
    WarningKind("The value is near the most that so many samples can show", ("near ln n",)),
    WarningKind("A lower bound is far below what is known", ("loose bound",)),
    WarningKind("Too few samples", ("too few", "classes have a single sample")),
    WarningKind("The information is infinite", ("information is infinite", "is then infinite")),
    WarningKind("Other warnings", ()),
    WarningKind("Constant columns were left out", ("constant",), is_note=True),
    WarningKind("A part of the samples was used", ("drawn at random, were used",), is_note=True),
    WarningKind(
        "At little noise no bracket is narrow: other noise levels of the curve", ("warnings at",), is_note=True
    ),
)
"""The gravest first, notes last."""
OTHER = next(kind for kind in KINDS if not kind.marks)


def kind_of(text: str) -> WarningKind:
    """The kind of a warning; :data:`OTHER` where no kind knows the text."""
    return next((kind for kind in KINDS if any(mark in text for mark in kind.marks)), OTHER)
