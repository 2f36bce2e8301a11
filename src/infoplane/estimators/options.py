"""The options of each method: name, default and meaning, read from the function that takes them; and as text."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import import_module
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

from infoplane.estimators.registry import METHODS, method_named

_OURS = ("seed", "labels", "options", "groups")
"""Arguments that are no options."""
_INDENT = 26


@dataclass(frozen=True)
class Option:
    """One option of a method."""

    name: str
    default: Any
    meaning: str
    hint: Any
    """Its type."""

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        return _in_words(self.hint)


@cache
def of_method(name: str) -> tuple[Option, ...]:
    """The options of a method, in the order of its function; of a critic those of its network and training.

    Raises:
        ValueError: an unknown method.
    """
    method = method_named(name)
    function: Callable[..., Any] = getattr(import_module(method.module), method.function)
    parameters = inspect.signature(function).parameters
    if method.trained and "options" in parameters:
        return _of_critic(name)
    meanings, hints = _meanings(inspect.getdoc(function) or ""), get_type_hints(function)
    return tuple(
        Option(key, one.default, meanings.get(key, ""), hints[key])
        for key, one in parameters.items()
        if one.kind is one.KEYWORD_ONLY and key not in _OURS
    )


def read(name: str, texts: Sequence[str]) -> dict[str, Any]:
    """Options of a method from texts such as "k=5" and "hidden=64,64".

    Raises:
        ValueError: another form, an option that the method does not have, or a value of another type.
    """
    known, values = {option.name: option for option in of_method(name)}, dict[str, Any]()
    for text in texts:
        key, sign, given = (part.strip() for part in text.partition("="))
        if not sign:
            raise ValueError(f"--option {text}: expected NAME=VALUE")
        refuse_unknown(name, [key])
        try:
            value = ast.literal_eval(given)
        except (ValueError, SyntaxError):
            value = given
        if get_origin(known[key].hint) is tuple and not isinstance(value, tuple):
            value = (value,)
        if not _fits(value, known[key].hint):
            raise ValueError(f"--option {text}: expected {known[key].expected}")
        values[key] = value
    return values


def check(name: str, given: Mapping[str, Any]) -> None:
    """Check options given by name; lists and NumPy's numbers count as tuples and numbers.

    Raises:
        ValueError: an option that the method does not have, or a value of another type.
    """
    refuse_unknown(name, list(given))
    for option in of_method(name):
        if option.name in given and not _fits(given[option.name], option.hint):
            raise ValueError(f"{name}: {option.name}={given[option.name]!r} given; expected {option.expected}")


def refuse_unknown(name: str, given: Sequence[str]) -> None:
    """Raise a ValueError that lists a method's options where one that is ``given`` is not among them."""
    allowed = [option.name for option in of_method(name)]
    unknown = [key for key in given if key not in allowed]
    if unknown:
        listed = f"one of {', '.join(allowed)}" if allowed else "none"
        raise ValueError(f"{name} has no option {', '.join(unknown)}; expected {listed}")


def to_dict(name: str) -> dict[str, Any]:
    """What ``infoplane methods NAME --json`` says of a method."""
    method = METHODS[name]
    options = {
        option.name: {"default": option.default, "expected": option.expected, "meaning": option.meaning}
        for option in of_method(name)
    }
    return {"name": name, "purpose": method.purpose, "z": method.takes, "kind": method.kind, "options": options}


def text(name: str) -> str:
    """What ``infoplane methods NAME`` says of a method."""
    options, method = of_method(name), METHODS[name]
    takes = {"numbers": "numbers", "labels": "class labels", "both": "numbers or class labels"}[method.takes]
    lines = [f"{name}: {method.purpose}", f"z: {takes}; kind: {method.kind.replace('_', ' ')}"]
    lines.append("options, each set with --option NAME=VALUE:" if options else "no options")
    for option in options:
        default = ",".join(map(str, option.default)) if isinstance(option.default, tuple) else option.default
        head = f"  {option.name}={default}"
        meaning = f"{head:<{_INDENT - 1}} {option.meaning} ({option.expected})".replace("``", "")
        lines += textwrap.wrap(meaning, 118, subsequent_indent=" " * _INDENT)
    return "\n".join(lines)


def _of_critic(name: str) -> tuple[Option, ...]:
    from infoplane.critics.networks import CriticOptions

    defaults, hints = CriticOptions(**critic_defaults(name)), get_type_hints(CriticOptions)
    meanings, after = dict[str, str](), ""
    for node in ast.walk(ast.parse(inspect.getsource(CriticOptions))):
        for part in getattr(node, "body", ()) if isinstance(node, ast.ClassDef) else ():
            if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) and after:
                meanings[after] = " ".join(str(part.value.value).split())
            after = part.target.id if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) else ""
    return tuple(
        Option(one.name, getattr(defaults, one.name), meanings.get(one.name, ""), hints[one.name])
        for one in fields(CriticOptions)
    )


def critic_defaults(name: str) -> dict[str, Any]:
    """The fields of ``CriticOptions`` in which a method differs from its defaults."""
    return {"kind": "separable"} if name == "infonce" else {}


def _meanings(doc: str) -> dict[str, str]:
    """What the section "Args:" of a docstring says of each argument."""
    section = doc.partition("Args:\n")[2].partition("\n\n")[0]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return {key: " ".join(meaning.split()) for key, meaning in found}


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type: int, float, str, None, a Literal, a tuple, or a union of these."""
    if get_origin(hint) is Literal:
        return isinstance(value, str) and value in get_args(hint)
    if get_origin(hint) is tuple:
        if not isinstance(value, tuple | list | np.ndarray):
            return False
        kinds = get_args(hint)
        kinds = kinds[:1] * len(value) if kinds[-1] is ... else kinds
        return len(value) == len(kinds) and all(map(_fits, value, kinds))
    if get_args(hint):
        return any(_fits(value, one) for one in get_args(hint))
    kind = {int: Integral, float: Real}.get(hint, hint)
    return isinstance(value, kind) and not isinstance(value, bool)


def _in_words(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if get_origin(hint) is tuple:
        several = get_args(hint)[-1] is ...
        return "integers, such as 64,64" if several else "two numbers, such as 0,1"
    if get_args(hint):
        return " or ".join(_in_words(one) for one in get_args(hint))
    return {int: "an integer", float: "a number", str: "a text", type(None): "None"}[hint]
