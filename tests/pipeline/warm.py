"""A Python that has the large packages imported already, for the stages that the tests of this folder run, and DVC.

Each stage is a process of its own and would spend several CPU seconds on ``import tensorflow``, each command of DVC one
on its modules; the tests start some 150. Here one process imports the packages, and nothing of infoplane, and forks a
child for each of them: the child has the caller's arguments, environment, folder and standard streams, and imports its
own checkout's code.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import NoReturn

PACKAGES = (
    "tensorflow", "keras", "numpy", "scipy.stats", "scipy.optimize", "sklearn.ensemble", "pandas", "PIL.Image",
    "matplotlib.pyplot", "pydantic", "ruamel.yaml", "dvclive", "tensorflow_datasets", "dvc.cli", "dvc.commands.repro",
    "dvc.repo.experiments.queue.celery", "dvc.scm", "dvc_data.index", "dvc_render", "rich.console",
)  # fmt: skip

CLIENT = f"""#!{sys.executable} -IS
import json, os, socket, sys

words = ["-m", *sys.argv] if os.path.basename(sys.argv[0]) == "dvc" else sys.argv[1:]
module = os.path.basename(words[1]) if words[:1] == ["-m"] else ""
if module != "dvc" and not module.startswith("stages."):
    os.execv({sys.executable!r}, [{sys.executable!r}, *words])
asked = json.dumps([[module, *words[2:]], dict(os.environ), os.getcwd()]).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect(SOCKET)
    socket.send_fds(server, [len(asked).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(asked)
    code = server.recv(1)
sys.exit(code[0] if code else 70)
"""


def write_client(folder: Path, address: Path) -> None:
    """Write ``python`` and ``dvc``, which hand stages and DVC to the process at ``address``, and all else to Python."""
    for name in ("python", "dvc"):
        client = folder / name
        client.write_text(CLIENT.replace("SOCKET", repr(str(address))))
        client.chmod(0o755)


def serve(address: Path) -> None:
    """Import the packages, then run what clients ask for, each in a child; end with the process that started this."""
    for name in PACKAGES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or each child would walk all these modules at its end
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    started_by = os.getppid()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen(64)
        listener.settimeout(5)
        while os.getppid() == started_by:
            try:
                connection = listener.accept()[0]
            except TimeoutError:
                continue
            with connection:
                if os.fork() == 0:
                    listener.close()
                    _run(connection)


def _run(connection: socket.socket) -> NoReturn:
    """Run what the client asks for in a child, and send its exit code; a client that goes takes the child with it."""
    size, streams, _, _ = socket.recv_fds(connection, 8, 3)
    asked = b""
    while len(asked) < int.from_bytes(size, "big"):
        if not (part := connection.recv(1 << 16)):
            os._exit(1)
        asked += part
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        connection.close()
        for target, stream in enumerate(streams):
            os.dup2(stream, target)
            os.close(stream)
        _become(*json.loads(asked))
    for stream in streams:
        os.close(stream)
    threading.Thread(target=_kill_without_client, args=(connection, child), daemon=True).start()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(OSError):
        connection.sendall(bytes([code if code >= 0 else 128 - code]))
    os._exit(0)


def _become(arguments: list[str], environment: dict[str, str], folder: str) -> NoReturn:
    """Do what ``python -m`` does with these arguments."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[0] = folder
    sys.path[1:1] = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    sys.exit(0)


def _kill_without_client(connection: socket.socket, child: int) -> None:
    if connection.recv(1) == b"":
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
