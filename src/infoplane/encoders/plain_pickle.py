"""Pickle streams as plain data: nothing is imported, called or built, whatever the stream says.

The subset is what a state dict needs: protocol 2, plain values, containers, references to named globals, and calls
recorded as data. Everything else is refused.
"""

from __future__ import annotations

import pickletools
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import IO, Any


@dataclass(frozen=True)
class Global:
    """A name that the stream refers to, as ``module name``."""

    name: str


@dataclass(frozen=True)
class Persistent:
    """Something kept outside the stream, by what identifies it there."""

    identifier: Any


@dataclass
class Call:
    """A call that the stream asks for and that nobody makes, with the items and the state set on its result."""

    function: Global
    arguments: tuple[Any, ...]
    items: dict[Any, Any] = field(default_factory=dict)
    state: Any = None


def load(stream: IO[bytes], globals_allowed: Collection[str] = ()) -> Any:
    """Read one pickle from where the stream stands and leave the stream after it.

    Args:
        stream: binary, seekable.
        globals_allowed: the names, ``module name``, that the pickle may refer to.

    Returns:
        None, booleans, integers, strings, tuples, lists, dictionaries, and ``Global``, ``Persistent``, ``Call``.

    Raises:
        ValueError: the stream is cut or damaged, refers to a name that is not allowed, or holds an operation outside
            the subset.
    """
    machine = _Machine(globals_allowed)
    # pickletools only decodes operations and their literal arguments.
    for operation, argument, _ in pickletools.genops(stream):
        machine.step(operation.name, argument)
    return machine.result()


_LITERALS = {"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, type] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_SHORT_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MARK = object()


class _Machine:
    """The stack and the memo of a pickle stream."""

    def __init__(self, globals_allowed: Collection[str]) -> None:
        self._allowed = globals_allowed
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Carry out one operation."""
        if name in _LITERALS:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            self._stack.append(_EMPTY[name]())
        elif name in _SHORT_TUPLES:
            self._stack.append(tuple(reversed([self._pop() for _ in range(_SHORT_TUPLES[name])])))
        elif name == "MARK":
            self._stack.append(_MARK)
        elif name == "TUPLE":
            self._stack.append(tuple(self._pop_to_mark()))
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = self._top()
        elif name in ("BINGET", "LONG_BINGET"):
            self._stack.append(self._recall(argument))
        elif name == "PROTO":
            _require(argument == 2, f"pickle protocol {argument}, 2 is wanted")
        elif name != "STOP":
            self._step_on_objects(name, argument)

    def _step_on_objects(self, name: str, argument: Any) -> None:
        match name:
            case "GLOBAL":
                _require(
                    argument in self._allowed, f"it refers to {_shown(argument)}, which a state dict has no use for"
                )
                self._stack.append(Global(argument))
            case "BINPERSID":
                self._stack.append(Persistent(self._pop()))
            case "REDUCE":
                arguments, function = self._pop(), self._pop()
                _require(isinstance(function, Global) and type(arguments) is tuple, "a call of something not callable")
                self._stack.append(Call(function, arguments))
            case "BUILD":
                state, target = self._pop(), self._top()
                _require(isinstance(target, Call), "a state set on something that has none")
                target.state = state
            case "SETITEM":
                value, key = self._pop(), self._pop()
                self._set_items([key, value])
            case "SETITEMS":
                self._set_items(self._pop_to_mark())
            case "APPENDS":
                values = self._pop_to_mark()
                _require(type(self._top()) is list, "values appended to something that is no list")
                self._top().extend(values)
            case _:
                raise ValueError(f"the pickle operation {name}, which a state dict has no use for")

    def result(self) -> Any:
        """What is left on the stack after STOP."""
        _require(len(self._stack) == 1, f"{len(self._stack)} values at the end of a pickle, 1 is wanted")
        return self._pop()

    def _set_items(self, flat: list[Any]) -> None:
        target = self._top()
        items = target.items if isinstance(target, Call) else target
        _require(type(items) is dict and len(flat) % 2 == 0, "items set on something that is no dictionary")
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            _require(type(key) is str, f"a dictionary key of type {type(key).__name__}, text is wanted")
            _require(key not in items, f"the key {_shown(key)} twice")
            items[key] = value

    def _top(self) -> Any:
        _require(bool(self._stack) and self._stack[-1] is not _MARK, "a value is missing on the stack")
        return self._stack[-1]

    def _pop(self) -> Any:
        self._top()
        return self._stack.pop()

    def _pop_to_mark(self) -> list[Any]:
        values: list[Any] = []
        while self._stack and self._stack[-1] is not _MARK:
            values.append(self._stack.pop())
        _require(bool(self._stack), "a mark is missing on the stack")
        self._stack.pop()
        return values[::-1]

    def _recall(self, index: int) -> Any:
        _require(index in self._memo, f"memo entry {index} is used before it is set")
        return self._memo[index]


def _require(holds: bool, problem: str) -> None:
    if not holds:
        raise ValueError(problem)


def _shown(text: str) -> str:
    return repr(text.replace(" ", ".", 1) if len(text) <= 100 else text[:100] + "...")
