"""Writes small torch checkpoints (legacy format), right ones and wrong ones, byte by byte."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}


@dataclass(frozen=True)
class Name:
    """A global, as pickle refers to it."""

    module: str
    name: str


@dataclass(frozen=True)
class Reduce:
    """A call, as pickle asks for it."""

    function: Any
    arguments: Any


@dataclass(frozen=True)
class Items:
    """An object on which items are set."""

    target: Any
    items: dict[str, Any]


@dataclass(frozen=True)
class Build:
    """An object whose state is set."""

    target: Any
    state: Any


@dataclass(frozen=True)
class Stored:
    """Something kept outside the pickle."""

    identifier: Any


@dataclass(frozen=True)
class Raw:
    """Operations as they are."""

    operations: bytes


FLOAT, LONG = Name("torch", "FloatStorage"), Name("torch", "LongStorage")
REBUILD = Name("torch._utils", "_rebuild_tensor_v2")
EMPTY = Reduce(Name("collections", "OrderedDict"), ())


def operations(value: Any) -> bytes:
    """The pickle operations (protocol 2) that make a value."""
    match value:
        case None:
            return b"N"
        case bool():
            return b"\x88" if value else b"\x89"
        case int():
            raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            return b"\x8a" + bytes([len(raw)]) + raw
        case str():
            return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
        case tuple():
            return b"(" + b"".join(map(operations, value)) + b"t"
        case list():
            return b"](" + b"".join(map(operations, value)) + b"e"
        case dict():
            return operations(Items(Raw(b"}"), value))
        case Name(module, name):
            return f"c{module}\n{name}\n".encode()
        case Reduce(function, arguments):
            return operations(function) + operations(arguments) + b"R"
        case Items(target, items):
            pairs = b"".join(operations(key) + operations(item) for key, item in items.items())
            return operations(target) + b"(" + pairs + b"u"
        case Build(target, state):
            return operations(target) + operations(state) + b"b"
        case Stored(identifier):
            return operations(identifier) + b"Q"
        case Raw(raw):
            return raw
    raise TypeError(type(value))


def pickled(value: Any) -> bytes:
    """One pickle."""
    return b"\x80\x02" + operations(value) + b"."


def stored(key: str, elements: int, kind: Any = FLOAT, view: Any = None) -> Stored:
    """A reference to a storage."""
    return Stored(("storage", kind, key, "cpu", elements, view))


def tensor(storage: Any, size: Any, stride: Any, offset: Any = 0, hooks: Any = EMPTY) -> Reduce:
    """A view of a storage."""
    return Reduce(REBUILD, (storage, offset, size, stride, False, hooks))


def checkpoint(
    state: Any,
    storages: dict[str, np.ndarray],
    *,
    magic: Any = MAGIC,
    version: Any = 1001,
    system: Any = SYSTEM,
    keys: Any = None,
) -> bytes:
    """A whole file; ``state`` is a dictionary of tensors or whatever else to put in its place."""
    root = Items(EMPTY, state) if isinstance(state, dict) else state
    head = b"".join(map(pickled, (magic, version, system, root, list(storages) if keys is None else keys)))
    return head + b"".join(struct.pack("<q", array.size) + array.tobytes() for array in storages.values())


def small(**changes: Any) -> bytes:
    """A right file of two tensors, 'a' (2, 3) transposed in its storage and 'count' (), unless changed."""
    state = {"a": tensor(stored("1", 6), (2, 3), (1, 2)), "count": tensor(stored("2", 1, LONG), (), ())}
    storages = {"2": np.array([7], "<i8"), "1": np.arange(6, dtype="<f4")}
    return checkpoint(**{"state": state, "storages": storages, **changes})


def one_tensor(value: Any) -> bytes:
    """A file whose single tensor, described by ``value``, has six floats."""
    return checkpoint({"a": value}, {"1": np.arange(6, dtype="<f4")})


def write(folder: Path, data: bytes) -> Path:
    """Put a file's bytes on disk."""
    path = folder / "file.pth"
    path.write_bytes(data)
    return path
