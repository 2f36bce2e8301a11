"""What importing costs: nothing heavy before it is used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("tensorflow", "keras", "pandas", "matplotlib", "scipy.stats", "sklearn", "dvc", "pydantic")
ESTIMATE = "import numpy as np; g = np.random.default_rng(0); x = g.normal(size=(300, 2)); "


def loaded_after(code: str) -> set[str]:
    """The modules in ``sys.modules`` after running ``code`` in a process of its own."""
    script = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import infoplane",
        "import infoplane; infoplane.estimate, infoplane.methods(), infoplane.Estimate, dir(infoplane)",
        "import infoplane.cli",
        "import infoplane.estimators",
    ],
)
def test_importing_loads_nothing_heavy(code: str) -> None:
    assert not loaded_after(code) & set(HEAVY)


@pytest.mark.parametrize("method", ["ksg", "mixed_ksg", "ross", "gaussian", "binning", "discrete"])
def test_classical_methods_load_neither_tensorflow_nor_pandas_nor_matplotlib(method: str) -> None:
    z = "np.round(x[:, 0]).astype(int)" if method in ("ross", "discrete") else "x[:, :1]"
    x = "np.round(x)" if method == "discrete" else "x"
    loaded = loaded_after(f"import infoplane; {ESTIMATE} infoplane.estimate({x}, {z}, {method!r})")
    assert not loaded & {"tensorflow", "keras", "pandas", "matplotlib"}
    assert "infoplane.estimators.variational" not in loaded


def test_a_single_estimator_loads_no_other() -> None:
    loaded = loaded_after("import infoplane.estimators.gaussian")
    ours = {name for name in loaded if name.startswith("infoplane.estimators.")}
    assert ours == {f"infoplane.estimators.{name}" for name in ("gaussian", "margins", "offsets")}
    assert not loaded & {"sklearn", "scipy", "scipy.special"}


def test_names_that_do_not_exist_say_so() -> None:
    import infoplane
    import infoplane.estimators

    with pytest.raises(AttributeError, match="module 'infoplane' has no attribute 'guess'"):
        _ = infoplane.guess
    with pytest.raises(AttributeError, match=r"module 'infoplane.estimators' has no attribute 'guess'"):
        _ = infoplane.estimators.guess
    assert infoplane.estimators.estimate is infoplane.estimate
