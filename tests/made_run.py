"""The files of a run that never was: what `analyze` and `report` read, small, written where the stages would."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np

from infoplane.calibration import tables
from infoplane.calibration.options import Settings, SuiteOptions
from infoplane.calibration.suites import suite
from infoplane.common import io
from infoplane.distributions import tishby
from infoplane.plane.headlines import headlines
from infoplane.plane.measure import Plane, PlaneOptions, information_plane
from infoplane.plane.network import SmallNet
from infoplane.plane.verdicts import COLUMNS
from stages import analyze, report

from made_results import Made

NETWORK, SUITE = "sphere-tanh", "discrete"


def write(top: Path, run: Made) -> None:
    """The outputs of all measuring stages, below ``metrics`` and ``data``."""
    metrics = top / "metrics"
    counts = {split: {"0": 10, "1": 10} for split in ("train", "test")}
    images = {"images": 40, "source": "mnist", "classes": ["0", "1"], "counts": counts, "skipped": 0}
    io.save_json(metrics / "images.json", images)
    measured = run.measured
    for encoder in measured.encoders:
        io.save_json(metrics / "training" / f"{encoder}.json", measured.training[encoder])
        for part in ("noise", "label", "prediction"):
            io.save_json(metrics / "information" / part / f"{encoder}.json", getattr(measured, part)[encoder])
        curves = run.critics[encoder]
        parts = {"noise": curves["quantity"] == "aa_mine", "prediction": curves["stop"].notna()}
        parts["label"] = ~(parts["noise"] | parts["prediction"])
        for part, rows in parts.items():
            io.save_text(metrics / "curves" / part / f"{encoder}.csv", curves[rows].to_csv(index=False))
        course = run.training[encoder].to_csv(index=False)
        io.save_text(metrics / "curves" / "training" / f"{encoder}.csv", course)
        influence = np.random.default_rng(0).normal(size=(2, 40))
        io.save_npz(top / "data" / "brackets" / f"{encoder}.npz", {"influence": influence})
    write_plane(metrics, small_plane())
    write_suite(metrics)


def small_plane() -> Plane:
    """An information plane of few patterns and epochs."""
    x, y = tishby("sphere")
    return information_plane(SmallNet("tanh", epochs=3), x[::16], y[::16], seeds=2, options=PlaneOptions(points=2))


def write_plane(metrics: Path, plane: Plane) -> None:
    """What the stage `information_plane` writes."""
    folder = metrics / "information_plane"
    io.save_table(folder / f"{NETWORK}.csv", plane.table(), COLUMNS)
    io.save_json(folder / "verdicts" / f"{NETWORK}.json", plane.metrics)
    io.save_json(folder / f"{NETWORK}.json", headlines(plane))


def write_suite(metrics: Path) -> None:
    """What the stage `calibrate` writes, the times in the run log included."""
    options = SuiteOptions(("mixed_ksg", "discrete"), (200,), 1)
    outcome = suite(SUITE).run(Settings(options), iter)
    with io.output_folder(metrics / "calibration" / SUITE) as folder:
        tables.write(folder, outcome)
    io.save_json(metrics / "calibration" / f"{SUITE}.json", outcome.metrics)
    tables.write_times(metrics / "runlog" / f"calibrate@{SUITE}.csv", outcome)


def analyzed(top: Path) -> None:
    """Run the stage `analyze`, in this process."""
    metrics = top / "metrics"
    names = {"summary": "summary.json", "correlations": "correlations.json", "tables": "tables"}
    outputs = {f"out_{name}": metrics / file for name, file in (names | {"findings": "findings.json"}).items()}
    analyze.work(Namespace(metrics=metrics, terms=top / "data" / "brackets", **outputs))


def reported(top: Path) -> None:
    """Run the stage `report`, in this process."""
    metrics = top / "metrics"
    report.work(Namespace(metrics=metrics, out_figures=metrics / "figures", out_report=metrics / "report.html"))
