"""Reads pickle streams as plain data: nothing is imported or called, whatever the stream asks for.

The standard unpickler reads a state dict (protocol 2) with every global replaced by an inert object that records how it
is used. Operations that could exhaust memory or the C stack before such an object is reached are refused beforehand.
"""

from __future__ import annotations

import pickle
import pickletools
from collections.abc import Collection
from dataclasses import dataclass, field
from pickletools import OpcodeInfo, StackObject, markobject, pyunicode
from typing import IO, Any

_VALUES = frozenset({"NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE"})
_TUPLES = frozenset({"EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "TUPLE"})
_CONTAINERS = frozenset({"EMPTY_DICT", "EMPTY_LIST", "SETITEM", "SETITEMS", "APPENDS"})
_MEMO = frozenset({"BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"})
_OBJECTS = frozenset({"GLOBAL", "BINPERSID", "REDUCE", "BUILD"})
_OPERATIONS = _VALUES | _TUPLES | _CONTAINERS | _MEMO | _OBJECTS | {"PROTO", "MARK", "STOP"}
_LONGEST_NAME_SHOWN = 100


class _Inert:
    """An object without state; BUILD calls its ``__setstate__`` instead of writing to ``__dict__``."""

    def __setstate__(self, state: Any) -> None:
        raise ValueError("a state set on something that has none")


@dataclass(frozen=True)
class Global(_Inert):
    """A name that the stream refers to, as ``module name``."""

    name: str

    def __call__(self, *arguments: Any) -> Call:
        return Call(self, arguments)


@dataclass(frozen=True)
class Persistent(_Inert):
    """A reference to an object that is stored outside the stream, by its identifier."""

    identifier: Any


@dataclass
class Call:
    """A call that the stream asks for, recorded and not made, with the items and the state set on its result."""

    function: Global
    arguments: tuple[Any, ...]
    items: dict[str, Any] = field(default_factory=dict)
    state: Any = None

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self.items:
            raise ValueError(f"the key {_shown(key)} twice")
        self.items[key] = value

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: IO[bytes], globals_allowed: Collection[str]) -> None:
        super().__init__(stream)
        self._allowed = globals_allowed

    def find_class(self, module_name: str, global_name: str) -> Global:
        name = f"{module_name} {global_name}"
        if name not in self._allowed:
            raise ValueError(f"it refers to {_shown(name)}, which a state dict has no use for")
        return Global(name)

    def persistent_load(self, pid: Any) -> Persistent:
        return Persistent(pid)


def load(stream: IO[bytes], globals_allowed: Collection[str] = ()) -> Any:
    """Read one pickle from where the stream stands and leave the stream after it.

    Args:
        stream: binary, seekable.
        globals_allowed: the names, ``module name``, that the pickle may refer to.

    Returns:
        None, booleans, integers, strings, tuples, lists, dictionaries, and ``Global``, ``Persistent``, ``Call``.

    Raises:
        ValueError: the stream is cut or damaged, refers to a name that is not allowed, holds an operation outside
            the subset, or a dictionary key that is not text.
    """
    start = stream.tell()
    _check_operations(stream)
    stream.seek(start)
    try:
        return _Unpickler(stream, globals_allowed).load()
    except Exception as error:  # the documentation of pickle: a damaged stream may raise any exception
        raise ValueError(str(error)) from error


def _check_operations(stream: IO[bytes]) -> None:
    """Follow one pickle's stack without its values, and refuse what the unpickler could not be stopped from doing.

    Before an object of this module is asked, the C code allocates a memo up to the largest index that the stream
    names, and hashes dictionary keys, which for nested tuples can overflow its stack or never end.
    """
    stack: list[StackObject] = []
    memo: dict[Any, StackObject] = {}
    marks: list[int] = []
    argument: Any
    for before, (operation, argument, _) in enumerate(pickletools.genops(stream)):
        name = operation.name
        if name not in _OPERATIONS:
            raise ValueError(f"the pickle operation {name}, which a state dict has no use for")
        operands = _take(stack, marks, operation)
        if name in ("SETITEM", "SETITEMS") and any(key is not pyunicode for key in operands[1::2]):
            raise ValueError("a dictionary key that is not text")
        if name == "MARK":
            marks.append(len(stack))
        elif name in ("BINPUT", "LONG_BINPUT"):
            if not stack or argument > before:
                raise ValueError(f"memo entry {argument}, but no or too few values before it")
            memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            if argument not in memo:
                raise ValueError(f"memo entry {argument} is used before it is set")
            stack.append(memo[argument])
        else:
            stack.extend(operation.stack_after)
    if stack or marks:
        raise ValueError(f"{len(stack) + 1} values at the end of a pickle, expected 1")


def _take(stack: list[StackObject], marks: list[int], operation: OpcodeInfo) -> list[StackObject]:
    """Remove an operation's operands from the stack and return them."""
    needed = operation.stack_before
    start = len(stack) - len(needed)
    if markobject in needed:
        if not marks:
            raise ValueError("a mark is missing on the stack")
        start = marks.pop() - needed.index(markobject)
    if start < (marks[-1] if marks else 0):
        raise ValueError("a value is missing on the stack")
    operands = stack[start:]
    del stack[start:]
    return operands


def _shown(text: str) -> str:
    return repr(text.replace(" ", ".", 1) if len(text) <= _LONGEST_NAME_SHOWN else text[:_LONGEST_NAME_SHOWN] + "...")
