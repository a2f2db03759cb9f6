# What a person types. `make demo` and `make test` need Python 3.11, pip and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The caller's pip installs into the environment: Debian's Python cannot put pip there by itself.
PIP := $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check --quiet
INSTALL := $(PIP) install --require-hashes --no-build-isolation --use-pep517
SOURCES := publisher workers channels tests

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types imports tests bench bench-mail bench-hosts bench-backup prove-kills prove-faults faults crashes soak e2e model pictures words lock clean

help:
	@echo "make demo    the whole system against stand-ins of every network"
	@echo "make test    every gate: format, lint, types, imports, tests"
	@echo "make check   the gates without the tests"
	@echo "make bench   how long a release takes, and how many readers a second the archive takes"
	@echo "make bench-mail  how fast mail goes out, against Postfix's smtp-source (READERS=100000 CONNECTIONS=10)"
	@echo "make bench-backup  how long a backup of a million deliveries takes, and its way back"
	@echo "make bench-hosts  how much faster several worker machines are than one"
	@echo "make prove-kills prove-faults  that kills and faults lose no mail and double none"
	@echo "make faults  that nothing is lost or sent twice, whatever breaks (FAULTS=\"--releases 200 --kills 1000 --seed 7\")"
	@echo "make crashes  a release killed at each of its crash points (CRASHES=\"--strace\": at each system call)"
	@echo "make e2e     from the push to the reader: a real Hugo site, a hook, a build two minutes late, a hold (E2E=\"--late 10\")"
	@echo "make soak    that eight hours of operation make nothing grow (SOAK=\"--minutes 2 --hours 2\")"
	@echo "make model   the use cases against every interleaving that there is time for (MODEL=\"--examples 5000\")"
	@echo "make lock    resolve the dependencies again"

# A stamp is older than its lock file once that has changed: the environment is stale then.
$(VENV)/runtime: requirements-build.txt requirements.txt pyproject.toml
	@echo "Installing into $(VENV) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	@$(INSTALL) -r requirements-build.txt
	@$(INSTALL) -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(VENV)/runtime requirements-dev.txt
	@echo "Installing what the gates need …"
	@$(INSTALL) -r requirements-dev.txt
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
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist worksteal

bench: $(VENV)/dev
	@$(BIN)/python -m tests.bench.release
	@$(BIN)/python -m tests.bench.release all
	@$(BIN)/python -m tests.bench.archive
	@$(BIN)/python -m tests.bench.pages

READERS ?= 100000
CONNECTIONS ?= 10
# BENCH="--database postgresql --dkim" and more: docs/performance.md
bench-mail: $(VENV)/dev
	@$(BIN)/python -m tests.bench.mail --readers $(READERS) --connections $(CONNECTIONS) $(BENCH)

# BENCH="--readers 6000 --hosts 2" and more: docs/performance.md
bench-backup: $(VENV)/dev
	@$(BIN)/python -m tests.bench.backups $(BENCH)

bench-hosts: $(VENV)/dev
	@$(BIN)/python -m tests.bench.hosts $(BENCH)

# PROOF="--readers 20000 --seed 7" and more: docs/performance.md
prove-kills: $(VENV)/dev
	@$(BIN)/python -m tests.proofs.kills $(PROOF)

prove-faults: $(VENV)/dev
	@$(BIN)/python -m tests.proofs.faults $(PROOF)

# FAULTS="--releases 200 --kills 1000 --seed 7" and more: docs/reliability.md
faults: $(VENV)/dev
	@$(BIN)/python -m tests.faults $(FAULTS)

# CRASHES="--every 5 --readers 3 --strace": docs/reliability.md
crashes: $(VENV)/dev
	@CRASHES_EVERY=1 $(BIN)/pytest -q tests/crashes/test_release.py
	@$(BIN)/python -m tests.crashes $(CRASHES)

# E2E="--late 10 --hold 5s" for less
e2e: $(VENV)/dev
	@$(BIN)/python -m tests.e2e $(E2E)

# SOAK="--minutes 2 --hours 2" for less
soak: $(VENV)/dev
	@$(BIN)/python -m tests.soak $(SOAK)

# MODEL="--examples 5000 --seed 7": docs/reliability.md
model: $(VENV)/dev
	@$(BIN)/python -m tests.model $(MODEL)

UV := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
pictures: $(VENV)/dev
	@$(BIN)/python -m tests.pictures

words: $(VENV)/dev
	@$(BIN)/python -m tests.publisher.web.admin.words

lock: $(VENV)/dev
	$(PIP) install uv
	$(UV) --upgrade requirements-build.in -o requirements-build.txt
	$(UV) --upgrade requirements.in -o requirements.txt
	$(UV) --upgrade requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info
