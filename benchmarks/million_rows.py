"""A million rows of 10 + 10 columns, float32, in memory-mapped ``.npy`` files: time and memory of each method.

    python benchmarks/million_rows.py        writes benchmarks/million_rows.csv

Each method runs once in a fresh process, import included: through ``infoplane.estimate``, and the default through the
command line too. Wall-clock and CPU seconds are the whole process's. Memory: the largest private (anonymous) memory,
looked up ten times a second, and the largest resident set, which counts the mapped pages of the files as well. X and Z
are Gaussian, each column of X correlated with one of Z.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from infoplane.common import io

TABLE = Path(__file__).with_suffix(".csv")
ROWS, COLUMNS, RHO = 1_000_000, 10, 0.5
METHODS = ("auto", "gaussian", "ksg", "mine", "infonce")


class Watch:
    """The largest private memory of this process, from when it is made."""

    def __init__(self) -> None:
        self.most_private = 0.0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            self.most_private = max(self.most_private, gigabytes("RssAnon"))
            time.sleep(0.1)


def gigabytes(name: str) -> float:
    """An entry of this process's /proc/self/status, in GB."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name}:")) * 1024 / 1e9


def measure(folder: Path, method: str, command_line: bool) -> dict[str, Any]:
    """One row of the table, of this process."""
    watch = Watch()
    x, z = folder / "x.npy", folder / "z.npy"
    if command_line:
        from infoplane.cli import main as infoplane_command

        infoplane_command(["estimate", str(x), str(z), "--method", method, "--json"])
        found: dict[str, Any] = {}
    else:
        import infoplane

        result = infoplane.estimate(np.load(x, mmap_mode="r"), np.load(z, mmap_mode="r"), method)
        found = {"nats": result.nats, "ci95": result.ci95}
    return found | {
        "cpu_s": time.process_time(),
        "private_gb": max(watch.most_private, gigabytes("RssAnon")),
        "resident_gb": gigabytes("VmHWM"),
    }


def fresh(folder: Path, method: str, command_line: bool) -> dict[str, Any]:
    """The same, of a fresh process."""
    command = [sys.executable, __file__, "--folder", str(folder), "--method", method]
    started = time.perf_counter()
    output = subprocess.run(
        command + ["--command-line"] * command_line, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    wall = time.perf_counter() - started
    told: dict[str, Any] = {}
    for line in output.splitlines():
        told |= json.loads(line)
    low, high = told["ci95"] or (None, None)
    return {
        "method": method,
        "called_by": "command line" if command_line else "estimate",
        "rows": ROWS,
        "columns": f"{COLUMNS} + {COLUMNS}",
        "truth": -COLUMNS / 2 * math.log(1 - RHO**2),
        "nats": told["nats"],
        "low": low,
        "high": high,
        "wall_s": round(wall, 1),
        "cpu_s": round(told["cpu_s"], 1),
        "private_gb": round(told["private_gb"], 2),
        "resident_gb": round(told["resident_gb"], 2),
        "cores": len(os.sched_getaffinity(0)),
    }


def write_samples(folder: Path) -> None:
    """x.npy and z.npy."""
    random = np.random.default_rng(0)
    x = random.standard_normal((ROWS, COLUMNS), dtype=np.float32)
    noise = random.standard_normal((ROWS, COLUMNS), dtype=np.float32)
    io.save_npy(folder / "x.npy", x)
    io.save_npy(folder / "z.npy", np.float32(RHO) * x + np.float32(math.sqrt(1 - RHO**2)) * noise)


def main() -> None:
    """Measure every method in a process of its own and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="measure one method on x.npy and z.npy in this process")
    parser.add_argument("--method", help="only this method")
    parser.add_argument("--command-line", action="store_true", help="by `infoplane estimate`")
    arguments = parser.parse_args()
    if arguments.folder:
        print(json.dumps(measure(arguments.folder, arguments.method, arguments.command_line)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-c", _WRITE, str(folder)], check=True, cwd=Path(__file__).parent)
        for method, command_line in [("auto", True), *((method, False) for method in METHODS)]:
            if arguments.method in (None, method):
                rows.append(fresh(folder, method, command_line))
                print(rows[-1], flush=True)
    if not arguments.method:
        io.save_table(TABLE, rows, list(rows[0]))


_WRITE = "import sys, pathlib, million_rows; million_rows.write_samples(pathlib.Path(sys.argv[1]))"

if __name__ == "__main__":
    main()
