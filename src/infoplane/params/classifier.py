"""``classifier``: the one-layer classifiers on the embeddings."""

from __future__ import annotations

import itertools
from typing import ClassVar

from pydantic import Field, field_validator

from infoplane.params.section import IntTuple, Section


class Classifier(Section):
    """Training of the dense layer (see params.yaml)."""

    key: ClassVar[str] = "classifier"

    stops: IntTuple
    learning_rate: float = Field(gt=0)
    batch_size: int = Field(ge=1)
    overfit_factor: float = Field(gt=0)

    @field_validator("stops")
    @classmethod
    def _increasing(cls, stops: tuple[int, ...]) -> tuple[int, ...]:
        if not stops or stops[0] < 1 or any(b <= a for a, b in itertools.pairwise(stops)):
            raise ValueError("expected one or more epochs in increasing order, each at least 1")
        return stops
