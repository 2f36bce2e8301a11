"""What ``pip install infoplane`` gives without its extras: the README's library part, and errors that name an extra.

Run by tests/test_core.py and by the workflow, with the Python of an environment that holds the core alone, outside the
checkout: ``python -I core_examples.py README.md``. Prints the CPU time to the first value.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path


def first_value() -> float:
    """CPU seconds from the import to a value of ksg, in this process."""
    start = time.process_time()
    import numpy as np

    import infoplane

    x = np.random.default_rng(0).standard_normal((2000, 1))
    assert infoplane.estimate(x, x + np.random.default_rng(1).standard_normal((2000, 1)), "ksg").nats > 0.2
    return time.process_time() - start


def library_part(readme: str) -> tuple[str, list[str]]:
    """The README's Python code, and its command lines on the user's own arrays."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", readme, flags=re.DOTALL | re.MULTILINE)
    blocks = re.findall(r"^```sh\n(.*?)^```$", readme, flags=re.DOTALL | re.MULTILINE)
    (block,) = [block for block in blocks if "infoplane methods" in block]
    return code, [line.split("  #")[0].strip() for line in block.splitlines() if line.startswith("infoplane ")]


def main(readme: Path) -> None:
    """Run every example; the first that fails ends it."""
    for name in ("tensorflow", "pandas", "matplotlib", "dvc"):
        assert importlib.util.find_spec(name) is None, f"{name} is installed: this is no environment of the core alone"
    seconds = first_value()
    code, lines = library_part(readme.read_text(encoding="utf-8"))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue().strip()

    import numpy as np

    x = np.random.default_rng(0).standard_normal((600, 3))
    np.save("x.npy", x)
    np.save("z.npy", x + np.random.default_rng(1).standard_normal((600, 3)))
    np.save("labels.npy", (x[:, 0] > 0).astype(np.int64))
    np.save("videos.npy", np.arange(600) // 4)
    rows = [f"{height},{weight},{'Ulm' if height > 0 else 'Bonn'}" for height, weight, _ in x]
    Path("people.csv").write_text("\n".join(["height,weight,town", *rows]), encoding="utf-8")
    for line in lines:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "infoplane", *shlex.split(line)[1:]],
            capture_output=True,
            text=True,
            check=False,
        )
        if "--method probe" in line:
            assert done.returncode == 2, done
            assert done.stderr == (
                "infoplane: tensorflow is not installed; python -m pip install 'infoplane[critics]' installs it\n"
            ), done
        else:
            assert done.returncode == 0, done
            assert done.stdout, done
    print(f"{len(lines)} commands; CPU time to the first value {seconds:.2f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
