"""``infoplane estimate``, ``estimate-noisy`` and ``methods``."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any, Literal

from infoplane.cli.output import (
    Command,
    declare_json,
    interval_text,
    name_and_text,
    naming_files,
    nats_text,
    print_json,
)

if TYPE_CHECKING:
    from infoplane.results.estimate import Estimate, NoisyEstimate


def _declare_estimate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("x", help="samples of X: .npy, .npz:name, .csv or .parquet, :columns of a table")
    parser.add_argument("z", help="samples of Z, paired with x; one dimension of integers, booleans or texts is labels")
    parser.add_argument("--given", metavar="FILE", help="samples of W, paired too: estimate I(X; Z | W)")
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
    declare_json(parser)


def _run_estimate(arguments: argparse.Namespace) -> None:
    from infoplane.common.files import open_samples
    from infoplane.estimators import options
    from infoplane.estimators.dispatch import estimate

    if arguments.given is not None:
        _run_conditional(arguments)
        return
    chosen = options.read(arguments.method, arguments.option)
    x, z = open_samples(arguments.x), open_samples(arguments.z)
    groups = None if arguments.groups is None else open_samples(arguments.groups)
    kind: Literal["numbers"] | None = "numbers" if arguments.numbers else None
    with naming_files({"x": arguments.x, "z": arguments.z, "groups": arguments.groups}):
        result = estimate(x, z, arguments.method, arguments.seed, z_kind=kind, groups=groups, **chosen)
    _print_estimate(result, arguments)


def _run_conditional(arguments: argparse.Namespace) -> None:
    from infoplane.common.files import open_samples
    from infoplane.estimators.conditional import conditional

    for name in ("option", "numbers", "groups"):
        if getattr(arguments, name):
            raise ValueError(f"--{name}: given with --given, which does not take it; expected neither or one of them")
    x, z, given = (open_samples(file) for file in (arguments.x, arguments.z, arguments.given))
    with naming_files({"x": arguments.x, "z": arguments.z, "given": arguments.given}):
        result = conditional(x, z, given, arguments.method, arguments.seed)
    _print_estimate(result, arguments)


def _print_estimate(result: Estimate, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print_json(result.to_dict())
    else:
        print(estimate_text(result, bits=arguments.bits))


def estimate_text(result: Estimate, *, bits: bool = False) -> str:
    """The result as text: a line each for value and interval, kind, ceiling, samples, and every warning."""
    unit = math.log(2.0) if bits else 1.0
    shown = [f"{nats_text(result.nats)} nats", f"{nats_text(result.bits)} bits"]
    first, second = reversed(shown) if bits else shown
    interval = "" if result.ci95 is None else f"   {interval_text(result.ci95[0] / unit, result.ci95[1] / unit)}"
    lines = [
        name_and_text(result.quantity, f"{first} ({second}){interval}"),
        name_and_text("kind", f"{result.kind.replace('_', ' ')}, by {result.method}"),
    ]
    if result.ceiling is not None:
        lines.append(name_and_text("ceiling", f"{nats_text(result.ceiling / unit)} {'bits' if bits else 'nats'}"))
    lines.append(name_and_text("samples", f"{result.n}, of {result.dx} + {result.dz} columns; {result.seconds:.1f} s"))
    lines += [name_and_text("warning", text) for text in result.warnings]
    return "\n".join(lines)


def _declare_noisy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("t", help="samples of T = t(X), shape (n, d): .npy, .npz:name, .csv or .parquet")
    parser.add_argument("--noise-std", type=float, required=True, help="standard deviation of the Gaussian noise")
    parser.add_argument("--labels", metavar="FILE", help="class labels Y of the samples: also I(T + noise; Y)")
    parser.add_argument("--population", action="store_true", help="the rows are all values of X, equally likely")
    parser.add_argument("--critic", action="store_true", help="also train an AA-MINE critic")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same value (default: 0)")
    declare_json(parser)


def _run_noisy(arguments: argparse.Namespace) -> None:
    from infoplane.common import validation
    from infoplane.common.files import open_samples
    from infoplane.estimators.noisy_channel import estimate_noisy

    t = open_samples(arguments.t)
    labels = None if arguments.labels is None else open_samples(arguments.labels)
    with naming_files({"t": arguments.t, "labels": arguments.labels}):
        seed = validation.root_seed(arguments.seed)
        result = estimate_noisy(
            t, arguments.noise_std, labels, population=arguments.population, critic=arguments.critic, seed=seed
        )
    if arguments.json:
        print_json(noisy_fields(result))
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
    lines = [name_and_text("I(X; T+e)", _bracket(result.lower, result.upper, result.lower_se, result.upper_se))]
    if result.label_lower is not None and result.label_upper is not None:
        errors = result.label_lower_se or 0.0, result.label_upper_se or 0.0
        lines.append(name_and_text("I(T+e; Y)", _bracket(result.label_lower, result.label_upper, *errors)))
    if result.label_entropy is not None:
        lines.append(name_and_text("H(Y)", f"{nats_text(result.label_entropy)} nats"))
    if result.gaussian_upper is not None:
        lines.append(name_and_text("Gaussian", f"at most {nats_text(result.gaussian_upper)} nats for this covariance"))
    if result.aa_mine is not None:
        interval = "" if result.aa_mine.ci95 is None else f"   {interval_text(*result.aa_mine.ci95)}"
        lines.append(name_and_text("AA-MINE", f"{nats_text(result.aa_mine.nats)} nats{interval}"))
    lines.append(name_and_text("samples", f"{result.n}, of {result.d} columns; noise {result.noise_std:g}"))
    lines += [name_and_text("warning", text) for text in result.warnings]
    return "\n".join(lines)


def _bracket(lower: float, upper: float, lower_se: float, upper_se: float) -> str:
    if lower == upper:
        bits = nats_text(lower / math.log(2.0))
        return f"{nats_text(lower)} nats ({bits} bits), exact; standard error {lower_se:.2g}"
    errors = f"standard errors {lower_se:.2g}, {upper_se:.2g}"
    return f"{nats_text(lower)} to {nats_text(upper)} nats, lower and upper bound; {errors}"


def _declare_methods(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="a method, whose options are listed with meaning and default")
    declare_json(parser)


def _run_methods(arguments: argparse.Namespace) -> None:
    from infoplane.estimators import options
    from infoplane.estimators.dispatch import methods

    if arguments.name is not None:
        if arguments.json:
            print_json(options.to_dict(arguments.name))
        else:
            print(options.text(arguments.name))
        return
    listed = methods()
    if arguments.json:
        print_json(listed)
        return
    for name, purpose in listed.items():
        print(name_and_text(name, purpose))


COMMANDS = (
    Command("estimate", "Estimate I(X; Z), or I(X; Z | W), from samples.", _declare_estimate, _run_estimate),
    Command(
        "estimate-noisy",
        "Bracket I(X; T + noise) for T = t(X) and Gaussian noise of known size.",
        _declare_noisy,
        _run_noisy,
    ),
    Command("methods", "List the methods of `estimate`, or the options of one.", _declare_methods, _run_methods),
)
