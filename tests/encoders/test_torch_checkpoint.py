"""The checkpoint reader: right files give their numbers, wrong ones one line, and no file makes anything happen."""

from __future__ import annotations

import hashlib
import io
import pickle
import pickletools
import random
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infoplane.encoders import torch_checkpoint

from checkpoint_files import (
    EMPTY,
    FLOAT,
    REBUILD,
    SYSTEM,
    Build,
    Items,
    Name,
    Raw,
    Reduce,
    Stored,
    checkpoint,
    one_tensor,
    operations,
    small,
    stored,
    tensor,
    write,
)


def refusal(folder: Path, data: bytes) -> str:
    path = write(folder, data)
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        torch_checkpoint.read(path)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < len(str(path)) + 300
    return message


def test_tensors_are_strided_views_of_their_storages(tmp_path: Path) -> None:
    tensors = torch_checkpoint.read(write(tmp_path, small()))
    assert list(tensors) == ["a", "count"]
    np.testing.assert_array_equal(tensors["a"], np.array([[0, 2, 4], [1, 3, 5]], np.float32))
    assert tensors["a"].dtype == np.float32
    assert tensors["count"].shape == ()
    assert tensors["count"] == 7
    assert not tensors["a"].flags.writeable


def test_offset_empty_tensor_and_shared_storage(tmp_path: Path) -> None:
    storage = stored("1", 6)
    state = {
        "tail": tensor(storage, (2,), (2,), offset=3),
        "none": tensor(storage, (0, 4), (4, 1)),
        "all": tensor(storage, (6,), (1,)),
    }
    tensors = torch_checkpoint.read(write(tmp_path, checkpoint(state, {"1": np.arange(6, dtype="<f4")})))
    np.testing.assert_array_equal(tensors["tail"], [3.0, 5.0])
    np.testing.assert_array_equal(tensors["all"], np.arange(6.0))
    assert tensors["none"].shape == (0, 4)


def test_metadata_set_on_the_state_dict_is_ignored(tmp_path: Path) -> None:
    state = Build(Items(EMPTY, {"a": tensor(stored("1", 6), (6,), (1,))}), {"_metadata": {}})
    assert list(torch_checkpoint.read(write(tmp_path, checkpoint(state, {"1": np.ones(6, "<f4")})))) == ["a"]


def test_every_prefix_is_refused(tmp_path: Path) -> None:
    whole = small()
    for length in range(len(whole)):
        refusal(tmp_path, whole[:length])


@pytest.mark.parametrize("tail", [b"\0", b"PK", bytes(4096)])
def test_trailing_bytes_are_refused(tmp_path: Path, tail: bytes) -> None:
    assert f"{len(tail)} bytes after its end" in refusal(tmp_path, small() + tail)


def test_a_digest_that_differs_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, small())
    digest = hashlib.sha256(small()).hexdigest()
    assert torch_checkpoint.read(path, digest).keys() == {"a", "count"}
    with pytest.raises(ValueError, match=f"sha256 {digest}"):
        torch_checkpoint.read(path, "0" * 64)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.pth", tmp_path):
        with pytest.raises(ValueError, match="cannot be read"):
            torch_checkpoint.read(path)


class Bomb:
    """Pickled by the standard library, this creates a file when unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.target), "w"))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("place", range(5))
def test_a_hostile_pickle_does_nothing_in_any_place(tmp_path: Path, protocol: int, place: int) -> None:
    target = tmp_path / "executed"
    bomb = pickle.dumps(Bomb(target), protocol)
    pickle.loads(bomb).close()
    assert target.exists(), "the bomb is real"
    target.unlink()
    whole = small()
    ends = pickle_ends(whole)
    refusal(tmp_path, whole[: ends[place]] + bomb + whole[ends[place + 1] :])
    assert not target.exists()


def pickle_ends(data: bytes) -> list[int]:
    """Where the five pickles of a file start, and where the last one ends."""
    stream = io.BytesIO(data)
    ends = [0]
    for _ in range(5):
        list(pickletools.genops(stream))
        ends.append(stream.tell())
    return ends


FOREIGN = {
    "posix.system": Reduce(Name("posix", "system"), ("exit 7",)),
    "builtins.eval": Reduce(Name("builtins", "eval"), ("1/0",)),
    "__builtin__.getattr": Name("__builtin__", "getattr"),
    "torch.nn.modules.linear.Linear": Reduce(Name("torch.nn.modules.linear", "Linear"), ()),
    "numpy.core.multiarray._reconstruct": Name("numpy.core.multiarray", "_reconstruct"),
    "torch.HalfStorage": tensor(stored("1", 6, Name("torch", "HalfStorage")), (6,), (1,)),
    "collections.OrderedDict.update": Name("collections", "OrderedDict.update"),
}


# What the standard unpickler does of itself and a state dict has no use for: each must be refused by its name.
OPERATIONS: dict[str, bytes] = {
    "NEWOBJ": operations(EMPTY.function) + b")\x81",
    "NEWOBJ_EX": operations(EMPTY.function) + b")}\x92",
    "OBJ": b"(" + operations(EMPTY.function) + b"o",
    "INST": b"(ios\nsystem\n",
    "STACK_GLOBAL": operations("collections") + operations("OrderedDict.update") + b"\x93",
    "EXT1": b"\x82\x01",
    "EXT4": b"\x84\x01\0\0\0",
    "PERSID": b"Pstorage\n",
    "EMPTY_SET": b"\x8f",
    "FROZENSET": b"(N\x91",
    "DICT": b"(NNd",
    "DUP": b"N2",
    "BINBYTES": b"B\x01\0\0\0a",
    "BINBYTES8": b"\x8e" + struct.pack("<Q", 1) + b"a",
    "BYTEARRAY8": b"\x96" + struct.pack("<Q", 1) + b"a",
    "LONG4": b"\x8b\x01\0\0\0\x01",
    "FRAME": b"\x95" + struct.pack("<Q", 0) + b"N",
    "MEMOIZE": b"N\x94",
    "NEXT_BUFFER": b"\x97",
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_outside_the_subset_are_refused_by_name(tmp_path: Path, name: str) -> None:
    assert f"the pickle operation {name}," in refusal(tmp_path, one_tensor(Raw(OPERATIONS[name])))


def test_a_state_changes_no_object_but_a_call(tmp_path: Path) -> None:
    for state in ({"name": "posix system"}, (None, {"name": "posix system"}), (None, {"__class__": REBUILD})):
        for target in (REBUILD, FLOAT, SIX, [], {}, "text", (1,)):
            refusal(tmp_path, one_tensor(tensor(Build(target, state), (6,), (1,))))
    assert torch_checkpoint.read(write(tmp_path, small())).keys() == {"a", "count"}


def test_calls_of_what_was_not_named_are_refused(tmp_path: Path) -> None:
    for function in (SIX, tensor(SIX, (6,), (1,)), None, 3, {}, (REBUILD,)):
        assert "not callable" in refusal(tmp_path, one_tensor(Reduce(function, ())))


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_names_are_refused_by_name(tmp_path: Path, name: str) -> None:
    assert name in refusal(tmp_path, one_tensor(FOREIGN[name]))


SIX = stored("1", 6)
NO_TENSORS: dict[str, Any] = {
    "a number": 3,
    "an ordered dictionary": EMPTY,
    "a bare storage": SIX,
    "a call of a storage": Reduce(FLOAT, (6,)),
    "a call of text": Reduce("print", ("a",)),
    "a call with a list of arguments": Reduce(REBUILD, [SIX, 0, (6,), (1,), False, EMPTY]),
    "too few arguments": Reduce(REBUILD, (SIX, 0, (6,), (1,))),
    "a state": Build(tensor(SIX, (6,), (1,)), {"a": 1}),
    "items": Items(tensor(SIX, (6,), (1,)), {"a": 1}),
    "a state on a global": Build(REBUILD, {"__defaults__": ()}),
    "hooks": tensor(SIX, (6,), (1,), hooks=Items(EMPTY, {"a": 1})),
    "no storage": tensor(None, (6,), (1,)),
    "a storage of something": tensor(Stored(("module", FLOAT, "1", "cpu", 6, None)), (6,), (1,)),
    "a storage of no kind": tensor(stored("1", 6, "torch FloatStorage"), (6,), (1,)),
    "a storage of a function": tensor(stored("1", 6, REBUILD), (6,), (1,)),
    "a storage that is a view": tensor(stored("1", 6, view=("2", 0, 6)), (6,), (1,)),
    "a storage that is text": tensor(Stored("storage"), (6,), (1,)),
    "a negative storage": tensor(stored("1", -6), (6,), (1,)),
    "a key that is a number": tensor(Stored(("storage", FLOAT, 1, "cpu", 6, None)), (6,), (1,)),
    "too large a size": tensor(SIX, (7,), (1,)),
    "a huge size": tensor(SIX, (2**60, 2**60), (1, 1)),
    "a blown-up size": tensor(SIX, (10**12,), (0,)),
    "a negative size": tensor(SIX, (-1,), (1,)),
    "a negative size twice": tensor(SIX, (-2, -3), (1, 1)),
    "a stride that leaves": tensor(SIX, (3, 2), (3, 1)),
    "a negative stride": tensor(SIX, (6,), (-1,), offset=5),
    "an offset that leaves": tensor(SIX, (6,), (1,), offset=1),
    "a negative offset": tensor(SIX, (6,), (1,), offset=-1),
    "an offset that is a truth value": tensor(SIX, (5,), (1,), offset=True),
    "more strides than sizes": tensor(SIX, (6,), (1, 1)),
    "sizes that are a list": tensor(SIX, [6], (1,)),
    "sizes that are text": tensor(SIX, ("6",), (1,)),
    "too many axes": tensor(SIX, (1,) * 200, (1,) * 200),
}


@pytest.mark.parametrize("name", NO_TENSORS)
def test_what_is_no_tensor_of_its_storage_is_refused(tmp_path: Path, name: str) -> None:
    refusal(tmp_path, one_tensor(NO_TENSORS[name]))


WRONG_FILES: dict[str, bytes] = {
    "empty": b"",
    "text": b"not a checkpoint\n" * 100,
    "zip": b"PK\x03\x04" + bytes(100),
    "another magic number": small(magic=1),
    "a magic number in a tuple": small(magic=(1,)),
    "another version": small(version=1002),
    "big-endian": small(system={**SYSTEM, "little_endian": False}),
    "no system information": small(system=3),
    "a plain dictionary": small(state=Raw(operations({"a": 1}))),
    "a tensor alone": small(state=tensor(stored("1", 6), (6,), (1,))),
    "a missing key": small(keys=["2"]),
    "a foreign key": small(keys=["2", "1", "3"]),
    "a key twice": small(keys=["2", "1", "1"]),
    "keys that are no list": small(keys=("2", "1")),
    "keys that are numbers": small(keys=[2, 1]),
    "a storage of another length": small(storages={"2": np.array([7], "<i8"), "1": np.arange(7, dtype="<f4")}),
    "storages swapped": small(keys=["1", "2"]),
    "a storage described twice": checkpoint(
        {"a": tensor(stored("1", 6), (6,), (1,)), "b": tensor(stored("1", 5), (5,), (1,))},
        {"1": np.arange(6, dtype="<f4")},
    ),
    "a name twice": checkpoint(
        Raw(operations(Items(Items(EMPTY, {"a": tensor(SIX, (6,), (1,))}), {"a": tensor(SIX, (6,), (1,))}))),
        {"1": np.arange(6, dtype="<f4")},
    ),
    "a name that is a number": small(state=Raw(operations(EMPTY) + b"(K\x01K\x02u")),
    "protocol 4": small(magic=Raw(b"\x80\x04K\x01")),
    "a memo entry that was not set": small(magic=Raw(b"h\x05")),
    "an empty stack": small(magic=Raw(b"R")),
    "no mark": small(magic=Raw(b"t")),
    "a mark left": small(magic=Raw(b"(")),
    "two values left": small(magic=Raw(b"NN")),
    "values appended to a tuple": small(magic=Raw(b")(Ne")),
    "an unknown operation": small(magic=Raw(b"\xff")),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_wrong_files_are_refused(tmp_path: Path, name: str) -> None:
    refusal(tmp_path, WRONG_FILES[name])


def test_structures_that_grow_when_shown_are_refused_at_once(tmp_path: Path) -> None:
    doubled = b")" + b"q\x00h\x00\x86" * 200  # (x, x) of (x, x) of ...: 2^200 leaves
    refusal(tmp_path, small(magic=Raw(doubled)))
    refusal(tmp_path, small(state=Raw(doubled)))
    refusal(tmp_path, one_tensor(tensor(SIX, Raw(doubled), (1,))))
    refusal(tmp_path, one_tensor(Raw(b"(" * 10**5 + b"t" * 10**5)))


NESTED = b")" + b"\x85" * 300_000  # a tuple in a tuple in a ...: its hash overflows the stack of C
DOUBLED = b")" + b"q\x00h\x00\x86" * 200  # a tuple of 2^200 leaves: its hash never ends
KEY = "a dictionary key that is not text"
GREEDY: dict[str, tuple[bytes, str]] = {
    "a nested key": (b"}" + NESTED + b"Ns", KEY),
    "a nested key among others": (b"}(" + operations("a") + b"N" + NESTED + b"Nu", KEY),
    "a doubled key": (b"}(" + DOUBLED + b"Nu", KEY),
    "a doubled key out of the memo": (b"](" + DOUBLED + b"q\x01e}(h\x01Nu", KEY),
    "a stored key": (b"}(" + operations(Stored(Raw(NESTED))) + b"Nu", KEY),
    "a nested name": (operations(EMPTY) + NESTED + b"Ns", KEY),
    "a memo of 2^32 entries": (b"Nr\xff\xff\xff\xff", "memo entry 4294967295"),
    "a text of 2^32 letters": (b"X\xff\xff\xff\xff" + b"a" * 100, "expected 4294967295 bytes"),
    "many marks": (b"(" * 300_000, "a value is missing"),
    "nested tuples": (NESTED, "is no tensor"),
    "nested lists": (b"](" * 300_000 + b"e" * 300_000, "is no tensor"),
}


@pytest.mark.parametrize("name", GREEDY)
def test_what_would_exhaust_the_machine_is_refused_with_little_memory(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, one_tensor(Raw(GREEDY[name][0])))
    code = (
        "import pathlib, resource; from infoplane.encoders import torch_checkpoint as t\n"
        "used = int(pathlib.Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 2**29,) * 2)\n"
        f"try: t.read(pathlib.Path({str(path)!r}))\n"
        "except ValueError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert GREEDY[name][1] in done.stdout


def test_random_damage_gives_a_value_error_or_a_file_of_the_same_form(tmp_path: Path) -> None:
    rng = random.Random(0)
    whole, refused = small(), 0
    for _ in range(600):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            tensors = torch_checkpoint.read(write(tmp_path, bytes(data)))
        except ValueError:
            refused += 1
        else:
            assert sum(array.nbytes for array in tensors.values()) <= len(whole)
    assert refused > 300


def test_reading_imports_neither_torch_nor_tensorflow(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from infoplane.encoders import torch_checkpoint as t\n"
        f"t.read(pathlib.Path({str(write(tmp_path, small()))!r}))\n"
        "print([name for name in ('torch', 'tensorflow', 'keras') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
