# Everything here runs on a new machine with Python 3.11+ and make: no root, no database.
# The first target to need it builds .venv; it is renewed when pyproject.toml or the pins change.

PYTHON ?=
ARGS ?=
BIN := .venv/bin
PINS := requirements/constraints-dev.txt
PROTO_PINS := requirements/constraints-proto.txt
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help serve test soak faults bench bench-quick lint format proto proto-baseline sync-client clean .venv

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: .venv/.runtime ## Set everything up and run the authority (ARGS="--listen 127.0.0.1:50052")
	$(BIN)/almoner serve $(ARGS)

test: .venv ## Set everything up and run all tests (ARGS="tests/unit -k window")
	$(BIN)/python -m pytest -n auto $(ARGS)

soak: .venv ## Play random histories against the model (ARGS="--minutes 10")
	$(BIN)/python -m tests.stateful.soak $(ARGS)

faults: .venv ## Let every fault strike in full, under load; print the table and keep it (about 15 minutes)
	$(BIN)/python -m pytest tests/faults --full --table docs/reliability.md $(ARGS)

# gRPC's fork handlers would write a warning each time a process is started.
bench: .venv ## Measure on this machine into bench/results, a quarter of an hour (ARGS="--only unary,batch --rounds 3")
	GRPC_ENABLE_FORK_SUPPORT=false $(BIN)/python -m bench $(ARGS)

bench-quick: .venv ## Compare with the last results in under 2 minutes; fails on a regression
	GRPC_ENABLE_FORK_SUPPORT=false $(BIN)/python -m bench --scale quick --guard $(ARGS)

lint: .venv .venv-proto/.ready ## Run every check that is not a test
	$(BIN)/python tools/check_repository.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code protos
	$(BIN)/buf breaking --against protos/baseline.binpb
	$(BIN)/squawk server/almoner_server/store/migrations/*.sql
	sh tools/check_generated.sh client/almoner .venv-proto/bin/python tools/generate_stubs.py
	sh tools/check_generated.sh client/almoner $(BIN)/python tools/generate_blocking.py

format: .venv ## Format Python and proto files, apply safe fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/buf format --write protos

proto: .venv-proto/.ready ## Generate the stubs under client/almoner from protos/
	.venv-proto/bin/python tools/generate_stubs.py

proto-baseline: .venv ## Take today's protos as the contract that later ones must not break
	$(BIN)/buf build --exclude-source-info --output protos/baseline.binpb

sync-client: .venv ## Generate the blocking client from the asynchronous one
	$(BIN)/python tools/generate_blocking.py

clean: ## Remove environments, caches and build results
	rm -rf .venv .venv-proto build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

.venv: .venv/.dev ## Build the virtual environment with all development tools

# What `make serve` needs. hatchling is pinned too, so building without isolation repeats exactly.
.venv/.runtime: pyproject.toml $(PINS) | .venv/bin/python
	$(BIN)/python $(PIP_INSTALL) --constraint $(PINS) --upgrade pip hatchling
	$(BIN)/python $(PIP_INSTALL) --constraint $(PINS) --no-build-isolation \
		--editable '.[server,embedded,otel,metrics]'
	touch $@

.venv/.dev: .venv/.runtime
	$(BIN)/python $(PIP_INSTALL) --constraint $(PINS) --no-build-isolation --editable '.[dev]'
	touch $@

# Newer generators write stubs that refuse protobuf 6, so the generator has an environment of its own.
.venv-proto/.ready: $(PROTO_PINS) | .venv-proto/bin/python
	.venv-proto/bin/python $(PIP_INSTALL) --constraint $(PROTO_PINS) --upgrade pip setuptools
	.venv-proto/bin/python $(PIP_INSTALL) --constraint $(PROTO_PINS) grpcio-tools mypy-protobuf
	touch $@

%/bin/python:
	PYTHON="$(PYTHON)" sh tools/create_venv.sh $*
