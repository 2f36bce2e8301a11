"""Every constant of ``auto``, and where it comes from.

*Derived*: follows from a formula. *Cited*: as in the work named. *Cost*: bounds the CPU time; more would change values
little. *Design*: chosen on tasks of design families of :mod:`infoplane.distributions.population` or on plain samples
(correlated normals, spirals, embedded latents) made for the purpose; nothing here was chosen on held-out families.
What is *learned* stands in ``calibration.npz``.
"""

from __future__ import annotations

ROWS_PER_CELL = 4.0
"""Mean rows per occupied cell from which a table of counts is used. Cited: the rule of five for expected counts, less
one, as Grassberger's estimate corrects the first order."""
ROWS_PER_VALUE = 20
"""Rows per distinct value from which numbers count as classes. Design."""
MOST_VALUES = 200
"""Distinct values up to which numbers count as classes. Cost."""

ROUNDS = 3
"""Reporting parts. Cost: each more is another fit of everything."""
FEW_ROWS, SELECTING_OF_FEW, SELECTING_OF_MANY = 1_500, 4, 6
"""Of the rows that do not report, one in so many selects: up to so many rows, and above. Design."""
MOST_FIT, MOST_SELECT, MOST_REPORT = 2_500, 400, 1_000
"""Rows of a part that are used, drawn at random. Cost."""
ROWS_THAT_COUNT = 4_500
"""Rows above which nothing changes: every part is as large as it gets. Derived from the parts' shares."""

FEWEST_ROWS = 30
"""Samples below which the parts are too small to fit, select and report on. Derived: 5 select, 10 report."""
MANY_ROWS = 50_000
"""Samples above which a warning says that a part of them is used. Design."""
NEAR_LIMIT = 1.0
"""Nats below the limit of a bound on m samples, ln m, where it says little of what lies above. Derived: InfoNCE's
variance and shortfall grow there (Poole et al. 2019, section 2.5)."""

MOST_COMPONENTS, ROWS_PER_COMPONENT = 60, 8
"""Principal components kept where columns are more, and fitting rows that each needs. Cost; design."""

FAR = 6.0
"""Deviations beyond which a column on its own scale is not told apart. Derived: a normal column of a billion rows."""
RIDGES = (1e-3, 3e-2, 0.3)
"""Ridges of canonical variates, in units of the mean variance; cross-validation chooses. Design."""
DEGREES = (2.0, 6.0)
"""Degrees of freedom of the Student copulas; beyond 6 the Gaussian one is near. Design."""
FULL_COMPONENTS, LATENT_CLASSES = (4, 12), (5, 12, 30)
"""Components of mixtures that the selection rows choose from. Cost."""
KERNEL_SCALES = (0.3, 0.7)
"""Widths of kernel densities in units of Silverman's rule (Silverman 1986), which is for unimodal densities. Design."""
MOST_KERNEL_COLUMNS = 4
"""Columns of both sides up to which kernel densities are tried. Design: in more their weights were 0."""

PENALTY = 2.0
"""Price of a unit of weight in the stack, over the number of selecting rows. Design: of 0.2 ... 4 on eleven tasks."""
DECAYS = (2.0, 1.0)
"""Weight decay (Loshchilov & Hutter 2019) of the network that starts from a member, and of the one that does not.
Design: of 0.03 ... 10 on seven samples."""
MOST_SCORE = 30.0
"""Scores beyond this are not told apart: e^30 is more than the square of the rows that are used. Derived."""
