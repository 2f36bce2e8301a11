"""Print what each stage took when it last ran in this checkout, and draw the calibration's errors against its times.

``python -m stages.runlog`` or ``make runlog``. No stage: times differ from run to run, so no stage depends on them. A
stage whose result came from DVC's cache has no entry.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from infoplane.calibration import tables
from infoplane.common import io
from infoplane.plots import calibration_pictures
from stages import common

METRICS = common.TOP / "metrics"


def table(log: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each stage and cell, the first to finish on top, then their sum."""
    width = max(map(len, (*log, "together")))
    lines = [f"{'stage':<{width}}  {'wall s':>8}  {'CPU s':>8}  finished"]
    for name, entry in sorted(log.items(), key=lambda item: item[1]["finished"]):
        times = f"{entry['wall_seconds']:>8.1f}  {entry['cpu_seconds']:>8.1f}"
        lines.append(f"{name:<{width}}  {times}  {entry['finished']}")
    wall, cpu = (sum(entry[f"{kind}_seconds"] for entry in log.values()) for kind in ("wall", "cpu"))
    return [*lines, f"{'together':<{width}}  {wall:>8.1f}  {cpu:>8.1f}"]


def machines(log: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """On what machines, and with which versions, the stages ran."""
    places = {f"{entry['machine']}, {entry['cores']} cores" for entry in log.values()}
    versions: dict[str, set[str]] = {}
    for entry in log.values():
        for package, version in {"Python": entry["python"], **entry["versions"]}.items():
            versions.setdefault(package, set()).add(version)
    listed = [f"{package} {' and '.join(sorted(found))}" for package, found in versions.items()]
    return [f"machine: {'; '.join(sorted(places))}", f"versions: {', '.join(listed)}"]


def draw_times(run_log: Path, metrics: Path) -> Iterable[Path]:
    """Draw error against CPU time beside the times of each suite whose tables are there; the files written."""
    for times in sorted(run_log.glob("calibrate@*.csv")):
        suite = times.stem.removeprefix("calibrate@")
        scores = metrics / "calibration" / f"{suite}.json"
        if not scores.exists():
            continue
        outcome = tables.read(metrics / "calibration" / suite, suite, io.load_json(scores))
        for picture in calibration_pictures.time_pictures(tables.with_times(outcome, times)):
            io.save_text(times.with_suffix(".svg"), picture.wide)
            yield times.with_suffix(".svg")


def main() -> None:
    """Print the table; say what was drawn."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    log = {file.stem: io.load_json(file) for file in common.RUN_LOG.glob("*.json")}
    if not log:
        print("no stage has run in this checkout yet")
        return
    print("\n".join([*table(log), *machines(log)]))
    for file in draw_times(common.RUN_LOG, METRICS):
        print(f"error against time: {file.relative_to(common.TOP)}")


if __name__ == "__main__":
    main()
