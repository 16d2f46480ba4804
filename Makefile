# Needs python3 (3.11 or newer) with venv and pip, nothing else.
#   make run            the golden training trial served on 127.0.0.1:$(PORT)
#   make demo           the same trial played, verified and printed; nothing is kept
#   make test           every gate: format, lint, types, layers, spelling, tests
#   make oidc           what log-in by an OpenID provider needs (serve --oidc FILE), into .venv
#   make venv           .venv with the run lock and this package; all others depend on it
# PYTHON and PORT may be overridden: make run PYTHON=python3.13 PORT=9000

PYTHON ?= python3
PORT ?= 8000

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN_STAMP := $(VENV)/run.stamp
DEV_STAMP := $(VENV)/dev.stamp
CODE := core projections api tests
UV := .venv-lock/bin/uv
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv oidc run demo test lint format lock bench

help:
	@sed -n 's/^#   //p' Makefile

venv: $(RUN_STAMP)

oidc: $(RUN_STAMP)
	$(PIP) install --require-hashes -r requirements-oidc.lock

run: $(RUN_STAMP)
	@$(BIN)/dosetrail run --port $(PORT)

demo: $(RUN_STAMP)
	@$(BIN)/dosetrail demo

test: lint
	$(BIN)/pytest -q -m "not slow" -n 2
	$(BIN)/pytest -q -m slow -n 2 || [ $$? -eq 5 ]  # 5: there are no slow tests

lint: $(DEV_STAMP)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell $(CODE) README.md Makefile pyproject.toml

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

bench: $(DEV_STAMP)
	$(BIN)/python -m tests.benchmarks

# hatchling and editables are in the run lock, so that the package itself installs without isolation.
lock: $(UV)
	printf 'hatchling\neditables\n' | $(UV) $(COMPILE) pyproject.toml - --output-file requirements.lock
	printf 'hatchling\neditables\n' | $(UV) $(COMPILE) --extra dev --extra oidc pyproject.toml - --output-file requirements-dev.lock
	printf 'hatchling\neditables\n' | $(UV) $(COMPILE) --extra oidc --constraint requirements-dev.lock pyproject.toml - --output-file requirements-oidc.lock

$(UV):
	$(PYTHON) -m venv $(dir $(@D))
	$(dir $@)python -m pip --disable-pip-version-check --quiet install uv

# A stamp is younger than what it was made from; only then is nothing installed.
$(RUN_STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: PYTHON=...")'
	@$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_STAMP): $(RUN_STAMP) requirements-dev.lock
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
