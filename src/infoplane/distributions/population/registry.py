"""All families, and which of them serve to design an estimator.

The split was fixed before any estimator was tuned on these tasks. Data on which an estimator was already seen to fail
are design families. Every broad kind stands on both sides, by data made in genuinely different ways, so that what was
learned about a kind is judged on data of that kind that nobody saw.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from infoplane.distributions.population import families_counts as counted
from infoplane.distributions.population import families_embedded as embedded
from infoplane.distributions.population import families_functions as functional
from infoplane.distributions.population import families_labels as labelled
from infoplane.distributions.population import families_pairs as paired
from infoplane.distributions.population import families_shapes as shaped
from infoplane.distributions.population.task import Drawn, Family

_Draw = Callable[[np.random.Generator], Drawn]


def _design(kind: str, draw: _Draw, reason: str) -> Family:
    return Family(draw.__name__, kind, "design", reason, draw)


def _held_out(kind: str, draw: _Draw, reason: str) -> Family:
    return Family(draw.__name__, kind, "held-out", reason, draw)


_ALL = (
    _design("Gaussian", paired.gaussian_margins, "the plainest dependence; every estimator is designed on it"),
    _held_out("Gaussian", paired.factor_models, "correlations within each side, from shared factors, not from pairs"),
    _design("other copulas", paired.archimedean_pairs, "Clayton copulas, mixed, are a known difficulty of `auto`"),
    _held_out("other copulas", paired.tail_pairs, "other copulas: both in the tails, one without correlation"),
    _design("mixtures", shaped.gaussian_mixtures, "the common mixture: all components Gaussian over both sides"),
    _held_out("mixtures", shaped.meeting_clusters, "no component is Gaussian, the dependence is a table's"),
    _design("common scales", shaped.student, "heavy tails with a formula"),
    _held_out("common scales", shaped.scale_mixtures, "two scales in place of a common one, tails of another law"),
    _design("networks", shaped.coupling_networks, "the usual invertible network, over normal columns"),
    _held_out("networks", shaped.residual_networks, "another invertible network, over copulas that are not normal"),
    _design("turned planes", shaped.spirals, "in published benchmarks, and so seen while `auto` was built"),
    _held_out("turned planes", shaped.twists, "planes turned by a third column, and rolls: never seen"),
    _design("embeddings", embedded.embedded_latents, "`auto` is known to have invented information here"),
    _held_out("embeddings", embedded.rendered_bumps, "embedded by drawing images, not by a network"),
    _design("noisy embeddings", embedded.thick_embeddings, "a network again, with noise across the sheet"),
    _held_out("noisy embeddings", embedded.noisy_curves, "closed curves, noise in every direction"),
    _design("functions", functional.additive_functions, "`auto` is known to have missed these; the simplest form"),
    _design("functions", functional.heteroscedastic_functions, "the same, with noise of uneven width"),
    _held_out("functions", functional.interactions, "functions of several columns together, not sums over columns"),
    _design("noise shapes", functional.additive_noise, "one column and its noise at a time"),
    _held_out("noise shapes", functional.uniform_sums, "several columns in one sum or product, bounded"),
    _design("partial dependence", paired.rare_dependence, "some rows, which X does not show"),
    _held_out("partial dependence", paired.local_dependence, "some rows, told by where X lies"),
    _design("thin dependence", paired.thin_correlations, "many weak correlations"),
    _held_out("thin dependence", paired.weak_bits, "many weak bits: no density"),
    _design("counts and symbols", counted.counts, "counts and zeros, the usual ties"),
    _design("counts and symbols", counted.discrete_tables, "both sides discrete, one column each"),
    _design("counts and symbols", counted.coded_symbols, "both sides discrete, several columns each"),
    _held_out("counts and symbols", counted.rounded_normals, "ties that come from rounding and cutting off"),
    _design("labels", labelled.labelled_clusters, "the common case of classes"),
    _held_out("labels", labelled.labelled_shells, "no direction shows the class"),
    _design("labels in many columns", labelled.labelled_embeddings, "classes behind a network"),
    _held_out("labels in many columns", labelled.labelled_directions, "unit vectors, every column noisy"),
    _design("determined labels", labelled.determined_labels, "bounds are known to have stood above the truth here"),
    _held_out("determined labels", labelled.determined_regions, "determined, but by no direction"),
    _design("real images", embedded.digit_pairs, "pairs of a class: known misses of `auto` on this project's own data"),
    _held_out("real images", embedded.digit_labels, "the images meet a label, or a group of classes"),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _ALL}
"""All families by name, kind by kind."""
DESIGN: tuple[str, ...] = tuple(family.name for family in _ALL if family.split == "design")
"""On these an estimator may be built, tuned and learned."""
HELD_OUT: tuple[str, ...] = tuple(family.name for family in _ALL if family.split == "held-out")
"""These are read for the published table alone."""
