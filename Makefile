# Each target sets up what it needs: Python 3.11 or newer and make are enough.
#
#   make run [FOLDER=/path/to/data]     sample images, or yours with masks, segmented into ./demo
#   make test                           every gate and every test but gpu and network
#   make check                          the unit tier, under a minute
#   make bench [DATA=/path/to/datasets] speed, and with DATA the suites of published figures

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
# Several processes with one thread each; more than a few only cost memory.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses=4
UNIT := not slow and not data and not weights and not gpu and not network and not browser and not postgres

.PHONY: run test check bench postgres
.DEFAULT_GOAL := run

run: $(INSTALLED)
	$(BIN)/python -m assent demo $(if $(FOLDER),"$(FOLDER)")

test: $(INSTALLED) postgres
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -m "not gpu and not network" \
	    --cov=src/assent/core --cov=src/assent/sessions --cov-report=term:skip-covered --cov-fail-under=95

# Tests start a server of their own; where its programs cannot be installed, they are skipped.
postgres:
	@ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1 || command -v pg_ctl >/dev/null \
	    || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null; } \
	    || echo "PostgreSQL's server is not installed: its tests will be skipped."

check: $(INSTALLED)
	$(PYTEST) -q -m "$(UNIT)"

bench: $(INSTALLED)
	$(BIN)/python benchmarks/speed.py
ifdef DATA
	$(BIN)/python -m assent bench suite clicks --data "$(DATA)" --out runs/clicks
	$(BIN)/python -m assent bench suite preference --data "$(DATA)" --out runs/preference
endif

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "assent needs Python 3.11 or newer, and $(PYTHON) is %d.%d; name another with PYTHON=/path/to/python." % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@
