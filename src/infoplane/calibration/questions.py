"""What each suite asks of the estimators: the line in the list of suites, and the title of its figures."""

from __future__ import annotations

QUESTIONS = {
    "gaussians": "correlated Gaussians, the test of the MINE paper",
    "mixtures": "Gaussian mixtures with class labels, XOR at several distances",
    "infinity": "deterministic maps, whose information is infinite",
    "tishby": "the two data sets of twelve bits",
    "high": "1 to 10 nats, against ln n",
    "discrete": "labels, channels and repeated values",
    "images": "real digits whose classes meet through a noisy channel",
    "independent": "independent variables: what is claimed where nothing is to be found",
    "determined": "labels that x determines: does a lower bound stay below H(Y)",
    "consistency": "tests that need no truth, on real digits",
    "protocol": "fitted and reported on the same samples, against held out",
    "samples": "values against the number of samples, extrapolated",
}
