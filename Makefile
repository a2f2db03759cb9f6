# What a person types. `make demo` and `make test` need Python 3.11, pip and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := publisher workers channels tests

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types imports tests bench lock clean

help:
	@echo "make demo    the whole system against stand-ins of every network"
	@echo "make test    every gate: format, lint, types, imports, tests"
	@echo "make check   the gates without the tests"
	@echo "make bench   how long a release takes"
	@echo "make lock    resolve the dependencies again"

# The stamps hold the lock file they were made from: a changed lock makes them stale.
$(VENV)/runtime: requirements.txt pyproject.toml requirements.in
	@echo "Installing into $(VENV) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(VENV)/runtime requirements-dev.txt
	@echo "Installing what the gates need …"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

demo: $(VENV)/runtime
	@$(BIN)/publisher demo

test: check tests

check: format lint types imports

format: $(VENV)/dev
	$(BIN)/ruff format --check --quiet $(SOURCES)

lint: $(VENV)/dev
	$(BIN)/ruff check --quiet $(SOURCES)

types: $(VENV)/dev
	$(BIN)/mypy

imports: $(VENV)/dev
	$(BIN)/lint-imports --no-logo

tests: $(VENV)/dev
	$(BIN)/pytest

bench: $(VENV)/dev
	@$(BIN)/python -m tests.bench

lock: $(VENV)/dev
	$(PIP) install uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info
