# The two commands of the README, and what maintainers need. The environment is made once, in .venv.

PYTHON ?= python3
VENV := .venv
# DVC starts each stage by the `python` on PATH.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export DVC_NO_ANALYTICS := 1
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: reproduce test test-slow lint

reproduce: $(VENV)/.installed
	python -m infoplane.params.check
	dvc repro

test: $(VENV)/.installed
	python -m pytest

test-slow: $(VENV)/.installed
	python -m pytest --runslow only

lint: $(VENV)/.installed
	ruff check .
	ruff format --check .
	mypy

$(VENV)/.installed: pyproject.toml constraints.txt
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
