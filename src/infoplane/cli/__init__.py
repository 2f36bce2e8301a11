"""The command line: ``infoplane estimate``, ``test``, ``rank`` and the others that ``infoplane --help`` lists.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 the method failed on good
input, 2 bad input (one line says which file and what is wrong).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from infoplane import __version__
from infoplane.cli import dependence, information, project
from infoplane.common import extras

_COMMANDS = (*information.COMMANDS, *dependence.COMMANDS, *project.COMMANDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _Parser(prog="infoplane", description="Mutual information, in nats.")
    parser.add_argument("--version", action="version", version=f"infoplane {__version__}")
    subparsers = parser.add_subparsers(metavar="command")
    for command in _COMMANDS:
        sub = subparsers.add_parser(command.name, help=command.summary, description=command.summary)
        command.declare(sub)
        sub.set_defaults(run=command.run)
    parsed = parser.parse_args(arguments)
    if "run" not in parsed:
        parser.print_help()
        return 0
    try:
        parsed.run(parsed)
        sys.stdout.flush()
    except ValueError as error:
        return _fail(str(error), 2)
    except ArithmeticError as error:
        return _fail(str(error), 1)
    except ModuleNotFoundError as error:
        return _fail(extras.missing(error), 2)
    except BrokenPipeError:  # the reader, such as head, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}", 2)
    return 0


def _fail(text: str, code: int) -> int:
    print(f"infoplane: {' '.join(text.split())}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")
