"""Samples as people hold them give the value of the plain array, or one line that says what to give."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import infoplane
from infoplane.common import given

RNG = np.random.default_rng(0)
N = 400
X = RNG.standard_normal((N, 2)).astype(np.float32)
Z = X[:, 0] + RNG.standard_normal(N)
CODES = (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 1)
TEXTS = np.array(["adder", "boa", "cobra"])[CODES]


class Tensor:
    """What PyTorch's tensors do: with a gradient, or on another device, they refuse to become arrays."""

    def __init__(self, values: Any, plain: bool = False, dtype: str = "torch.float32") -> None:
        self.values, self.plain, self.dtype = values, plain, dtype

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return Tensor(self.values, plain=True, dtype=self.dtype)

    def float(self) -> Tensor:
        return Tensor(self.values, self.plain)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if not self.plain or self.dtype == "torch.bfloat16":
            raise TypeError("can't convert")
        return np.asarray(self.values)


@pytest.mark.parametrize(
    "x",
    [
        X.tolist(),
        np.asfortranarray(X),
        X.astype(">f4"),
        pd.DataFrame(X, columns=["a", "b"]),
        pa.table({"a": X[:, 0], "b": X[:, 1]}),
        {"a": X[:, 0], "b": X[:, 1]},
        np.ma.masked_array(X, np.zeros_like(X, bool)),
        X.astype(object),
        np.asmatrix(X),
        Tensor(X),
        Tensor(X, dtype="torch.bfloat16"),
    ],
    ids=[
        "list",
        "fortran",
        "big endian",
        "pandas",
        "arrow",
        "mapping",
        "not masked",
        "objects",
        "matrix",
        "tensor",
        "bfloat16",
    ],
)
def test_containers_of_the_same_numbers(x: Any) -> None:
    assert infoplane.estimate(x, Z, "ksg").nats == infoplane.estimate(X, Z, "ksg").nats


@pytest.mark.parametrize("module", ["torch", "jax.numpy", "polars", "tensorflow"])
def test_tensors_and_frames_of_packages_that_are_here(module: str) -> None:
    package = pytest.importorskip(module)
    if module == "torch":
        made: Any = package.tensor(X, requires_grad=True)
        half: Any = package.tensor(X, dtype=package.bfloat16)
    elif module == "polars":
        made, half = package.DataFrame({"a": X[:, 0], "b": X[:, 1]}), None
    else:
        make = package.constant if module == "tensorflow" else package.asarray
        made, half = make(X), make(X, dtype=package.bfloat16)
    np.testing.assert_array_equal(given.read(made, "x").values, X)
    if half is not None:
        np.testing.assert_allclose(given.read(half, "x").values, X, rtol=0.01)


def test_half_precision_is_computed_in_single() -> None:
    values = given.read(X.astype(np.float16), "x").values
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, X.astype(np.float16))


@pytest.mark.parametrize(
    "labels",
    [CODES, CODES.tolist(), TEXTS, TEXTS.tolist(), TEXTS.astype(object), pd.Series(TEXTS), pd.Categorical(TEXTS),
     pd.Series(TEXTS, dtype="category"), pd.Series(CODES, dtype="Int64"), pa.array(TEXTS.tolist()), TEXTS[:, None],
     pd.DataFrame({"snake": TEXTS})],
    ids=["integers", "list", "texts", "list of texts", "objects", "series", "Categorical", "categories", "nullable",
         "arrow", "a column of texts", "a frame of one column"],
)  # fmt: skip
def test_labels(labels: Any) -> None:
    found = infoplane.estimate(X, labels, "ross")
    assert found.nats == infoplane.estimate(X, CODES, "ross").nats
    assert found.ceiling is not None
    assert found.warnings == ()


def test_whole_floats_are_labels_where_only_labels_can_be_meant() -> None:
    found = infoplane.estimate(X, CODES.astype(float), "ross")
    assert found.nats == infoplane.estimate(X, CODES, "ross").nats
    assert found.warnings == ("z: floats that are whole numbers were taken as class labels",)
    assert infoplane.estimate(X, CODES.astype(float), "mixed_ksg").ceiling is None
    with pytest.raises(ValueError, match=r"ross: z is numbers"):
        infoplane.estimate(X, CODES + 0.5, "ross")


def mixed(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """A number and one of three towns, and z = number + 2 town + noise."""
    rng = np.random.default_rng(seed)
    height, town = rng.standard_normal(n), rng.integers(0, 3, n)
    frame = pd.DataFrame({"height": height, "town": np.array(["Ulm", "Bonn", "Kiel"])[town]})
    return frame, height + 2 * town + rng.standard_normal(n)


def truth() -> float:
    """I(height, town; z) = h(z) - h(noise), z a mixture of three Gaussians, by quadrature."""
    grid = np.linspace(-10.0, 14.0, 20_001)
    density = sum(np.exp(-((grid - 2 * k) ** 2) / 4.0) for k in range(3)) / (3.0 * np.sqrt(4.0 * np.pi))
    return float(-np.sum(density * np.log(density)) * (grid[1] - grid[0]) - 0.5 * np.log(2.0 * np.pi * np.e))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("method", ["auto", "mixed_ksg"])
def test_numbers_and_categories_in_one_variable(method: str, seed: int) -> None:
    frame, z = mixed(1500, seed)
    found = infoplane.estimate(frame, z, method)
    assert found.nats == pytest.approx(truth(), abs=0.08)
    assert found.dx == 2
    assert infoplane.estimate(frame[["height"]], z, method).nats < truth() - 0.2


def test_categories_as_x() -> None:
    frame, z = mixed(1500, 3)
    as_labels = infoplane.estimate(z, frame["town"], "ross").nats
    for method in ("auto", "mixed_ksg"):
        assert infoplane.estimate(frame["town"], z, method).nats == pytest.approx(as_labels, abs=0.05)
        assert infoplane.estimate(frame["town"], frame["town"], method).nats == pytest.approx(np.log(3), abs=0.02)


def test_methods_for_numbers_refuse_categories() -> None:
    frame, z = mixed(200, 4)
    with pytest.raises(
        ValueError, match=r"^x: column town holds categories given; ksg takes numbers: .*auto.*mixed_ksg"
    ):
        infoplane.estimate(frame, z, "ksg")
    with pytest.raises(ValueError, match=r"^x: categories given; gaussian takes numbers"):
        infoplane.estimate(frame["town"], z, "gaussian")


def test_missing_values_among_texts_of_a_list_make_no_category() -> None:
    for nothing in (None, float("nan")):
        with pytest.raises(ValueError, match="z: 1 values are missing"):
            infoplane.estimate(X, [nothing, *TEXTS[1:].tolist()], "ross")
    with pytest.raises(ValueError, match="z: dtype object given, of int, str"):
        infoplane.estimate(X, [1, *TEXTS[1:].tolist()], "ross")


def test_texts_that_hardly_repeat() -> None:
    """Names or identifiers, of which nothing can be learned: 0 would be no finding."""
    names = [f"person {row}" for row in range(N)]
    for method in ("auto", "mixed_ksg", "discrete", "ross"):
        with pytest.raises(ValueError, match="z: 400 texts or categories, no two of them equal"):
            infoplane.estimate(X, names, method)
    with pytest.raises(ValueError, match="x: column who: 400 texts or categories"):
        infoplane.estimate(pd.DataFrame({"a": X[:, 0], "who": names}), Z, "mixed_ksg")
    twice = pd.DataFrame({"a": X[:, 0], "who": [*names[1:], names[1]]})
    (warning,) = infoplane.estimate(twice, Z, "mixed_ksg").warnings
    assert warning.startswith("x: column who has 399 categories in 400 rows")


def test_many_integers_ask_whether_they_are_numbers() -> None:
    ages = np.random.default_rng(5).integers(0, 200, N)
    assert "z_kind='numbers'" in infoplane.estimate(X, ages, "mixed_ksg").warnings[0]
    assert infoplane.estimate(X, ages.astype(str), "mixed_ksg").warnings[0].count("z_kind") == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # scikit-learn has a line of its own for each tree
        assert "z_kind='numbers'" in infoplane.estimate(X, ages).warnings[0]
    for said in ("labels", "numbers"):
        found = infoplane.estimate(X, ages, "mixed_ksg", z_kind=said)
        assert not any("z_kind" in text for text in found.warnings)


def test_advice_names_what_can_be_done() -> None:
    with pytest.raises(ValueError, match=r"^ksg: z is texts or categories; expected numbers, or one of auto") as caught:
        infoplane.estimate(X, TEXTS, "ksg")
    assert "z_kind" not in str(caught.value)
    with pytest.raises(ValueError, match=r"^ksg: z is class labels .*: say z_kind='numbers'"):
        infoplane.estimate(X, CODES, "ksg")
    with pytest.raises(ValueError, match=r"^ksg: z is class labels \(z_kind='labels'\); expected numbers, or"):
        infoplane.estimate(X, CODES, "ksg", z_kind="labels")


def test_rows_of_frames_are_paired_by_their_index_or_refused() -> None:
    x = pd.DataFrame(X, columns=["a", "b"])
    z = pd.Series(Z)
    assert infoplane.estimate(x, z, "ksg").nats == infoplane.estimate(X, Z, "ksg").nats
    order = np.random.default_rng(1).permutation(N)
    shuffled = z.iloc[order]
    with pytest.raises(ValueError, match="z: its index is not that of x, and rows are paired by position"):
        infoplane.estimate(x, shuffled, "ksg")
    with pytest.raises(ValueError, match="given: its index is not that of x"):
        infoplane.conditional(x, z, shuffled, "ksg")
    with pytest.raises(ValueError, match="z: its index is not that of x"):
        infoplane.independence_test(x, shuffled)
    with pytest.raises(ValueError, match="labels: its index is not that of t"):
        infoplane.estimate_noisy(x, 0.5, pd.Series(CODES).iloc[order])
    with pytest.raises(ValueError, match="x: column b: its index is not that of x: column a"):
        infoplane.estimate({"a": z, "b": shuffled}, Z, "ksg")
    assert infoplane.estimate(x.loc[shuffled.index], shuffled, "gaussian").nats == pytest.approx(
        infoplane.estimate(X, Z, "gaussian").nats
    )
    assert infoplane.estimate(x, shuffled.to_numpy(), "ksg").nats == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("least", [0, 2**60, -(2**63), 2**80])
def test_integers_of_any_size(least: int) -> None:
    """Beyond 2^53 float64 keeps every 256th integer and fewer; int64 keeps all."""
    steps = 2**20 if least < 2**63 else 2**60
    whole = np.rint(X[:, 0] * 2**20).astype(int).tolist()
    found = infoplane.estimate([least + 2**23 * steps + one * steps // 2**20 for one in whole], Z, "ksg")
    assert found.nats == pytest.approx(infoplane.estimate(X[:, 0], Z, "ksg").nats, abs=0.01)


def test_warnings_name_the_columns() -> None:
    frame = pd.DataFrame({"a": X[:, 0], "still": 1.0, "b": X[:, 1], "also": "same"})
    assert infoplane.estimate(frame, Z, "mixed_ksg").warnings == (
        "x: 2 of 4 columns are constant and were dropped: still, also=same",
    )
    still = pd.DataFrame({"a": X[:, 0], "also": pd.Categorical(["same"] * N, categories=["other", "same"])})
    assert infoplane.estimate(still, Z, "mixed_ksg").warnings == (
        "x: 1 of 2 columns are constant and were dropped: also=same",
    )


@pytest.mark.parametrize(
    ("x", "line"),
    [
        (np.ma.masked_array(X, X > 1), r"x: \d+ values are masked"),
        (np.zeros((N, 4, 4)), r"x: shape \(400, 4, 4\) given; expected .* x.reshape\(len\(x\), -1\)"),
        ([[1.0, 2.0], [3.0]], "x: rows of different lengths"),
        (X.astype(complex), "x: dtype complex128"),
        (np.full(N, "2020-01-01", "M8[D]"), "x: dtype datetime64"),
        (pd.Series([1.0, None, "a"] * 100), "x: 200 values are missing|x: 100 values are missing"),
        (pd.Series([1, None] * 200, dtype="Int64"), "x: 200 values are missing|x: 200 values are NaN"),
        (pd.Series(pd.Categorical(["a", None] * 200)), "x: 200 values are missing"),
        (pd.DataFrame({"a": [{}] * N}), "x: column a: dtype object given, of dict"),
        (pd.DataFrame(index=range(N)), "x: a table without columns"),
        (np.array([], dtype=str), r"x: shape \(0,\) given; expected \(n, d\) or \(n,\), and one sample or more"),
        (np.full((N, 2, 2), "a"), r"x: shape \(400, 2, 2\) given"),
        ("x.npy", "x: the text 'x.npy' given; expected samples"),
        ({"a": [1.0, 2.0], "b": [1.0]}, "x: column b: 1 rows, and column a has 2; expected as many in each"),
        (Tensor(X, dtype="torch.bfloat16").cpu().__array__, "x: dtype object given, of method"),
        (type("Names", (), {"column_names": ["a"]})(), "x: dtype object given, of Names"),
        (type("Far", (), {"__array__": lambda self, *_, **__: 1 / 0})(), "x: Far given, which gives no array"),
        ([10**400, *range(N - 1)], "x: integers given that float64 cannot hold or tell apart"),
        ([2**80 + row for row in range(N)], "x: integers given that float64 cannot hold or tell apart"),
        ([10**400, *np.arange(N - 1.0)], "x: integers beyond 1.8e308 given"),
        (type("Sparse", (), {"toarray": None})(), r"x: a sparse matrix given; expected a dense array, x.toarray\(\)"),
    ],
)
def test_what_is_refused_is_one_line(x: Any, line: str) -> None:
    with pytest.raises(ValueError, match=line) as caught:
        infoplane.estimate(x, Z, "mixed_ksg")
    assert "\n" not in str(caught.value)
