# The two commands of the README, and what maintainers need. The environment is made once, in .venv.

PYTHON ?= python3
VENV := .venv
# DVC starts each stage by the `python` on PATH.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export DVC_NO_ANALYTICS := 1
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: reproduce experiments runlog test test-slow coverage lint docs

# make reproduce PROFILE=photos writes params.yaml from profiles/photos.yaml first. JOBS: cells side by side, by default
# one for each core; JOBS=1 is plain `dvc repro`.
reproduce: $(VENV)/.installed
	$(if $(PROFILE),infoplane profile $(PROFILE))
	python -m infoplane.params.check
	python -m stages.side_by_side $(if $(JOBS),--jobs $(JOBS))

# JOBS: tests at a time.
test: $(VENV)/.installed
	python -m pytest --numprocesses $(or $(JOBS),2) --dist worksteal

# Tests that share a run of the pipeline, or critics, form a group, which stays in one process.
test-slow: $(VENV)/.installed
	python -m pytest --runslow only --numprocesses $(or $(JOBS),2) --dist loadgroup

# Lines of the package that the quick tests run.
coverage: $(VENV)/.installed
	python -m pytest --numprocesses $(or $(JOBS),2) --dist worksteal --cov --cov-report=term

# Experiments with few columns: of each encoder what changed at one stop, and the parameters that did. MD=1: as Markdown.
STOP ?= 30
HIDDEN := Created|State|Executor|rev|(metrics|data|src|stages)/|(aa_mine|embedding_|mine|probe|shuffled|noise_curve|prediction_|nearest_)|[0-9]+\.|.*_(low|high)$$|.*\.(?!$(STOP)\.)[0-9]+\.
experiments: $(VENV)/.installed
	dvc exp show --only-changed --no-pager $(if $(MD),--md) --drop '$(HIDDEN)'

# What each stage took when it last ran here, and on what machine.
runlog: $(VENV)/.installed
	python -m stages.runlog

docs: $(VENV)/.installed
	python -m pip install --quiet --constraint constraints.txt --editable '.[docs]'
	mkdocs build --strict

lint: $(VENV)/.installed
	ruff check .
	ruff format --check .
	mypy

$(VENV)/.installed: pyproject.toml constraints.txt
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[dev]'
# What pip does on one core, on all; some packages carry files that are no Python of this version.
	$(VENV)/bin/python -m compileall -qq -j 0 $(VENV)/lib || true
	touch $@
