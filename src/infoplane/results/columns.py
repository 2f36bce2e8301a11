"""Tables of many pairs of columns: each pair's information, interval and p-value."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from infoplane.common.aliases import FloatArray, IntArray

_PRINTED = 20
"""Rows that printing shows."""


@dataclass(frozen=True, kw_only=True)
class _Table:
    """What both tables hold. In nats."""

    names: tuple[str, ...]
    """Of the columns."""
    nats: FloatArray
    low: FloatArray
    high: FloatArray
    """95 % interval of each value by itself; nan where there is none. Of the shape of ``nats``, as all that follow."""
    p_values: FloatArray
    """Of a permutation test of each value by itself; nan without permutations, as the next."""
    p_corrected: FloatArray
    """Corrected for the number of values: the probability, under independence, that any of them looks as dependent."""
    n: int
    """Samples."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ranking(_Table):
    """Each column's information about one target, in the order of the columns: arrays of shape (d,). In nats."""

    methods: tuple[str, ...]

    @property
    def order(self) -> IntArray:
        """The columns' indices by falling value, shape (d,)."""
        return np.argsort(-self.nats, kind="stable")

    def to_dict(self) -> dict[str, list[Any]]:
        """The table, by falling value: ``pandas.DataFrame(ranking.to_dict())``."""
        columns = {
            "column": np.array(self.names, dtype=object), "nats": self.nats, "low": self.low, "high": self.high,
            "p_value": self.p_values, "p_corrected": self.p_corrected,
            "method": np.array(self.methods, dtype=object),
        }  # fmt: skip
        return {name: values[self.order].tolist() for name, values in columns.items()}

    def __str__(self) -> str:
        """The table, by falling value, and the warnings."""
        heads, rows = self._cells()
        widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
        lines = [
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [heads, *rows]
        ]
        return "\n".join([*lines, *self._rest(), *(f"Warning: {text}." for text in self.warnings)])

    def _repr_html_(self) -> str:
        """The table, for notebooks."""
        heads, rows = self._cells()
        lines = ["".join(f"<th>{escape(head)}</th>" for head in heads)]
        lines += ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
        notes = "".join(f"<p>{escape(text)}</p>" for text in [*self._rest(), *self.warnings])
        return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>{notes}"

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        heads = ["column", "nats", "95 % interval", "p", "p corrected"]
        rows = [
            [
                self.names[i],
                f"{self.nats[i]:z.3f}",
                "" if np.isnan(self.low[i]) else f"{self.low[i]:z.3f} to {self.high[i]:z.3f}",
                *("" if np.isnan(p) else f"{p:.3g}" for p in (self.p_values[i], self.p_corrected[i])),
            ]
            for i in self.order[:_PRINTED]
        ]
        return heads, rows

    def _rest(self) -> list[str]:
        left = len(self.names) - _PRINTED
        return [f"and {left} more columns"] if left > 0 else []


@dataclass(frozen=True, kw_only=True)
class PairMatrix(_Table):
    """The information of every pair of columns: symmetric arrays of shape (d, d), nan on the diagonal. In nats."""

    def to_dict(self) -> dict[str, list[Any]]:
        """A row for each pair, by falling value: ``pandas.DataFrame(matrix.to_dict())``."""
        first, second = np.triu_indices(len(self.names), 1)
        order = np.argsort(-self.nats[first, second], kind="stable")
        first, second = first[order], second[order]
        table: dict[str, list[Any]] = {
            "first": [self.names[i] for i in first], "second": [self.names[i] for i in second],
        }  # fmt: skip
        for name in ("nats", "low", "high", "p_values", "p_corrected"):
            table[name.replace("values", "value")] = getattr(self, name)[first, second].tolist()
        return table

    def __str__(self) -> str:
        """One sentence, and the warnings."""
        upper = np.triu_indices(len(self.names), 1)
        values, seen = self.nats[upper], int(np.count_nonzero(self.p_corrected[upper] <= 0.05))
        dependent = "" if np.isnan(self.p_values[upper]).all() else f"{seen} dependent (corrected p up to 0.05); "
        place = int(np.argmax(values))
        sentence = (
            f"{len(values)} {'pair' if len(values) == 1 else 'pairs'} of {len(self.names)} columns, {self.n} samples: "
            f"{dependent}"
            f"the most, {values[place]:z.3f} nats, between {self.names[upper[0][place]]} and "
            f"{self.names[upper[1][place]]}."
        )
        return " ".join([sentence, *(f"Warning: {text}." for text in self.warnings)])
