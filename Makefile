# The two commands of the README, and what maintainers need. The environment is made once, in .venv.

PYTHON ?= python3
VENV := .venv
# DVC starts each stage by the `python` on PATH.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export DVC_NO_ANALYTICS := 1
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: reproduce parallel experiments runlog test test-slow coverage lint docs

# make reproduce PROFILE=photos writes params.yaml from profiles/photos.yaml first.
reproduce: $(VENV)/.installed
	$(if $(PROFILE),infoplane profile $(PROFILE))
	python -m infoplane.params.check
	dvc repro

# Tests and stages at a time.
JOBS ?= 2

test: $(VENV)/.installed
	python -m pytest --numprocesses $(JOBS) --dist worksteal

# Tests that share a run of the pipeline, or critics, form a group, which stays in one process.
test-slow: $(VENV)/.installed
	python -m pytest --runslow only --numprocesses $(JOBS) --dist loadgroup

# Lines of the package that the quick tests run.
coverage: $(VENV)/.installed
	python -m pytest --numprocesses $(JOBS) --dist worksteal --cov --cov-report=term

# Independent stages side by side: DVC itself runs one after another. What they read comes first.
CELLS := measure_noise measure_label measure_prediction information_plane calibrate
parallel: $(VENV)/.installed
	python -m infoplane.params.check
	dvc repro predict
	dvc stage list --name-only $(CELLS) | xargs -P $(JOBS) -n 1 dvc --wait-for-lock repro --single-item
	dvc repro

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
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
