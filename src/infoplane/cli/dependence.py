"""``infoplane test``, ``rank`` and ``matrix``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

from infoplane.cli.output import Command, declare_json, naming_files, print_json

if TYPE_CHECKING:
    from infoplane.results.columns import PairMatrix, Ranking


def _declare_test(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("x", help="samples of X, in a file as of `infoplane estimate`")
    parser.add_argument("z", help="samples of Z, paired with x")
    parser.add_argument("--given", metavar="FILE", help="samples of W: test whether X and Z are independent given W")
    _declare_permutations(parser)
    declare_json(parser)


def _declare_permutations(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--permutations", type=int, default=199, help="the least p is 1 in N + 1 (default: 199)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same result (default: 0)")


def _run_test(arguments: argparse.Namespace) -> None:
    from infoplane.common.files import open_samples
    from infoplane.estimators.independence import independence_test

    x, z = open_samples(arguments.x), open_samples(arguments.z)
    given = None if arguments.given is None else open_samples(arguments.given)
    with naming_files({"x": arguments.x, "z": arguments.z, "given": arguments.given}):
        result = independence_test(x, z, given, arguments.permutations, seed=arguments.seed)
    if arguments.json:
        print_json({name: value for name, value in asdict(result).items() if name != "null"})
    else:
        print(result)


def _declare_columns(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--method", help="see `infoplane methods`; without one, by what the columns hold")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side; -1: one for each core")
    parser.add_argument("--progress", action="store_true", help="show a progress bar")
    _declare_permutations(parser)
    declare_json(parser)


def _print_table(result: Ranking | PairMatrix, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print_json(result.to_dict() | {"warnings": list(result.warnings)})
    else:
        print(result)


def _declare_rank(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("x", help="samples, a column each, in a file as of `infoplane estimate`")
    parser.add_argument("y", help="the target; integers, booleans or texts are labels")
    parser.add_argument("--numbers", action="store_true", help="an integer y is numbers, not class labels")
    _declare_columns(parser)


def _run_rank(arguments: argparse.Namespace) -> None:
    from infoplane.common.files import open_samples
    from infoplane.estimators.columns import rank

    kind: Literal["numbers"] | None = "numbers" if arguments.numbers else None
    x, y = open_samples(arguments.x), open_samples(arguments.y)
    with naming_files({"x": arguments.x, "y": arguments.y}):
        result = rank(
            x, y, arguments.method, z_kind=kind, permutations=arguments.permutations, jobs=arguments.jobs,
            progress=arguments.progress, seed=arguments.seed,
        )  # fmt: skip
    _print_table(result, arguments)


def _declare_matrix(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("x", help="samples, a column each, in a file as of `infoplane estimate`")
    _declare_columns(parser)


def _run_matrix(arguments: argparse.Namespace) -> None:
    from infoplane.common.files import open_samples
    from infoplane.estimators.columns import matrix

    x = open_samples(arguments.x)
    with naming_files({"x": arguments.x}):
        result = matrix(
            x, arguments.method, permutations=arguments.permutations, jobs=arguments.jobs,
            progress=arguments.progress, seed=arguments.seed,
        )  # fmt: skip
    _print_table(result, arguments)


COMMANDS = (
    Command("test", "Test whether X and Z are independent, or independent given W.", _declare_test, _run_test),
    Command("rank", "Rank columns by their information about a target.", _declare_rank, _run_rank),
    Command("matrix", "Measure the information of every pair of columns.", _declare_matrix, _run_matrix),
)
