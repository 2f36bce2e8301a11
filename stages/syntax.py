"""A module's syntax: read from its file, never run, and digested without comments and docstrings."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

_REDUNDANT_FIELDS = frozenset({"ctx", "kind", "type_comment"})
"""Fields whose content other fields or the position give, or that only give the spelling of a text."""


def parsed(file: Path) -> ast.Module:
    """The syntax tree of a file.

    Raises:
        ValueError: the file is not Python, with its line.
    """
    try:
        return ast.parse(file.read_bytes(), filename=str(file))
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise ValueError(f"{file}{line}: {getattr(error, 'msg', error)}") from None


def digest(tree: ast.Module) -> str:
    """SHA-256 of a module's syntax: comments, docstrings and layout leave it as it is, everything else changes it.

    A statement that is a text alone does nothing, a docstring or not: all of them are left out. So is ``__version__``:
    a release computes what the commit before it did. ``ast.dump`` will not do, since its output differs between Python
    versions; here empty fields, which come and go with them, are not written, and texts are escaped, since which
    characters count as printable changes too.
    """
    written: list[str] = []
    _write(tree, written)
    return hashlib.sha256("".join(written).encode("ascii")).hexdigest()


def _write(value: object, written: list[str]) -> None:
    if isinstance(value, ast.AST):
        written.append(f"({type(value).__name__}")
        for name in value._fields:
            content = getattr(value, name, None)
            if name not in _REDUNDANT_FIELDS and content is not None and content != []:
                written.append(f" {name}=")
                _write(_joined(content) if isinstance(value, ast.JoinedStr) else content, written)
        written.append(")")
    elif isinstance(value, list):
        written.append("[")
        for item in value:
            if not is_text_alone(item) and not _is_version(item):
                _write(item, written)
                written.append(",")
        written.append("]")
    else:
        written.append(ascii(value))


def _joined(parts: list[ast.expr]) -> list[object]:
    """The parts of an f-string, with neighbouring texts as one: where they are cut differs between Python versions."""
    whole: list[object] = []
    text = ""
    for part in parts:
        if isinstance(part, ast.Constant):
            text += str(part.value)
            continue
        whole += [text, part]
        text = ""
    whole.append(text)
    return whole


def is_text_alone(node: object) -> bool:
    """Whether a node is a statement that consists of a text: a docstring, or one below an attribute."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_version(node: object) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__"


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that can have an effect when the module runs: as ``ast.walk`` without docstrings and typing blocks."""
    left = [node]
    while left:
        for child in ast.iter_child_nodes(left.pop()):
            if not is_text_alone(child) and not is_type_checking(child):
                yield child
                left.append(child)


def is_type_checking(node: ast.AST) -> bool:
    """Whether a node is a block ``if TYPE_CHECKING:``."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def is_stage(tree: ast.Module) -> bool:
    """Whether a module is a stage: its block ``if __name__ == "__main__":`` calls ``common.run``."""
    blocks = [node for node in tree.body if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)]
    calls = [node for block in blocks for node in ast.walk(block) if isinstance(node, ast.Call)]
    return any(ast.unparse(call.func) == "common.run" for call in calls)
