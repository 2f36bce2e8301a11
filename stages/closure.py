"""What code a stage runs: the modules and data files that it reaches, and the versions of the packages that compute."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

from infoplane.common.compute import PACKAGES
from stages import syntax
from stages.common import installed_version

WITHOUT_EFFECT = frozenset({("stages.common", "infoplane.params.check"), ("stages.common", "stages.watch")})
"""Imports that are left out, as (importing module, imported module): the check of the parameters can only refuse, and
live progress sees results but makes none, so that a new section of the parameters makes no stage stale."""

_TABLES = frozenset({"__all__", "_MODULES", "_PUBLIC"})
"""Names that a lazy package gives to the lists of what it offers."""


@dataclass(frozen=True)
class Module:
    """What a module's syntax says about it; the modules it names are those of this repository."""

    digest: str
    imports: frozenset[str]
    """Modules that are imported, inside functions too, or named by a text (as in a registry), and their parents."""
    packages: frozenset[str]
    """The first name of everything else that is imported."""
    texts: frozenset[str]
    """The texts in the code, docstrings left out."""


class Repository:
    """The modules and data files of one checkout; each module is read once, and none is run.

    A package that loads lazily (by ``__getattr__``) reaches what is taken from it by name, and all that it offers
    where it is taken as a whole; its block ``if TYPE_CHECKING:`` says where a name comes from.
    """

    def __init__(self, top: Path) -> None:
        self.top = top
        self._folders = {"infoplane": top / "src" / "infoplane", "stages": top / "stages"}
        self._file = cache(self._find)
        self.module = cache(self._read_module)
        self.lazy_names = cache(self._read_lazy_names)

    def stages(self) -> list[str]:
        """The stages, ``code`` among them."""
        files = sorted(self._folders["stages"].glob("*.py"))
        return [file.stem for file in files if syntax.is_stage(syntax.parsed(file))]

    def describe(self, stage: str) -> dict[str, dict[str, str | None]]:
        """What a stage reaches: digests of modules and data files, by path, and versions of packages that compute.

        A data file is reached where its name is a text in the code. The version is None for a package that is not
        installed.

        Raises:
            ValueError: a file is not Python, or an import names nothing that is there.
        """
        modules = {name: self.module(name) for name in self.closure(f"stages.{stage}")}
        texts = {text.rsplit("/", 1)[-1] for module in modules.values() for text in module.texts}
        packages = {package for module in modules.values() for package in module.packages}
        return {
            "modules": {self._path(self.file(name)): module.digest for name, module in modules.items()},
            "files": {
                self._path(file): hashlib.sha256(file.read_bytes()).hexdigest()
                for file in self.data_files()
                if file.name in texts
            },
            "packages": {PACKAGES[name]: installed_version(PACKAGES[name]) for name in packages & PACKAGES.keys()},
        }

    def closure(self, module: str) -> set[str]:
        """All modules that a module reaches, itself included."""
        found = set[str]()
        left = _with_parents({module})
        while left:
            name = left.pop()
            found.add(name)
            left |= {other for other in self.module(name).imports if (name, other) not in WITHOUT_EFFECT} - found
        return found

    def data_files(self) -> list[Path]:
        """Files in the package that are no modules."""
        files = sorted(path for path in self._folders["infoplane"].rglob("*") if path.is_file())
        return [path for path in files if path.suffix not in (".py", ".pyc", ".typed") and path.name[0] != "."]

    def exists(self, name: str) -> bool:
        """Whether a text is the name of a module of this repository."""
        root, *rest = name.split(".")
        return root in self._folders and all(part.isidentifier() for part in rest) and self._file(name) is not None

    def file(self, name: str) -> Path:
        """The file of a module."""
        if (file := self._file(name)) is None:
            raise ValueError(f"{name}: imported, but no module in {self.top}")
        return file

    def _find(self, name: str) -> Path | None:
        root, *rest = name.split(".")
        path = self._folders[root].joinpath(*rest)
        return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)

    def _path(self, file: Path) -> str:
        return file.relative_to(self.top).as_posix()

    def _read_module(self, name: str) -> Module:
        tree = syntax.parsed(self.file(name))
        imported, texts = set[str](), set[str]()
        for node in syntax.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    imported |= {alias.name} | self._whole(alias.name if alias.asname else alias.name.split(".")[0])
            elif isinstance(node, ast.ImportFrom):
                imported |= self._taken(name, node)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
        own = {other for other in imported if other.split(".")[0] in self._folders}
        if not _is_lazy(tree):
            own |= {text for text in texts if self.exists(text)}
        packages = {other.split(".")[0] for other in imported - own}
        if _is_lazy(tree):
            tree.body = [node for node in tree.body if not _is_table_of_names(node)]
        return Module(syntax.digest(tree), frozenset(_with_parents(own)), frozenset(packages), frozenset(texts))

    def _taken(self, name: str, statement: ast.ImportFrom) -> set[str]:
        """The modules behind ``from base import a, b``."""
        base = self._base(name, statement)
        taken = {base}
        for alias in statement.names:
            if self.exists(f"{base}.{alias.name}"):
                taken |= {f"{base}.{alias.name}"} | self._whole(f"{base}.{alias.name}")
            elif alias.name == "*":
                taken |= self._whole(base)
            elif self.exists(base) and alias.name in (lazy := self.lazy_names(base)):
                taken |= {lazy[alias.name]} | self._whole(lazy[alias.name])
        return taken

    def _base(self, name: str, statement: ast.ImportFrom) -> str:
        """The absolute name of what a module imports from."""
        package = name if self.file(name).name == "__init__.py" else name.rpartition(".")[0]
        return resolve_name("." * statement.level + (statement.module or ""), package)

    def _whole(self, name: str) -> set[str]:
        """The modules that a package offers lazily; none for anything else."""
        return set(self.lazy_names(name).values()) if self.exists(name) else set()

    def _read_lazy_names(self, package: str) -> dict[str, str]:
        """The names that a package offers lazily, with their modules; none for a module that loads all that it has."""
        tree = syntax.parsed(self.file(package))
        if not _is_lazy(tree):
            return {}
        names: dict[str, str] = {}
        for block in filter(syntax.is_type_checking, tree.body):
            for statement in ast.walk(block):
                if isinstance(statement, ast.ImportFrom):
                    base = self._base(package, statement)
                    for alias in statement.names:
                        whole = f"{base}.{alias.name}"
                        names[alias.asname or alias.name] = whole if self.exists(whole) else base
        return names


def _is_lazy(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body)


def _is_table_of_names(node: ast.stmt) -> bool:
    """Whether a statement of a lazy package only lists what it offers: the modules behind what is used are followed."""
    names = {ast.unparse(target) for target in node.targets} if isinstance(node, ast.Assign) else set[str]()
    return syntax.is_type_checking(node) or bool(names & _TABLES)


def _with_parents(names: set[str]) -> set[str]:
    """Modules and the packages that they lie in, which run first."""
    parts = [name.split(".") for name in names]
    return {".".join(part[:count]) for part in parts for count in range(1, len(part) + 1)}
