# Primum: `make help` lists what can be asked for.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
JOBS ?= 2
SECONDS ?= 60

# Where a machine keeps Python from keeping what it compiles, each command that a test starts would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
STAMP := .venv/.installed
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check --no-input
LOCK := .venv-lock/bin/pip-compile --quiet --generate-hashes --no-strip-extras --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

.DEFAULT_GOAL := help
.PHONY: help install run test test-quick lint format docs recording attacks fuzz conformance registration lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

install: $(STAMP) ## install Primum and its pinned packages into .venv
	@echo "Primum is installed in .venv; 'make run' starts the demonstration."

run: $(STAMP) ## start the demonstration (ONCE=1 stops after one round, PORT=n sets the port)
	@$(BIN)/primum demo

test: $(STAMP) ## run every test, with the coverage of the engine (JOBS=n, 2 at a time by default)
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov

test-quick: $(STAMP) ## run the tests that take seconds
	@$(BIN)/python -m pytest -m 'not full and not browser'

lint: $(STAMP) ## check style, types and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(STAMP) ## put the sources into the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(STAMP) ## build the documentation into docs/_build
	@$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --builder html --conf-dir docs . docs/_build
	@echo "The documentation is in docs/_build/index.html."

recording: $(STAMP) ## record how a rule is written from nothing (needs tmux), into docs/recordings
	@$(BIN)/python docs/recordings/record.py

attacks: $(STAMP) ## attack a service and write what each attack got into docs/attacks.md
	@$(BIN)/python -m tests.attacks.report

# What libFuzzer grows and finds stays in .fuzz, so that the next run goes on from there.
fuzz: $(STAMP) ## change records at random and look for what breaks reading or deciding (SECONDS=n, 60 by default)
	@mkdir -p .fuzz/corpus .fuzz/found
	@$(BIN)/python -m tests.fuzz.run .fuzz/corpus tests/fuzz/corpus \
		-max_total_time=$(SECONDS) -timeout=120 -artifact_prefix=.fuzz/found/

conformance: $(STAMP) ## show every row of CDS Hooks and write where it stands into docs/conformance.md
	@$(BIN)/python -m tests.conformance.report

registration: $(STAMP) ## write what an EHR has to register into docs/registration.md
	@$(BIN)/primum registration > docs/registration.md

# Extras stay named in the pins: pip before 23.3 would otherwise look for a newer release of what they belong to.
lock: ## choose and pin the newest allowed release of every package
	@$(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip --quiet install pip-tools==7.6.2
	@$(LOCK) --upgrade --extra postgres --extra speed --output-file requirements.txt pyproject.toml
	@cp requirements.txt requirements-dev.txt
	@$(LOCK) --all-extras --output-file requirements-dev.txt pyproject.toml
	@sed -i '1i # Written by "make lock" from pyproject.toml: edit that file instead.' requirements*.txt

clean: ## remove what make and the tools have made
	@rm -rf .venv .venv-lock .coverage .fuzz .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache docs/_build docs/reference

# The rules library comes as C source and calls a function by a name that Python 3.13 no longer has.
$(STAMP): export CPPFLAGS += -DPyEval_CallObject=PyObject_CallObject
$(STAMP): pyproject.toml requirements-dev.txt
	@test -n "$(PYTHON)" || \
		{ echo "Primum needs Python 3.11 or newer: please install it (on Debian: apt install python3)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Primum needs Python's venv module: please install it (on Debian: apt install python3-venv)."; exit 1; }
	@echo '#include <stdio.h>' | cc -fsyntax-only -x c - 2>/dev/null || \
		{ echo "Primum needs a C compiler: please install one (on Debian: apt install gcc libc6-dev)."; exit 1; }
	@echo '#include <Python.h>' | cc -fsyntax-only -x c - 2>/dev/null \
		-I"$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))')" || \
		{ echo "Primum needs Python's C headers: please install them (on Debian: apt install python3-dev)."; exit 1; }
	@echo "1/3 Making .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv .venv
	@echo "2/3 Installing $$(grep -c '^[a-z].*==' requirements-dev.txt) pinned packages, about two minutes the first time ..."
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@echo "3/3 Installing Primum itself ..."
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
