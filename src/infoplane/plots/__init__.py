"""Figures of a run, one module per figure, and the templates for ``dvc plots``."""
