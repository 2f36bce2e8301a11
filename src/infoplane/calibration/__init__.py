"""Suites that compare estimators with known mutual information. Modules are imported where they are used."""
