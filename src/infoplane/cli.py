"""The command line: ``infoplane estimate``, ``estimate-noisy``, ``calibrate``, ``profile`` and ``methods``.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 the method failed on good
input, 2 bad input (one line says which file and what is wrong).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from infoplane import __version__
from infoplane.common import extras

if TYPE_CHECKING:
    from infoplane.calibration.outcome import Outcome
    from infoplane.results.estimate import Estimate, NoisyEstimate

_NAME_WIDTH = 11


@dataclass(frozen=True)
class Command:
    """One sub-command: its name, its summary, a function that declares its arguments and one that runs it."""

    name: str
    summary: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]


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


# estimate


def _declare_estimate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("x", help="samples of X: .npy, .npz:name, .csv or .parquet, :columns of a table")
    parser.add_argument("z", help="samples of Z, paired with x; one dimension of integers, booleans or texts is labels")
    parser.add_argument("--method", default="auto", help="see `infoplane methods` (default: auto)")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE",
        help="an option of the method, such as k=5; may be given several times; see `infoplane methods NAME`",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same value (default: 0)")
    parser.add_argument("--numbers", action="store_true", help="a 1-D integer z is numbers, not class labels")
    parser.add_argument(
        "--groups", metavar="FILE", help="rows that belong together: (n,), integers or texts, in a file as x"
    )
    parser.add_argument("--bits", action="store_true", help="as text: in bits instead of nats")
    _declare_json(parser)


def _run_estimate(arguments: argparse.Namespace) -> None:
    from infoplane.common.files import open_samples
    from infoplane.estimators import options
    from infoplane.estimators.dispatch import estimate

    chosen = options.read(arguments.method, arguments.option)
    x, z = open_samples(arguments.x), open_samples(arguments.z)
    groups = None if arguments.groups is None else open_samples(arguments.groups)
    kind: Literal["numbers"] | None = "numbers" if arguments.numbers else None
    with _naming_files({"x": arguments.x, "z": arguments.z, "groups": arguments.groups}):
        result = estimate(x, z, arguments.method, arguments.seed, z_kind=kind, groups=groups, **chosen)
    if arguments.json:
        _print_json(result.to_dict())
    else:
        print(estimate_text(result, bits=arguments.bits))


def estimate_text(result: Estimate, *, bits: bool = False) -> str:
    """The result as text: a line each for value and interval, kind, ceiling, samples, and every warning."""
    unit = math.log(2.0) if bits else 1.0
    shown = [f"{_nats(result.nats)} nats", f"{_nats(result.bits)} bits"]
    first, second = reversed(shown) if bits else shown
    interval = "" if result.ci95 is None else f"   {_interval(result.ci95[0] / unit, result.ci95[1] / unit)}"
    lines = [
        _name_and_text("I(X; Z)", f"{first} ({second}){interval}"),
        _name_and_text("kind", f"{result.kind.replace('_', ' ')}, by {result.method}"),
    ]
    if result.ceiling is not None:
        lines.append(_name_and_text("ceiling", f"{_nats(result.ceiling / unit)} {'bits' if bits else 'nats'}"))
    lines.append(_name_and_text("samples", f"{result.n}, of {result.dx} + {result.dz} columns; {result.seconds:.1f} s"))
    lines += [_name_and_text("warning", text) for text in result.warnings]
    return "\n".join(lines)


# estimate-noisy


def _declare_noisy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("t", help="samples of T = t(X), shape (n, d): .npy, .npz:name, .csv or .parquet")
    parser.add_argument("--noise-std", type=float, required=True, help="standard deviation of the Gaussian noise")
    parser.add_argument("--labels", metavar="FILE", help="class labels Y of the samples: also I(T + noise; Y)")
    parser.add_argument("--population", action="store_true", help="the rows are all values of X, equally likely")
    parser.add_argument("--critic", action="store_true", help="also train an AA-MINE critic")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same value (default: 0)")
    _declare_json(parser)


def _run_noisy(arguments: argparse.Namespace) -> None:
    from infoplane.common import validation
    from infoplane.common.files import open_samples
    from infoplane.estimators.noisy_channel import estimate_noisy

    t = open_samples(arguments.t)
    labels = None if arguments.labels is None else open_samples(arguments.labels)
    with _naming_files({"t": arguments.t, "labels": arguments.labels}):
        seed = validation.root_seed(arguments.seed)
        result = estimate_noisy(
            t, arguments.noise_std, labels, population=arguments.population, critic=arguments.critic, seed=seed
        )
    if arguments.json:
        _print_json(noisy_fields(result))
    else:
        print(noisy_text(result))


def noisy_fields(result: NoisyEstimate) -> dict[str, Any]:
    """The fields of ``infoplane estimate-noisy --json``: the labels' with labels, the critic's with a critic."""
    names = ["noise_std", "n", "d", "lower", "upper", "lower_se", "upper_se", "plug_in", "gaussian_upper"]
    if result.label_entropy is not None:
        names += ["label_lower", "label_upper", "label_lower_se", "label_upper_se"]
    if result.aa_mine is not None:
        names.append("aa_mine")
    values = result.to_dict()
    return {name: values[name] for name in names} | {"warnings": list(result.warnings)}


def noisy_text(result: NoisyEstimate) -> str:
    """The result as text: a line each for bracket or exact value, labels, critic, samples, and every warning."""
    lines = [_name_and_text("I(X; T+e)", _bracket(result.lower, result.upper, result.lower_se, result.upper_se))]
    if result.label_lower is not None and result.label_upper is not None:
        errors = result.label_lower_se or 0.0, result.label_upper_se or 0.0
        lines.append(_name_and_text("I(T+e; Y)", _bracket(result.label_lower, result.label_upper, *errors)))
    if result.label_entropy is not None:
        lines.append(_name_and_text("H(Y)", f"{_nats(result.label_entropy)} nats"))
    if result.gaussian_upper is not None:
        lines.append(_name_and_text("Gaussian", f"at most {_nats(result.gaussian_upper)} nats for this covariance"))
    if result.aa_mine is not None:
        interval = "" if result.aa_mine.ci95 is None else f"   {_interval(*result.aa_mine.ci95)}"
        lines.append(_name_and_text("AA-MINE", f"{_nats(result.aa_mine.nats)} nats{interval}"))
    lines.append(_name_and_text("samples", f"{result.n}, of {result.d} columns; noise {result.noise_std:g}"))
    lines += [_name_and_text("warning", text) for text in result.warnings]
    return "\n".join(lines)


def _bracket(lower: float, upper: float, lower_se: float, upper_se: float) -> str:
    if lower == upper:
        return f"{_nats(lower)} nats ({_nats(lower / math.log(2.0))} bits), exact; standard error {lower_se:.2g}"
    errors = f"standard errors {lower_se:.2g}, {upper_se:.2g}"
    return f"{_nats(lower)} to {_nats(upper)} nats, lower and upper bound; {errors}"


# methods


def _declare_methods(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="a method, whose options are listed with meaning and default")
    _declare_json(parser)


def _run_methods(arguments: argparse.Namespace) -> None:
    from infoplane.estimators import options
    from infoplane.estimators.dispatch import methods

    if arguments.name is not None:
        if arguments.json:
            _print_json(options.to_dict(arguments.name))
        else:
            print(options.text(arguments.name))
        return
    listed = methods()
    if arguments.json:
        _print_json(listed)
        return
    for name, purpose in listed.items():
        print(_name_and_text(name, purpose))


# calibrate


def _declare_calibrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", nargs="?", help="a suite of tasks; without one, the suites are listed")
    parser.add_argument("x", nargs="?", help="suite `samples` only: your own samples of X, .npy, .npz:name or .csv")
    parser.add_argument("z", nargs="?", help="and of Z, paired with x")
    parser.add_argument("--method", action="append", metavar="NAME", help="try this method; may be given several times")
    parser.add_argument("--samples", type=int, metavar="N", help="pairs per sample")
    parser.add_argument("--repeats", type=int, metavar="R", help="fresh samples of each task")
    parser.add_argument("--full", action="store_true", help="sizes to build on, which take hours")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same values (default: 0)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write the tables and the figures here")
    _declare_json(parser)


def _run_calibrate(arguments: argparse.Namespace) -> None:
    from infoplane.calibration import command
    from infoplane.common.files import open_samples

    if arguments.suite is None:
        listed = command.questions()
        if arguments.json:
            _print_json(listed)
        else:
            print("\n".join(_name_and_text(name, f" {question}") for name, question in listed.items()))
        return
    if (arguments.x is None) != (arguments.z is None):
        raise ValueError("z: missing; expected two files of samples, x.npy and z.npy")
    data = None if arguments.x is None else (open_samples(arguments.x), open_samples(arguments.z))
    chosen = command.Choice(
        arguments.suite, tuple(arguments.method or ()), arguments.samples, arguments.repeats, arguments.full,
        arguments.seed, data,
    )  # fmt: skip
    with _naming_files({"x": arguments.x, "z": arguments.z}):
        outcome = command.run(chosen)
    if arguments.out is not None:
        _write_suite(arguments.out, outcome)
    if arguments.json:
        _print_json(outcome.metrics)
    else:
        print(command.text(outcome))


def _write_suite(folder: Path, outcome: Outcome) -> None:
    from infoplane.calibration import tables
    from infoplane.report import suite_page

    folder.mkdir(parents=True, exist_ok=True)
    tables.write(folder, outcome)
    suite_page.write(folder, outcome)


# profile


def _declare_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="a profile; without one, the profiles are listed")
    parser.add_argument("--force", action="store_true", help="lose changes of params.yaml that are not committed")


def _run_profile(arguments: argparse.Namespace) -> None:
    from infoplane.params import profiles

    if arguments.name is None:
        print("\n".join(profiles.names(Path())))
        return
    profiles.write(arguments.name, Path(), force=arguments.force)
    print(f"params.yaml: now that of profile {arguments.name}", file=sys.stderr)


# shared


@contextlib.contextmanager
def _naming_files(files: Mapping[str, str | None]) -> Iterator[None]:
    """Put the name of the file in place of the argument in a ValueError, such as "x has 9 rows and z has 8"."""
    try:
        yield
    except ValueError as error:
        given = {name: file for name, file in files.items() if file is not None}
        argument = re.compile(rf"(?<![\w'/.-])({'|'.join(given)})(?=: | has | is | must )")
        raise ValueError(argument.sub(lambda match: given[match[0]], str(error))) from error


def _declare_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def _print_json(fields: Mapping[str, Any]) -> None:
    print(json.dumps(_without_infinities(fields), allow_nan=False, ensure_ascii=False))


def _without_infinities(value: Any) -> Any:
    """``value`` with null for NaN and infinity, which JSON does not have."""
    if isinstance(value, Mapping):
        return {key: _without_infinities(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_infinities(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _name_and_text(head: str, text: str) -> str:
    return f"{head:<{_NAME_WIDTH}}{text}"


def _interval(low: float, high: float) -> str:
    if math.isinf(high):
        return f"at least {_nats(low)} (95 %)"
    return f"95 % interval {_nats(low)} to {_nats(high)}"


def _nats(value: float) -> str:
    return f"{value:.4g}" if abs(value) >= 10.0 else f"{value:z.3f}"


_COMMANDS = (
    Command("estimate", "Estimate I(X; Z) from paired samples.", _declare_estimate, _run_estimate),
    Command(
        "estimate-noisy",
        "Bracket I(X; T + noise) for T = t(X) and Gaussian noise of known size.",
        _declare_noisy,
        _run_noisy,
    ),
    Command(
        "calibrate",
        "Try estimators on tasks whose information is known.",
        _declare_calibrate,
        _run_calibrate,
    ),
    Command("profile", "Write params.yaml from a named profile of this checkout.", _declare_profile, _run_profile),
    Command("methods", "List the methods of `estimate`, or the options of one.", _declare_methods, _run_methods),
)

if __name__ == "__main__":
    sys.exit(main())
