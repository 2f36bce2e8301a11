"""Numbers as text, for sentences and tables: no minus zero, no range whose two ends read the same."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence

from infoplane.common.aliases import Z95

MISSING = "–"
"""Where a value is not known."""
_HYPHEN = re.compile(r"(?<![\w-])-(?=\d)")


def number_text(value: float | None, digits: int = 2) -> str:
    """A number with so many decimals, with a minus sign and never as minus zero; a dash where there is none."""
    return MISSING if value is None or not math.isfinite(value) else f"{value:z.{digits}f}".replace("-", "−")


def significant_text(value: float | None, digits: int = 2) -> str:
    """A number with so many significant digits."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{value:z#.{digits}g}".rstrip(".").replace("-", "−")


def minus_signs(text: str) -> str:
    """A text that was written elsewhere, with a minus sign in place of the hyphen of each negative number."""
    return _HYPHEN.sub("−", text)


def percent_text(share: float | None, digits: int = 0) -> str:
    """A share as per cent: "91 %", with a space at which no line breaks."""
    return MISSING if share is None or not math.isfinite(share) else f"{number_text(100 * share, digits)}\u00a0%"


def range_text(values: Iterable[float], text: Callable[[float], str] = number_text) -> str:
    """The smallest and the largest of some numbers as "a to b"; one number where both read the same."""
    known = list(values)
    low, high = text(min(known)), text(max(known))
    return low if low == high else f"{low} to {high}"


def interval_text(low: float | None, high: float | None) -> str:
    """An interval as text: "3.56 to 5.05", "at least 3.56", "below 5.05" or "unknown"."""
    low, high = (None if end is None or not math.isfinite(end) else end for end in (low, high))
    if low is not None and high is not None:
        return range_text((low, high))
    return f"at least {number_text(low)}" if low is not None else "unknown" if high is None else f"below {high:z.2f}"


def joined(names: Sequence[str], word: str = "and") -> str:
    """Names joined as in a sentence: "A", "A and B", "A, B and C"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def counted(number: int, name: str) -> str:
    """A number and what is counted: "1 epoch", "30 epochs"."""
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"


def wilson_interval(share: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share that was found among n independent cases.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    centre = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def accuracy_text(accuracy: float | None, n: int | None) -> str:
    """An accuracy with its 95 % interval, where the number of cases is known: "92.4 % (91.2 to 93.5)"."""
    if accuracy is None or not math.isfinite(accuracy) or not n:
        return percent_text(accuracy, 1)
    ends = range_text((100 * end for end in wilson_interval(accuracy, n)), lambda end: number_text(end, 1))
    return f"{percent_text(accuracy, 1)} ({ends})"
