"""What ``import infoplane`` and one ``estimate`` cost a fresh process, import included, on 10,000 x (5 + 5).

    python benchmarks/fresh_process.py       writes benchmarks/fresh_process.csv

CPU seconds (user and system) and the largest resident set of the whole process, as the operating system accounts for
ended processes. Each row is the median over the runs, a fresh sample in each.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from infoplane.common import io
from infoplane.distributions import (
    Deformed,
    Distribution,
    HalfCube,
    Independent,
    Spiral,
    correlated_gaussian,
    dense_student,
    sparse_gaussian,
)

TABLE = Path(__file__).with_suffix(".csv")
N, RUNS = 10_000, 3
TASKS: dict[str, Distribution] = {
    "gaussian 5 + 5, rho 0.6": correlated_gaussian(5, 0.6),
    "gaussian 5 + 5, two pairs": sparse_gaussian(5, 5),
    "half-cube of a gaussian 5 + 5": Deformed(correlated_gaussian(5, 0.5), HalfCube(), HalfCube()),
    "spiral of a gaussian 5 + 5": Deformed(sparse_gaussian(5, 5), Spiral(1 / 3), Spiral(1 / 3, (1, 2))),
    "student 5 + 5, 2 degrees": dense_student(5, 5, 2),
    "independent 5 + 5": Independent(correlated_gaussian(5, 0.0), correlated_gaussian(5, 0.0)),
}


def run(arguments: list[str]) -> tuple[float, float, float, str]:
    """CPU seconds, wall-clock seconds, largest resident GB and output of a fresh Python."""
    reading, writing = os.pipe()
    started = time.perf_counter()
    child = os.posix_spawn(
        sys.executable, [sys.executable, *arguments], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1)]
    )
    os.close(writing)
    with os.fdopen(reading) as output:
        text = output.read()
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"a process failed: {arguments}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss * 1024 / 1e9, text


def row(what: str, arguments: list[str], seeded: bool, truth: float | None) -> dict[str, Any]:
    """Medians over the runs."""
    runs = [run([*arguments, str(seed)] if seeded else arguments) for seed in range(RUNS)]
    values = [json.loads(text.splitlines()[-1]) for *_, text in runs if text]
    return {
        "what": what,
        "truth": truth,
        "nats": statistics.median(values) if values else None,
        "cpu_s": round(statistics.median(cpu for cpu, *_ in runs), 2),
        "most_cpu_s": round(max(cpu for cpu, *_ in runs), 2),
        "wall_s": round(statistics.median(wall for _, wall, *_ in runs), 2),
        "resident_gb": round(max(memory for _, _, memory, _ in runs), 2),
    }


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", nargs=2, metavar=("NAME", "SEED"), help="estimate one in this process")
    chosen = parser.parse_args().task
    if chosen:
        import infoplane

        print(infoplane.estimate(*TASKS[chosen[0]].sample(N, int(chosen[1]))).nats)
        return
    rows = [
        row("python alone", ["-c", ""], False, None),
        row("import numpy", ["-c", "import numpy"], False, None),
        row("import infoplane", ["-c", "import infoplane"], False, None),
        row("import tensorflow, as the library does", ["-c", _TENSORFLOW], False, None),
    ]
    for name, distribution in TASKS.items():
        rows.append(row(f"estimate: {name}", [__file__, "--task", name], True, distribution.mutual_information()))
        print(rows[-1], flush=True)
    io.save_table(TABLE, rows, list(rows[0]))


_TENSORFLOW = "from infoplane.common.runtime import tensorflow; tensorflow()"

if __name__ == "__main__":
    main()
