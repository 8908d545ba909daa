# Two commands for a newcomer: `make demo` and `make test`. Everything they need is set up on the way.

SHELL := /bin/bash
.DELETE_ON_ERROR:

# The first Python from 3.11 on that really runs (version managers leave names behind that do not); PYTHON=… chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && command -v "$$name" && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
NPM_IS_THERE := command -v npm >/dev/null || { echo "npm is needed for the browser libraries: install Node.js 20 or newer" >&2; exit 1; }
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
# What is compiled once is there for every worker and every process that a test starts, also where this is set.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check style types imports compiled unit explore browser openedx setup setup-tests migration translations faults benchmarks clean

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: setup ## Start the tool and a sandbox LMS on this machine (ARGS="--reset", "--course FILE.imscc", …)
	@$(BIN)/lti-tool demo $(ARGS)

# A file's tests stay together on one worker: stories build on each other, and servers are shared; see tests/order.py.
# Two of the workers take anything, and a third one what the others leave of the machine; see tests/workers.py.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# What may have been the machine, not the code, gets a second chance, said aloud; see tests/again.py.
# What fetches and installs mostly waits, so all of it is made side by side, and the checks as soon as they can run.
test: ## Every check and every test: SQLite, PostgreSQL, a real browser, Open edX
	@$(MAKE) --no-print-directory --jobs=4 check browser openedx compiled
	$(PYTEST) $(ARGS) || { [ $$? -eq 1 ] && $(BIN)/python -m tests.again; }

check: style types imports ## Style, types, and the direction of imports

style: setup-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-tests
	$(BIN)/mypy

imports: setup-tests
	$(BIN)/lint-imports --no-cache

unit: setup-tests ## The quick tests only: no browser, no other processes
	$(PYTEST) -m "not browser and not openedx and not processes" $(ARGS)

explore: setup-tests ## The properties alone, on examples that no run has tried yet
	$(PYTEST) -m hypothesis --hypothesis-profile=fresh $(ARGS)

# Rewriting the asserts of all tests takes two thirds of what collecting takes; all workers would do it at the same moment, and
# each would compile all templates. What cannot be collected or compiled is said when the tests are run.
compiled: setup-tests
	@$(BIN)/python -m pytest --collect-only --quiet >/dev/null 2>&1 || true
	@$(BIN)/python -m tests.beforehand >/dev/null 2>&1 || true

setup: $(VENV)/.tool ## The tool itself, in .venv

setup-tests: $(VENV)/.tests ## The tool and what its tests need, in .venv

$(VENV)/.made:
	@$(if $(PYTHON),,$(error Python 3.11 or newer is needed, and none was found; make PYTHON=/path/to/python3 names one))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is older or does not run" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@touch $@

SOURCES := pyproject.toml constraints.txt package.json package-lock.json hatch_build.py $(wildcard lti_tool/web/locales/*/LC_MESSAGES/*.po)

$(VENV)/.tool: $(VENV)/.made $(SOURCES)
	@$(NPM_IS_THERE)
	@echo "Setting up the tool (about a minute, once) …"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

# The tool and what the tests need are installed at once: pip builds the tool each time it is asked for it. It would compile all
# that it installs, 8 seconds for which everything else waits; two thirds of that nobody ever imports.
$(VENV)/.tests: $(VENV)/.made $(SOURCES)
	@$(NPM_IS_THERE)
	@echo "Setting up the tool and what its tests need (about a minute, once) …"
	@$(PIP) install --no-compile --constraint constraints.txt --editable '.[dev]'
	@[ -f node_modules/axe-core/axe.min.js ] || npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $(VENV)/.tool $@

# The tests drive Debian's Chromium; LTI_TOOL_CHROMIUM=/path names another Chromium or Chrome.
browser: ## A Chromium for the browser tests, by apt where none is there
	@bash tests/find_chromium.sh --install >/dev/null

openedx: .venv-openedx/.made ## Open edX's LTI consumer, in an environment of its own
	@:

.venv-openedx/.made: tests/openedx/requirements.txt | $(VENV)/.made
	@echo "Setting up Open edX's LTI consumer (about a minute, once) …"
	@$(PYTHON) -m venv .venv-openedx
	@.venv-openedx/bin/python -m pip --disable-pip-version-check --quiet install --requirement $<
	@touch $@

migration: setup-tests ## Draft a migration for what the models have and no revision has: NAME="what changes"
	@$(BIN)/python -m migrations.draft "$(NAME)"

translations: setup-tests ## Collect the strings of the code and templates into the catalogues
	$(BIN)/python -m lti_tool.web.translations update

# Most of the time leases have to end, so some scenarios run beside each other.
faults: setup-tests ## 2,000 scores on their way while everything breaks that can: what was lost, late or sent twice (ARGS="--only SQLite", …)
	$(BIN)/python -m benchmarks.faults $(ARGS)

benchmarks: setup-tests .venv-bench/.made .venv-bench-mastery/.made ## Print what launches, scores, rosters and predictions cost, beside their peers
	$(BIN)/python -m benchmarks.launch
	$(BIN)/python -m benchmarks.services
	$(BIN)/python -m benchmarks.mastery

.venv-bench/.made: benchmarks/launch/requirements.txt | $(VENV)/.made
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --requirement $<
	@mkdir -p .venv-bench/ltijs && cp benchmarks/launch/ltijs_tool/package*.json .venv-bench/ltijs && npm ci --prefix .venv-bench/ltijs --no-audit --no-fund --loglevel=error
	@touch $@

# pyBKT's wheel is its slow version, and so is what it builds where it does not see NumPy.
.venv-bench-mastery/.made: benchmarks/mastery/requirements.txt | $(VENV)/.made
	@$(PYTHON) -m venv .venv-bench-mastery
	@.venv-bench-mastery/bin/python -m pip --disable-pip-version-check --quiet install --requirement $<
	@.venv-bench-mastery/bin/python -m pip --disable-pip-version-check --quiet install --no-build-isolation --no-deps --no-binary pyBKT pyBKT==1.4.3
	@touch $@

clean: ## Remove what was set up; the demo's data in var/ stays
	rm -rf $(VENV) .venv-openedx .venv-bench .venv-bench-mastery node_modules lti_tool/web/static/vendor .mypy_cache .ruff_cache .pytest_cache
