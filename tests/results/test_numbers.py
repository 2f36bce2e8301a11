"""Numbers as text: what reads the same is said once, zero has no sign, and an accuracy has its interval."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from infoplane.results.numbers import (
    accuracy_text,
    interval_text,
    joined,
    number_text,
    percent_text,
    range_text,
    wilson_interval,
)

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS)
def test_a_number_reads_as_itself_and_never_as_minus_zero(value: float) -> None:
    text = number_text(value)
    assert float(text.replace("−", "-")) == pytest.approx(value, abs=0.0051)
    assert text != "−0.00"


@given(st.lists(NUMBERS, min_size=1, max_size=4))
def test_a_range_has_two_different_ends_or_is_one_number(values: list[float]) -> None:
    ends = range_text(values).split(" to ")
    assert len(ends) == len(set(ends))
    assert ends[0] == number_text(min(values))


def test_what_is_not_known_is_a_dash() -> None:
    assert {number_text(None), number_text(math.nan), percent_text(None), accuracy_text(None, 10)} == {"–"}
    assert interval_text(math.nan, math.inf) == "unknown"


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (3, 7), (1841, 2000), (40, 40)])
def test_the_interval_of_a_share_is_wilsons(hits: int, n: int) -> None:
    expected = stats.binomtest(hits, n).proportion_ci(0.95, "wilson")
    assert wilson_interval(hits / n, n) == pytest.approx((expected.low, expected.high))


def test_words_for_lists_and_intervals() -> None:
    assert joined(["A"]) == "A"
    assert joined(["A", "B", "C"]) == "A, B and C"
    assert [interval_text(1, 2), interval_text(1, None), interval_text(None, 2), interval_text(None, None)] == [
        "1.00 to 2.00",
        "at least 1.00",
        "below 2.00",
        "unknown",
    ]
    assert interval_text(0.561, 0.562) == "0.56"
