"""What ``estimate`` can be asked for, and what each method promises.

The tags are what the shared suite of checks (tests/estimators/test_checks.py) holds every method to; where a family
cannot keep a promise, the tag says so and ``because`` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from infoplane.results.estimate import Kind

Promise = Literal["exact", "within_error", "no"]
Takes = Literal["numbers", "labels", "both"]


@dataclass(frozen=True)
class Tags:
    """How the value behaves when the input changes in a way that leaves mutual information as it is."""

    permutation: Promise = "within_error"
    """Samples in another order."""
    column_maps: Promise = "within_error"
    """Columns shifted, scaled by another factor each, put in another order."""
    linear_maps: Promise = "within_error"
    """Each variable multiplied by an invertible matrix."""
    symmetry: Promise = "within_error"
    """x and z exchanged."""
    noise_columns: Promise = "within_error"
    """Columns of independent noise put beside z."""
    because: Mapping[str, str] = field(default_factory=dict)
    """Why a promise is not kept, by the tag's name."""


@dataclass(frozen=True)
class Method:
    """One value of ``method=``."""

    purpose: str
    module: str
    function: str
    takes: Takes
    """Whether z may be numbers, class labels or both."""
    kind: Kind
    tags: Tags
    label_function: str | None = None
    """The function for class labels, if another one."""
    trained: bool = False
    """Whether a critic is trained: its options are the fields of ``critics.CriticOptions``."""
    interval: bool = True
    sees_infinity: bool = True
    """Whether a relation without noise is infinite to it; tables of counts see H of the values."""
    takes_categories: bool = False
    """Whether a variable may have columns of categories, alone or beside numbers."""
    most_columns: int | None = None
    """Of x and z together."""

    @property
    def takes_numbers(self) -> bool:
        """Whether z may be numbers."""
        return self.takes != "labels"

    @property
    def takes_labels(self) -> bool:
        """Whether z may be class labels."""
        return self.takes != "numbers"


_NEIGHBOURS = Tags(
    permutation="exact",
    column_maps="exact",
    symmetry="exact",
    noise_columns="no",
    because={"noise_columns": "the ball with k neighbours widens with every column, and the value falls short"},
)
_CLASSES = Tags(
    symmetry="no",
    because={"symmetry": "z is class labels, x is numbers"},
)
_CLASS_NEIGHBOURS = Tags(
    permutation="exact",
    column_maps="exact",
    symmetry="no",
    noise_columns="no",
    because={
        "symmetry": "z is class labels, x is numbers",
        "noise_columns": "z is class labels and takes no columns",
    },
)
_AXES = Tags(
    permutation="exact",
    column_maps="within_error",
    linear_maps="no",
    symmetry="exact",
    noise_columns="no",
    because={
        "linear_maps": "bins follow the axes",
        "noise_columns": "with one more column the bins get wider, and above 2 + 1 columns binning is refused",
    },
)
_ALL_EXACT = Tags(permutation="exact", column_maps="exact", linear_maps="exact", symmetry="exact")
_SYMBOLS = Tags(
    permutation="exact",
    column_maps="exact",
    linear_maps="exact",
    symmetry="exact",
    noise_columns="no",
    because={"noise_columns": "each column multiplies the number of values, and few samples are left for each"},
)

METHODS: dict[str, Method] = {
    "auto": Method(
        "chooses and combines by the data; numbers or class labels, the default",
        "infoplane.estimators.auto.route", "auto", "both", "estimate", Tags(), trained=True, takes_categories=True,
    ),
    "mine": Method(
        "neural lower bound (Donsker-Varadhan), for dependence of any form, many samples",
        "infoplane.estimators.variational", "mine", "both", "lower_bound", Tags(), trained=True, takes_categories=True,
    ),
    "nwj": Method(
        "neural lower bound (Nguyen-Wainwright-Jordan), as mine with a gradient that needs no moving average",
        "infoplane.estimators.variational", "nwj", "both", "lower_bound", Tags(), trained=True, takes_categories=True,
    ),
    "infonce": Method(
        "neural lower bound by contrasts, steady, at most ln K nats for K contrasts",
        "infoplane.estimators.variational", "infonce", "both", "lower_bound", Tags(), trained=True,
        takes_categories=True,
    ),
    "smile": Method(
        "neural estimate with clipped scores, steady at many nats; not a bound",
        "infoplane.estimators.variational", "smile", "both", "estimate", Tags(), trained=True, takes_categories=True,
    ),
    "probe": Method(
        "class labels: H(Y) minus a classifier's cross-entropy, a lower bound",
        "infoplane.estimators.probe", "probe", "labels", "lower_bound", _CLASSES, trained=True, takes_categories=True,
    ),
    "ksg": Method(
        "nearest neighbours, for numbers in few dimensions and moderate dependence",
        "infoplane.estimators.nearest_neighbours", "ksg", "numbers", "estimate", _NEIGHBOURS,
    ),
    "mixed_ksg": Method(
        "nearest neighbours, for mixtures of continuous and repeated values, and class labels",
        "infoplane.estimators.nearest_neighbours", "mixed_ksg", "both", "estimate", _NEIGHBOURS, label_function="ross",
        takes_categories=True,
    ),
    "ross": Method(
        "nearest neighbours, for numbers against class labels",
        "infoplane.estimators.nearest_neighbours", "ross", "labels", "estimate", _CLASS_NEIGHBOURS,
    ),
    "gaussian": Method(
        "canonical correlations, for Gaussian dependence; margins='rank' allows any margins",
        "infoplane.estimators.gaussian", "gaussian", "numbers", "estimate", _ALL_EXACT,
    ),
    "binning": Method(
        "histogram, for at most 2 + 1 dimensions",
        "infoplane.estimators.binning", "binning", "both", "estimate", _AXES, sees_infinity=False, most_columns=3,
    ),
    "discrete": Method(
        "table of counts, for two variables with few values each",
        "infoplane.estimators.discrete", "discrete", "both", "estimate", _SYMBOLS, sees_infinity=False,
        takes_categories=True,
    ),
}  # fmt: skip
"""The methods by name, in the order in which they are listed."""


def method_named(name: str) -> Method:
    """The method of that name.

    Raises:
        ValueError: there is none; the line lists the names.
    """
    if name not in METHODS:
        raise ValueError(f"method {name!r} given; expected one of {', '.join(METHODS)}")
    return METHODS[name]
