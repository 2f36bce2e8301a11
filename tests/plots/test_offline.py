"""``dvc plots show`` with our templates and our page: everything inside, nothing from the network."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from infoplane.plots import offline
from infoplane.results.summary import noise_curve_table, quantity_table, summarise, training_table

from made_results import made

TEMPLATES = offline.PAGE.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PLOTS = {"training": ("epoch", "loss"), "noise_curve": ("noise_std", "lower"), "quantities": ("stop", "value")}


def run(*command: str | Path, cwd: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of ``dvc plots show`` in a fresh repository with the tables of a made-up run."""
    folder = tmp_path_factory.mktemp("repository")
    run("git", "init", "--quiet", cwd=folder)
    run("dvc", "init", "--quiet", cwd=folder)
    shutil.copytree(TEMPLATES, folder / "templates")
    run("dvc", "config", "plots.html_template", "../templates/offline.html", cwd=folder)
    results = made()
    training_table(results.training).to_csv(folder / "training.csv", index=False)
    noise_curve_table(results.measured).to_csv(folder / "noise_curve.csv", index=False)
    quantity_table(summarise(results.measured)).to_csv(folder / "quantities.csv", index=False)
    lines = ["plots:"]
    for name, (x, y) in PLOTS.items():
        lines += [f"  - {name} plot:", f"      template: templates/{name}.json", f"      x: {x}"]
        lines += [f"      y: {{{name}.csv: {y}}}"]
    (folder / "dvc.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run("dvc", "plots", "show", cwd=folder)
    return folder / "dvc_plots/index.html"


def test_the_page_holds_every_plot_and_fetches_nothing(shown: Path) -> None:
    page = shown.read_text(encoding="utf-8")
    for name in PLOTS:
        assert f"vegaEmbed('#{name}_plot'" in page
    assert not re.search(r"<(script|link|img|iframe)\b[^>]*\b(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert "{plot_divs}" not in page
    assert "{refresh_tag}" not in page


def test_the_committed_page_is_the_one_that_would_be_written() -> None:
    committed = offline.PAGE.read_text(encoding="utf-8")
    written_by = re.search(r"as bundled by (\S+) (\S+):", committed)
    assert written_by is not None
    if version(written_by[1]) != written_by[2]:
        pytest.skip(f"written by {written_by[1]} {written_by[2]}, which is not what is installed")
    assert committed == offline.page()


def test_the_page_fits_into_a_git_repository() -> None:
    assert 500_000 < offline.PAGE.stat().st_size < 1_200_000


@pytest.mark.parametrize("name", PLOTS)
def test_templates_are_valid_and_draw(name: str) -> None:
    vl_convert = pytest.importorskip("vl_convert")
    text = (TEMPLATES / f"{name}.json").read_text(encoding="utf-8")
    specification = json.loads(text.replace("<DVC_METRIC_TITLE>", "a title"))
    results = made()
    tables = {
        "training": training_table(results.training),
        "noise_curve": noise_curve_table(results.measured),
        "quantities": quantity_table(summarise(results.measured)),
    }
    if name == "training":  # a classifier that overfits completely has a training loss of exactly 0
        tables[name].loc[tables[name]["epoch"] > 30, "loss"] = 0.0
    # DVC hands every cell over as text.
    rows = list(csv.DictReader(tables[name].to_csv(index=False).splitlines()))
    specification["data"]["values"] = [row | {"rev": "workspace"} for row in rows]
    picture = vl_convert.vegalite_to_svg(specification)
    assert "a title" in picture
    for encoder in results.measured.encoders:
        assert encoder in picture
    assert "NaN" not in picture
    assert name != "training" or ">0.5<" in picture  # a tick between the positive losses
    assert "undefined" not in picture


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="looks at the page in chromium, which is not installed")
def test_a_browser_without_network_draws_every_plot_without_complaint(shown: Path, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    output = run(
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--virtual-time-budget=10000",
        "--dump-dom", shown.as_uri(), cwd=tmp_path,
    )  # fmt: skip
    assert [line for line in output.splitlines() if "CONSOLE" in line] == []
    assert output.count('class="marks"') == len(PLOTS)
    assert 'class="problem"' not in output
