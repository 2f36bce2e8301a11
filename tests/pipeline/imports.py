"""Which modules of this repository a stage imports, read from the source: for the tests, and to mend dvc.yaml.

``python tests/pipeline/imports.py`` rewrites the module lists in dvc.yaml to what the stages import now.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

TOP = Path(__file__).resolve().parents[2]
ROOTS = {"infoplane": TOP / "src" / "infoplane", "stages": TOP / "stages"}


def module_file(name: str) -> Path | None:
    """The file of a module of this repository, None for anything else."""
    root, *rest = name.split(".")
    if root not in ROOTS:
        return None
    path = ROOTS[root].joinpath(*rest)
    if (path / "__init__.py").is_file():
        return path / "__init__.py"
    file = path.with_suffix(".py")
    return file if file.is_file() else None


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _statements(node: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    """Every import below a node, in functions too, but for those that only type checkers see."""
    found: list[ast.Import | ast.ImportFrom] = []
    for child in ast.iter_child_nodes(node):
        if _is_type_checking(child):
            continue
        if isinstance(child, ast.Import | ast.ImportFrom):
            found.append(child)
        found += _statements(child)
    return found


def imported_names(file: Path) -> set[str]:
    """The modules of this repository that one file imports, with their parent packages.

    Raises:
        AssertionError: something taken from a package that is no module (a lazy attribute hides its module), or a
            relative import.
    """
    names: set[str] = set()
    for statement in _statements(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(statement, ast.Import):
            names |= {alias.name for alias in statement.names}
            continue
        assert statement.level == 0, f"{file}: relative import"
        base = statement.module or ""
        names.add(base)
        if (owner := module_file(base)) is None:
            continue
        for alias in statement.names:
            if module_file(f"{base}.{alias.name}") is not None:
                names.add(f"{base}.{alias.name}")
            elif owner.name == "__init__.py":
                defined = _defined(owner)
                assert alias.name in defined, (
                    f"{file}: {alias.name} comes lazily from {base}; import it from its module"
                )
    with_parents = {".".join(name.split(".")[: i + 1]) for name in names for i in range(name.count(".") + 1)}
    return {name for name in with_parents if module_file(name) is not None}


def _defined(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def transitive_files(module: str) -> list[str]:
    """The files of all modules that a module imports, itself included, relative to the repository, sorted."""
    seen: set[str] = set()
    queue = [module, module.split(".")[0]]
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        file = module_file(name)
        assert file is not None, name
        queue += imported_names(file)
    files = {module_file(name) for name in seen}
    return sorted(str(file.relative_to(TOP)) for file in files if file is not None)


def stage_module(command: str) -> str:
    """The module that a stage's command runs (``python -m stages.x …``)."""
    words = command.split()
    assert words[:2] == ["python", "-m"], command
    return words[2]


def is_module(path: str) -> bool:
    """Whether a declared dependency is a module of this repository."""
    return path.endswith(".py") and path.split("/")[0] in ("src", "stages")


def rewrite_dvc_yaml() -> None:
    """Put the true module lists into dvc.yaml, everything else kept."""
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    path = TOP / "dvc.yaml"
    pipeline: Any = yaml.load(path)
    for stage in pipeline["stages"].values():
        others = [dep for dep in stage["deps"] if not is_module(dep)]
        stage["deps"] = [*others, *transitive_files(stage_module(stage["cmd"]))]
    with path.open("w", encoding="utf-8") as handle:
        yaml.dump(pipeline, handle)


if __name__ == "__main__":
    sys.exit(rewrite_dvc_yaml())
