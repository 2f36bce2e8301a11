"""Reads the tensors of a torch checkpoint (legacy format, not zip) without torch and without executing anything.

Layout of the file: five pickles (magic number, format version, system information, state dict, list of storage keys),
then for each key in the order of the list the number of its elements (int64) and the elements, little-endian.
Source: ``torch.serialization`` (``_legacy_save``), format version 1001.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.encoders import plain_pickle
from infoplane.encoders.plain_pickle import Call, Global, Persistent

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_ORDERED_DICT = "collections OrderedDict"
_REBUILD = "torch._utils _rebuild_tensor_v2"
_DTYPES: dict[str, np.dtype[Any]] = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}
_GLOBALS = frozenset({_ORDERED_DICT, _REBUILD, *_DTYPES})
_LONGEST_REASON = 200


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]
    elements: int


@dataclass(frozen=True)
class _Tensor:
    """A strided view of a storage; offset and strides count elements."""

    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def read(path: Path, sha256: str | None = None) -> dict[str, npt.NDArray[Any]]:
    """The tensors of a checkpoint by name, in the file's order.

    Args:
        path: the file.
        sha256: its digest in hexadecimal, if known.

    Returns:
        Read-only arrays, float32 and int64, that share the file's bytes.

    Raises:
        ValueError: no such file, another digest, or anything but a legacy checkpoint of float and long tensors:
            foreign classes, a cut file, trailing bytes, sizes and strides that leave their storage, other types.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
    found = hashlib.sha256(data).hexdigest()
    if sha256 is not None and found != sha256:
        raise ValueError(f"{path}: sha256 {found}; expected {sha256}, so the file is damaged or another one")
    try:
        return _parse(data)
    except ValueError as error:
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        raise ValueError(f"{path}: no legacy torch checkpoint of float and long tensors: {reason}") from None


def _parse(data: bytes) -> dict[str, npt.NDArray[Any]]:
    if data[:4] == b"PK\x03\x04":
        raise ValueError("a zip file, the default of torch >= 1.6")
    stream = BytesIO(data)
    if plain_pickle.load(stream) != _MAGIC:
        raise ValueError("another magic number")
    if plain_pickle.load(stream) != _VERSION:
        raise ValueError(f"another format version; expected {_VERSION}")
    system = plain_pickle.load(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise ValueError("not written on a little-endian machine")
    tensors = _tensors(plain_pickle.load(stream, _GLOBALS))
    contents = _read_storages(data, stream, plain_pickle.load(stream), _storages(tensors))
    return {name: _view(name, tensor, contents[tensor.storage.key]) for name, tensor in tensors.items()}


def _tensors(state: Any) -> dict[str, _Tensor]:
    if not _is_ordered_dict(state):
        raise ValueError("its content is no ordered dictionary")
    return {name: _tensor(name, value) for name, value in state.items.items()}


def _tensor(name: str, value: Any) -> _Tensor:
    if not isinstance(value, Call) or value.function != Global(_REBUILD) or len(value.arguments) != 6:
        raise ValueError(f"{name!r} is no tensor")
    stored, offset, size, stride, _, hooks = value.arguments
    if value.items or value.state is not None or not _is_ordered_dict(hooks) or hooks.items:
        raise ValueError(f"{name!r} has hooks or a state, which are not read")
    storage = _storage(name, stored)
    if not (_is_count(offset) and _are_counts(size) and _are_counts(stride) and len(size) == len(stride)):
        raise ValueError(f"{name!r}: offset, size and stride are no counts that fit together")
    # A stride of 0 would blow a small storage up to any size; the views of a state dict repeat no element.
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if math.prod(size) > storage.elements or (math.prod(size) > 0 and last >= storage.elements):
        raise ValueError(f"{name!r}: size and stride leave its storage of {storage.elements} elements")
    return _Tensor(storage, offset, size, stride)


def _storage(name: str, stored: Any) -> _Storage:
    identifier = stored.identifier if isinstance(stored, Persistent) else None
    if type(identifier) is not tuple or len(identifier) != 6 or identifier[0] != "storage":
        raise ValueError(f"{name!r} has no storage")
    _, kind, key, location, elements, view = identifier
    if not isinstance(kind, Global) or kind.name not in _DTYPES:
        raise ValueError(f"{name!r}: its storage is neither float nor long")
    if not (type(key) is str and type(location) is str and _is_count(elements) and view is None):
        raise ValueError(f"{name!r}: its storage is not described as in a state dict")
    return _Storage(key, _DTYPES[kind.name], elements)


def _storages(tensors: dict[str, _Tensor]) -> dict[str, _Storage]:
    storages: dict[str, _Storage] = {}
    for name, tensor in tensors.items():
        if storages.setdefault(tensor.storage.key, tensor.storage) != tensor.storage:
            raise ValueError(f"{name!r}: its storage is described in two ways")
    return storages


def _read_storages(data: bytes, stream: BytesIO, keys: Any, storages: dict[str, _Storage]) -> dict[str, memoryview]:
    if type(keys) is not list or not all(type(key) is str for key in keys) or sorted(keys) != sorted(storages):
        raise ValueError("the list of storages is not that of the tensors")
    whole, position = memoryview(data), stream.tell()
    contents = {}
    for key in keys:
        storage = storages[key]
        start, end = position + 8, position + 8 + storage.elements * storage.dtype.itemsize
        if end > len(data):
            raise ValueError(f"cut off: {len(data)} bytes; expected at least {end}")
        if int.from_bytes(whole[position:start], "little", signed=True) != storage.elements:
            raise ValueError(f"storage {key!r} has another number of elements than its tensors say")
        contents[key] = whole[start:end]
        position = end
    if position != len(data):
        raise ValueError(f"{len(data) - position} bytes after its end")
    return contents


def _view(name: str, tensor: _Tensor, content: memoryview) -> npt.NDArray[Any]:
    dtype = tensor.storage.dtype
    if math.prod(tensor.size) == 0:
        return np.empty(tensor.size, dtype)
    strides = tuple(step * dtype.itemsize for step in tensor.stride)
    try:
        return np.ndarray(tensor.size, dtype, buffer=content, offset=tensor.offset * dtype.itemsize, strides=strides)
    except (ValueError, OverflowError):
        raise ValueError(f"{name!r}: size and stride make no array") from None


def _is_ordered_dict(value: Any) -> bool:
    return isinstance(value, Call) and value.function == Global(_ORDERED_DICT) and value.arguments == ()


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _are_counts(values: Any) -> bool:
    return type(values) is tuple and all(_is_count(value) for value in values)
