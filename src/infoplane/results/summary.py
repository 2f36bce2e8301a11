"""The summary of a run from the metrics of all stages, the tables for the figures, and the list of warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infoplane.common.aliases import Z95
from infoplane.results.quantity import Quantity
from infoplane.results.summary_quantities import BY_NAME, INFORMATIONS, NAMES, Part, SummaryQuantity

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Measurements:
    """What a run measured, as the contents of its metrics files; nothing is looked up beyond these lists.

    Args:
        encoders: their names, in the order in which they are shown.
        stops: the classifier's stops in epochs, ascending.
        training: for each encoder {stop: {"train" and "test": {"loss" (nats), "accuracy"}}}; "train" may be missing.
        noise: for each encoder {"embedding_noise": Q, "aa_mine": Q, "noise_curve": {noise_std: Q}}.
        label: for each encoder {"embedding_label": Q, "mine": Q, "probe": Q, "shuffled": Q}.
        prediction: for each encoder {stop: {"prediction_label": Q, "mine": Q, "probe": Q, …}}.

    Raises:
        ValueError: no encoders or stops, one of them twice, or one that a metrics file lacks.
    """

    encoders: Sequence[str]
    stops: Sequence[int]
    training: Mapping[str, Mapping[str, Any]]
    noise: Mapping[str, Mapping[str, Any]]
    label: Mapping[str, Mapping[str, Any]]
    prediction: Mapping[str, Mapping[str, Any]]

    def __post_init__(self) -> None:
        for name in ("encoders", "stops"):
            given = list(getattr(self, name))
            if not given or len(set(given)) < len(given):
                raise ValueError(f"{name}: {given} given; expected a list with at least one entry and none twice")
        for name in ("training", "noise", "label", "prediction"):
            _require_keys(getattr(self, name), self.encoders, name)
        for encoder in self.encoders:
            _require_keys(self.training[encoder], map(str, self.stops), f"training of {encoder}")
            _require_keys(self.prediction[encoder], map(str, self.stops), f"prediction of {encoder}")
            for headline in INFORMATIONS:
                for stop in self.stops if headline.depends_on_stop else self.stops[:1]:
                    where = f" at stop {stop}" if headline.depends_on_stop else ""
                    content = self.content(headline, encoder, stop)
                    _require_keys(content, [headline.name], f"{headline.part} of {encoder}{where}")

    def content(self, headline: SummaryQuantity, encoder: str, stop: int) -> Mapping[str, Quantity]:
        """What was measured together with an information: the quantities of its metrics file, at its stop if any."""
        content: Mapping[str, Any] = getattr(self, headline.part)[encoder]
        return content[str(stop)] if headline.depends_on_stop else content

    def informations(self, encoder: str, stop: int) -> dict[str, Quantity]:
        """The informations of one encoder at one stop."""
        return {headline.name: self.content(headline, encoder, stop)[headline.name] for headline in INFORMATIONS}


def _require_keys(found: Mapping[str, Any], names: Iterable[str], what: str) -> None:
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(f"{what}: no {', '.join(missing)}; found {', '.join(found) or 'nothing'}")


def summarise(measured: Measurements) -> dict[str, dict[str, dict[str, Any]]]:
    """The contents of ``metrics/summary.json``: {encoder: {stop: {…}}}.

    Each entry holds accuracy and loss (nats) of the test split; each of the three informations in nats, with its
    lower and upper end as ``<name>_low`` and ``<name>_high`` (95 % limits, or the outer limits of a bracket; None where
    there is none); and ``warnings``, those of the metrics files and those that only a comparison shows. No
    value is clipped: what lies above its ceiling stands here as it was measured, with a warning.
    """
    summary: dict[str, dict[str, dict[str, Any]]] = {}
    for encoder in measured.encoders:
        summary[encoder] = {}
        for stop in measured.stops:
            test = measured.training[encoder][str(stop)]["test"]
            entry: dict[str, Any] = {"accuracy": test["accuracy"], "loss": test["loss"]}
            for name, value in measured.informations(encoder, stop).items():
                entry |= {name: value["nats"], f"{name}_low": value["low"], f"{name}_high": value["high"]}
            warnings = [
                f"{', '.join(warning.keys)}: {warning.text}" for warning in _warnings_at(measured, encoder, stop)
            ]
            summary[encoder][str(stop)] = entry | {"warnings": warnings}
    return summary


@dataclass(frozen=True)
class MeasurementWarning:
    """A warning about quantities of one encoder."""

    encoder: str
    stop: int | None
    """None where the quantities do not depend on the classifier's stop."""
    part: Part
    keys: tuple[str, ...]
    """The quantities' keys in their metrics file."""
    text: str


def measurement_warnings(measured: Measurements) -> list[MeasurementWarning]:
    """Every warning of a run once: those in the metrics files, and those that only a comparison shows."""
    found = [
        warning
        for encoder in measured.encoders
        for stop in measured.stops
        for warning in _warnings_at(measured, encoder, stop)
    ]
    return list(dict.fromkeys(found))


def _warnings_at(measured: Measurements, encoder: str, stop: int) -> list[MeasurementWarning]:
    """The warnings of one encoder at one stop, those that do not depend on the stop first."""
    return [
        MeasurementWarning(encoder, stop if information.depends_on_stop else None, information.part, tuple(keys), text)
        for information in sorted(INFORMATIONS, key=lambda information: information.depends_on_stop)
        for text, keys in _warnings(measured.content(information, encoder, stop), information.name).items()
    ]


def _warnings(content: Mapping[str, Any], headline: str) -> dict[str, list[str]]:
    """The warnings in a metrics file, then those from a comparison of its quantities, each with its quantities' keys.

    The headline's come first. A curve over noise levels counts as one quantity: at small noise no number of samples
    gives a narrow bracket.
    """
    places: dict[str, list[str]] = {}
    for name in sorted(content, key=lambda name: name != headline):
        value = content[name]
        if "nats" in value:
            own = list(value["warnings"])
            new = [
                text
                for text in _warnings_from_comparison(name, value, content[headline])
                if not _is_repeated(text, own)
            ]
        else:
            levels = [level for level, point in value.items() if point["warnings"]]
            own, new = ([f"warnings at {', '.join(levels)}"] if levels else []), []
        for text in dict.fromkeys(own + new):
            places.setdefault(text, []).append(name)
    return places


def _is_repeated(text: str, own: Sequence[str]) -> bool:
    return any(word in text and word in other for word in ("ceiling", "bracket") for other in own)


def _warnings_from_comparison(name: str, value: Quantity, headline: Quantity) -> list[str]:
    """Warnings about a value against its ceiling and the headline, by its interval (by the value where it has none)."""
    nats = value["nats"]
    if nats is None:
        return [] if value["warnings"] else ["no value was obtained"]
    low = nats if value["low"] is None else value["low"]
    high = nats + Z95 * (value["lower_se"] or 0.0) if value["high"] is None else value["high"]
    flags = []
    if value["ceiling"] is not None and low > value["ceiling"]:
        flags.append(f"{nats:z.3g} nats lies above its ceiling of {value['ceiling']:z.3g} nats by more than its error")
    if name == "shuffled" and low > 0.0:
        flags.append(f"{nats:z.3g} nats about shuffled labels, where there is no information to find")
    if name == "aa_mine" and headline["high"] is not None and low > headline["high"]:
        flags.append(f"{nats:z.3g} nats lies above the bracket's upper end of {headline['high']:z.3g} nats: an error")
    if name == "aa_mine" and headline["low"] is not None and high < headline["low"]:
        flags.append(f"{nats:z.3g} nats is a loose bound: the bracket begins at {headline['low']:z.3g} nats")
    return flags


def summary_table(summary: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> pd.DataFrame:
    """A summary as a table with one row per encoder and stop: the input of `analysis.correlations`."""
    import pandas as pd

    names = [*NAMES, *(f"{headline.name}_{end}" for headline in INFORMATIONS for end in ("low", "high"))]
    rows = [
        {"encoder": encoder, "stop": int(stop)} | {name: entry[name] for name in names}
        for encoder, entries in summary.items()
        for stop, entry in entries.items()
    ]
    table = pd.DataFrame(rows, columns=["encoder", "stop", *names])
    return table.astype(dict.fromkeys(names, float))


def quantity_table(summary: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> pd.DataFrame:
    """A summary with one row per encoder, stop and quantity.

    Returns:
        Columns encoder, stop, quantity (its name), axis (its title and unit), value, low, high.
    """
    import pandas as pd

    rows = [
        (encoder, int(stop), name, BY_NAME[name].axis, *(entry.get(f"{name}{end}") for end in ("", "_low", "_high")))
        for encoder, entries in summary.items()
        for stop, entry in entries.items()
        for name in NAMES
    ]
    table = pd.DataFrame(rows, columns=["encoder", "stop", "quantity", "axis", "value", "low", "high"])
    return table.astype({"value": float, "low": float, "high": float})


def noise_curve_table(measured: Measurements) -> pd.DataFrame:
    """The bracket against the noise: columns encoder, noise_std, lower, upper, lower_se, upper_se (nats), n."""
    import pandas as pd

    names = ["lower", "upper", "lower_se", "upper_se", "n"]
    rows = [
        {"encoder": encoder, "noise_std": float(noise_std)} | {name: value[name] for name in names}
        for encoder in measured.encoders
        for noise_std, value in measured.noise[encoder].get("noise_curve", {}).items()
    ]
    table = pd.DataFrame(rows, columns=["encoder", "noise_std", *names])
    table = table.astype(dict.fromkeys(names[:-1], float))
    order = {name: position for position, name in enumerate(measured.encoders)}
    return table.sort_values(["encoder", "noise_std"], key=lambda c: c.map(order) if c.name == "encoder" else c)


def training_table(curves: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The classifiers' courses in one table: columns encoder, epoch, split, loss (nats), accuracy.

    Args:
        curves: for each encoder its table with the columns epoch, split ("train" or "test"), loss and accuracy.
    """
    import pandas as pd

    tables = [
        table[["epoch", "split", "loss", "accuracy"]].assign(encoder=encoder) for encoder, table in curves.items()
    ]
    return pd.concat(tables, ignore_index=True)[["encoder", "epoch", "split", "loss", "accuracy"]]
