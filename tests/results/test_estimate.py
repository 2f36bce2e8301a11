"""How a result reads."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import infoplane
from infoplane.results.estimate import Estimate

BOUND = Estimate(1.25, (1.1, math.inf), "lower_bound", "mine", 2.303, 900, 5, 1, warnings=("x <is> odd",))


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (
            Estimate(0.5, (0.4, 0.6), "estimate", "ksg", n=100),
            "0.500 nats (95 % interval 0.400 to 0.600): an estimate by ksg from 100 samples.",
        ),
        (
            BOUND,
            "1.250 nats (at least 1.100 with 95 % confidence): a lower bound by mine from 900 samples. "
            "Warning: x <is> odd.",
        ),
        (Estimate(0.0, None, "exact", "discrete", n=8), "0.000 nats: the exact value by discrete from 8 samples."),
    ],
)
def test_a_result_prints_as_a_sentence(result: Estimate, sentence: str) -> None:
    assert str(result) == sentence


def test_a_bracket_prints_as_a_sentence() -> None:
    found = infoplane.estimate_noisy(np.random.default_rng(0).standard_normal((300, 2)), 0.5)
    ends = f"{found.lower:.3f} to {found.upper:.3f} nats, lower and upper bound"
    assert str(found) == f"{ends}, noise 0.5, from 300 samples of 2 columns."


def test_notebooks_show_a_table() -> None:
    page = BOUND._repr_html_()
    assert page.startswith("<table>")
    assert page.count("<tr>") == 5
    assert "at least 1.100" in page
    assert "2.303 nats" in page
    assert "x &lt;is&gt; odd" in page


def test_a_result_becomes_a_dictionary() -> None:
    fields = BOUND.to_dict()
    assert fields["bits"] == pytest.approx(1.25 / math.log(2))
    assert fields["ci95"] == [1.1, math.inf]
    assert json.loads(json.dumps(fields))["warnings"] == ["x <is> odd"]
