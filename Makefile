# Everything that a developer or CI does here. `make help` lists it.

PYTHON ?= python3
VENV   ?= .venv
PY     := $(VENV)/bin/python
CODE   := bot handlers fsm core migrations tests
PYTEST := $(PY) -m pytest
# Tests wait for disks and databases half of their time: two for each core.
JOBS   ?= $(shell expr 2 \* $$(nproc 2>/dev/null || echo 2))
# Their files lie in memory where there is room for them: nobody wants to keep them through a power cut.
export PYTEST_DEBUG_TEMPROOT ?= $(shell [ "$$(df -Pk /dev/shm 2>/dev/null | awk 'END {print $$4}')" -gt 2000000 ] 2>/dev/null && echo /dev/shm)
# More arguments for pytest: make test ARGS="-k linking -x"
ARGS   ?=
# The parts without the dialogues, which take the time: the engine, the domain, both messengers' edges.
FAST   := $(addprefix tests/,kernel fsm delivery subscribers telegram viber billing appeals \
	test_house.py test_readme.py test_web.py)

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-kills check bench format flows lock clean distclean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime-stamp ## Run Abonent with both messengers emulated, on this machine alone
	$(VENV)/bin/abonent demo

test: $(VENV)/.dev-stamp ## Run every test; what was skipped is counted at the end
	$(PYTEST) -n $(JOBS) $(ARGS)

test-fast: $(VENV)/.dev-stamp ## Run the tests of the parts alone: no PostgreSQL, no browser, about a minute
	$(PYTEST) -n $(JOBS) -m "not postgres and not browser and not slow" $(FAST) $(ARGS)

test-kills: $(VENV)/.dev-stamp ## Kill payments, auto-payments and appeals at every single step, which takes long
	ABONENT_ALL_KILLS=1 $(PYTEST) -n $(JOBS) tests/payments/kills tests/appeals/kills tests/helpdesk $(ARGS)

check: $(VENV)/.dev-stamp ## Style, types and import contracts: what CI runs before the tests
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy $(wildcard $(CODE))
	$(VENV)/bin/lint-imports

bench: $(VENV)/.dev-stamp ## Measure the durable turn beside a bare aiogram echo, and planning and delivery in bulk
	$(PY) -m tests.bench
	$(PY) -m tests.bench_reminders
	$(PY) -m tests.bench_delivery
	$(PY) -m tests.bench_appeals

format: $(VENV)/.dev-stamp ## Put the code into the house style
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

flows: $(VENV)/.dev-stamp ## Draw the conversations into docs/flows.md
	$(VENV)/bin/abonent flows

# Resolved in a venv of its own, so that what somebody tried out by hand is not pinned.
lock: ## Pin the newest allowed versions of everything into constraints.txt
	@$(call need-python,$(PYTHON))
	rm -rf $(VENV)-lock
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet '.[dev]'
	{ sed -n '/^#/p' constraints.txt; $(VENV)-lock/bin/python -m pip freeze --exclude abonent --exclude setuptools; } > constraints.tmp
	@if grep -n -E '(@ |://)' constraints.tmp; then echo 'A pinned version names a place: see above.'; exit 1; fi
	mv constraints.tmp constraints.txt
	rm -rf $(VENV)-lock build

clean: ## Remove caches and build products (the virtual environment stays)
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist *.egg-info .coverage htmlcov
	find $(wildcard $(CODE)) -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## Remove the virtual environment as well
	rm -rf $(VENV) $(VENV)-lock

# --- The virtual environment ----------------------------------------------------------------------

define need-python
$(1) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo 'Abonent needs Python 3.11 or newer, and "$(1)" is' \
	"$$($(1) --version 2>/dev/null || echo not there). Say which to use: make PYTHON=python3.11 ..."; exit 1; }
endef

# A virtual environment that is already there is used as it is, never made anew.
define ensure-venv
@if [ ! -x $(PY) ]; then \
	$(call need-python,$(PYTHON)); \
	echo 'Making $(VENV)'; \
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo 'Python has no working venv module. On Debian and Ubuntu: apt-get install python3-venv'; exit 1; }; \
fi
@$(call need-python,$(PY))
@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip --upgrade
endef

INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

$(VENV)/.runtime-stamp: pyproject.toml constraints.txt
	$(ensure-venv)
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.dev-stamp: pyproject.toml constraints.txt
	$(ensure-venv)
	$(INSTALL) --editable '.[dev]'
	@touch $(VENV)/.runtime-stamp $@
