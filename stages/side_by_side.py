"""Bring the pipeline up to date as ``dvc repro`` does, but with independent cells side by side.

``python -m stages.side_by_side --jobs 2``, or ``make reproduce``. No stage. DVC runs one stage after another; here a
cell starts once all that it reads is up to date, by a ``dvc repro --single-item`` of its own, which locks the checkout
before and after the cell's command, but not meanwhile. How many run at a time changes no result: the number of threads
that last digits depend on is one for the machine (``infoplane.common.runtime``).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

MEMORY = 3 * 2**30
"""Bytes allowed to a cell; those of a default run need less than 2 GB."""


def default_jobs() -> int:
    """A cell for each core, as far as the memory goes; one where a GPU would be shared."""
    if Path("/dev/nvidia0").exists():
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEMORY))


def dvc(*words: str) -> str:
    """What a command of DVC prints; ends this program where it fails, after its own message."""
    done = subprocess.run(["dvc", "--wait-for-lock", *words], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return done.stdout


def stale(*cells: str) -> set[str]:
    """Those of some cells, or of all, that DVC would run, given the files that are there now."""
    return set(json.loads(dvc("status", "--json", *cells)))


def upstream() -> dict[str, set[str]]:
    """The cells in the order of dvc.yaml, each with those that it reads from."""
    lines = dvc("dag", "--dot").splitlines()
    reads: dict[str, set[str]] = {found[1]: set() for line in lines if (found := re.fullmatch(r'"([^"]+)";', line))}
    for line in lines:
        if (found := re.fullmatch(r'"([^"]+)" -> "([^"]+)";', line)) is not None:
            reads[found[2]].add(found[1])
    return reads


@dataclass(frozen=True)
class Outcome:
    """What came of one cell."""

    word: str
    """done, failed, or unchanged: what it reads and writes came out as before, so that DVC did not run it."""
    seconds: float
    printed: str


def run(cell: str) -> Outcome:
    """Bring one cell up to date."""
    start = time.monotonic()
    command = ["dvc", "--wait-for-lock", "repro", "--single-item", cell]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    word = "unchanged" if f"Stage '{cell}' didn't change" in done.stdout else "done"
    return Outcome(word if done.returncode == 0 else "failed", time.monotonic() - start, done.stdout)


def reproduce(jobs: int) -> int:
    """Run what is stale, ``jobs`` cells at a time, and what becomes so; the exit code.

    A cell that fails is named, and what reads from it is left out; all else runs.
    """
    start, known = time.monotonic(), stale()
    if not known:
        print("everything is up to date")
        return 0
    reads = upstream()
    left, current, ran = list(reads), set[str](), set[str]()  # to look at, up to date, those of them that ran
    failed: list[str] = []
    running: dict[Future[Outcome], str] = {}
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            ready = [cell for cell in left if reads[cell] <= current]
            if unsure := [cell for cell in ready if cell not in known and reads[cell] & ran]:
                known |= stale(*unsure)
            if fresh := [cell for cell in ready if cell not in known]:
                current.update(fresh)
                left = [cell for cell in left if cell not in fresh]
                continue
            for cell in ready[: jobs - len(running)]:
                print(f"{cell}: started", flush=True)
                running[pool.submit(run, cell)] = cell
                left.remove(cell)
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                cell, outcome = running.pop(future), future.result()
                to_go = len(left) + len(running)
                print(f"{cell}: {outcome.word}, {outcome.seconds:.0f} s; {to_go} to go", flush=True)
                if outcome.word == "failed":
                    print(outcome.printed, flush=True)
                    failed.append(cell)
                else:
                    current.add(cell)
                if outcome.word == "done":
                    ran.add(cell)
    print(f"{len(ran)} cells ran in {time.monotonic() - start:.0f} s")
    if failed:
        print(f"failed: {', '.join(failed)}; left out, as they read from these: {', '.join(left) or 'none'}")
    return 1 if failed else 0


def main() -> int:
    """Run it; one cell at a time is plain ``dvc repro``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=default_jobs(), help="cells at a time (default: %(default)s)")
    jobs = parser.parse_args().jobs
    if jobs < 1:
        parser.error(f"--jobs: {jobs} given; expected at least 1")
    return subprocess.call(["dvc", "repro"]) if jobs == 1 else reproduce(jobs)


if __name__ == "__main__":
    sys.exit(main())
