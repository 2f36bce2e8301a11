"""How TensorFlow is set up: quietly, and fast where the processor allows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infoplane.common import runtime


def test_a_start_without_a_gpu_says_nothing() -> None:
    code = (
        "from infoplane.common.runtime import tensorflow; print(len(tensorflow().config.list_logical_devices('GPU')))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if ended.stdout.strip() != "0":
        pytest.skip("TensorFlow reports the GPU that it found, as it should")
    assert ended.stderr == ""


def test_what_else_is_said_meanwhile_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with runtime._quiet_startup():
        os.write(2, b"E0000 libcudnn is missing\nI0000 oneDNN custom operations are on. And so on\n")
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "E0000 libcudnn is missing\nlater\n"


def test_a_driver_that_fails_is_said_where_there_is_one(capfd: pytest.CaptureFixture[str]) -> None:
    with runtime._quiet_startup():
        os.write(2, b"E0000 failed call to cuInit\n")
    assert "cuInit" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("flags", "one_dnn", "faster"),
    [
        ("avx512f avx512_bf16", "1", True),
        ("amx_bf16", None, True),
        ("avx512f", "1", False),
        ("avx512_bf16", "0", False),
    ],
)
def test_bfloat16_is_for_processors_that_have_it(
    monkeypatch: pytest.MonkeyPatch, flags: str, one_dnn: str | None, faster: bool
) -> None:
    if runtime.tensorflow().config.list_logical_devices("GPU"):
        pytest.skip("bfloat16 is asked for on a CPU alone: a GPU rounds products to TF32 by itself")
    monkeypatch.setattr(Path, "read_text", lambda self: f"flags : fpu {flags} sse")
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if one_dnn is not None:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", one_dnn)
    assert runtime.bfloat16_is_faster.__wrapped__() is faster
