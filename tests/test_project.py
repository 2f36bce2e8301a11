"""The project's own files agree: version, dependencies, allowed Pythons, and what CONTRIBUTING quotes."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import re
import tomllib
import types
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

import infoplane
from infoplane.common import extras

TOP = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
CONTRIBUTING = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_version_stands_in_one_place() -> None:
    assert PROJECT["dynamic"] == ["version"]
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "infoplane.__version__"}
    citation = YAML(typ="safe").load((TOP / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == infoplane.__version__


def requirements(extra: str) -> list[Requirement]:
    """What an extra brings, those of other extras that it names included."""
    lines = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    needed = [Requirement(line) for line in lines]
    others = [name for one in needed if one.name == "infoplane" for name in sorted(one.extras)]
    return [one for one in needed if one.name != "infoplane"] + [one for name in others for one in requirements(name)]


@pytest.mark.parametrize("extra", ["", "dev", "docs"])
def test_every_dependency_is_listed_once_and_its_version_is_known(extra: str) -> None:
    needed = requirements(extra)
    names = [canonicalize_name(one.name) for one in needed]
    assert len(set(names)) == len(names)
    pins = re.findall(r"^([\w.-]+)==(\S+)$", (TOP / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    known = {canonicalize_name(name): version for name, version in pins}
    for one in needed:
        assert one.specifier.contains(known[canonicalize_name(one.name)]), one.name


def test_the_workflow_tests_every_python_that_is_allowed() -> None:
    """The core on all of them, everything on those that TensorFlow has wheels for."""
    jobs = YAML(typ="safe").load((TOP / ".github/workflows/tests.yml").read_text(encoding="utf-8"))["jobs"]
    core, whole = (jobs[name]["strategy"]["matrix"]["python"] for name in ("core", "quick"))
    allowed = SpecifierSet(PROJECT["requires-python"])
    assert core == [f"3.{minor}" for minor in range(30) if allowed.contains(f"3.{minor}")]
    assert whole == [version for version in core if version != "3.14"]


def test_errors_for_missing_packages_name_the_extra_that_installs_them() -> None:
    imported = importlib.metadata.packages_distributions()
    listed = {name for names in extras.EXTRAS.values() for name in names}
    found = {name: {canonicalize_name(one) for one in imported[name]} for name in listed}
    for extra, names in extras.EXTRAS.items():
        brought = {canonicalize_name(one.name) for one in requirements(extra)}
        assert all(found[name] & brought for name in names)
    brought = {canonicalize_name(one.name) for one in requirements("pipeline")} - {"ruamel-yaml-clib"}  # part of ruamel
    assert set().union(*found.values()) >= brought


def test_hooks_come_from_the_environment() -> None:
    hooks = YAML(typ="safe").load((TOP / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    assert all(hook["entry"].startswith(".venv/bin/") for hook in hooks[0]["hooks"])


SCRIPTS = sorted(
    file.relative_to(TOP).as_posix() for folder in ("benchmarks", "calibration") for file in (TOP / folder).glob("*.py")
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_beside_the_package_use_names_that_it_has(script: str) -> None:
    """No other test runs them, and they take too long for it."""
    modules = {}
    tree = ast.parse((TOP / script).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("infoplane", "stages"):
            source = importlib.import_module(str(node.module))
            for alias in node.names:
                if not hasattr(source, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
                if isinstance(value := getattr(source, alias.name), types.ModuleType):
                    modules[alias.asname or alias.name] = value
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            assert hasattr(modules[node.value.id], node.attr), f"{node.value.id}.{node.attr}"


def test_contributing_quotes_code_as_it_stands() -> None:
    quoted = re.findall(r"From\s`([\w./]+)`:\n\n```python\n(.*?)```", CONTRIBUTING, re.DOTALL)
    assert len(quoted) == CONTRIBUTING.count("```python") == 4
    for path, code in quoted:
        assert code in (TOP / path).read_text(encoding="utf-8"), path


def test_contributing_names_targets_that_exist() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"`make ([\w-]+)`", CONTRIBUTING)) <= targets
