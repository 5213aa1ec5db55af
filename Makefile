# Two commands need nothing but Python 3.11 and make: `make serve` and `make test`.
# Each first sees to the environment, .venv. PYTHON=... names the Python to make it with,
# UV= (empty) does without uv, ARGS="..." goes to the command.

BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)
export PYTHON UV
# As pip does: an office's own proxy is trusted when its system trusts it.
export UV_SYSTEM_CERTS ?= 1

HERE := $(dir $(lastword $(MAKEFILE_LIST)))
ifneq ($(realpath $(HERE)),$(realpath .))
# Called from another folder, as `make -f path/Makefile`: the same, from here.
$(or $(MAKECMDGOALS),help):
	@$(MAKE) --no-print-directory -C $(HERE) $@
else

.NOTPARALLEL:
.PHONY: help serve test lint types architecture schema coverage tests soak fix export lock audit bench picture \
    graphiql clean defects mutants environment environment-to-run

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

serve: environment-to-run  ## the server over its built-in catalogue, on http://127.0.0.1:8000
	@$(BIN)/unisono serve --demo $(ARGS)

test: lint types architecture schema audit coverage tests  ## the next seven, in this order

lint: environment  ## ruff: its rules, its format
	$(BIN)/ruff check --quiet --output-format concise
	$(BIN)/ruff format --check --quiet

types: environment  ## mypy --strict over the three packages
	$(BIN)/mypy

architecture: environment  ## import-linter: who may import whom
	$(BIN)/lint-imports --no-logo

schema: environment  ## schema.graphql is what the code exports, and breaks no client of the last
	$(BIN)/unisono schema --check schema.graphql --baseline tests/data/baseline.graphql

audit: environment  ## packages from npm: GraphQL over HTTP audited, a client made, the schema linted
	@.ci/audit $(BIN)/unisono

coverage: environment  ## every branch of batching is walked by its own tests
	$(BIN)/coverage run -m pytest --quiet tests/batching
	$(BIN)/coverage report

tests: environment  ## pytest, then on each other tested Python that is here
	$(BIN)/pytest --quiet $(ARGS)
	@$(BIN)/python .ci/others.py $(ARGS)

mutants: environment  ## rules of batching are broken one by one: which breach does no test notice?
	$(BIN)/python -m tests.batching.mutants

defects: environment  ## what other loaders get wrong, by running them: the README's table
	$(BIN)/python -m tests.defects

fix: environment  ## ruff corrects and formats
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

export: environment  ## write schema.graphql and docs/reference.md
	$(BIN)/unisono schema > schema.graphql.new
	mv schema.graphql.new schema.graphql
	$(BIN)/python .ci/reference.py > docs/reference.md.new
	mv docs/reference.md.new docs/reference.md

COMPILE = $(UV) pip compile pyproject.toml --all-extras --group build --python-version 3.11 --universal \
    --generate-hashes --no-header --no-annotate --quiet $(ARGS)

lock:  ## write the lock files, with uv (ARGS=--upgrade: with the newest versions)
	@test -n "$(UV)" || { echo "make lock needs uv on the PATH." >&2; exit 1; }
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --group dev --constraints requirements.lock --output-file requirements-dev.lock

bench: environment  ## servers, loaders and executors beside their rivals, and growth (15 minutes)
	$(BIN)/python -m tests.benchmarks.end_to_end $(ARGS)
	$(BIN)/python -m tests.benchmarks.loaders
	$(BIN)/python -m tests.benchmarks.executor
	$(BIN)/python -m tests.benchmarks.growth

soak: environment  ## half a minute at full load, a tenth of all calls faulty; nothing may be left behind
	$(BIN)/python -m tests.benchmarks.soak $(ARGS)

picture: environment  ## write docs/live.png, the README's picture, of the real page (needs chromium)
	$(BIN)/python -m tests.pages.picture

graphiql:  ## build the query page's GraphiQL anew, of the versions in .ci/graphiql (needs node and npm)
	@.ci/graphiql/make

clean:  ## remove the environments and all caches
	rm -rf .venv .venv-* .coverage* .hypothesis .*_cache dist
	find . -name __pycache__ -prune -exec rm -rf {} +

environment:
	@python=$$(.ci/python) && "$$python" .ci/environment.py .venv requirements-dev.lock

environment-to-run:
	@python=$$(.ci/python) && "$$python" .ci/environment.py .venv requirements.lock

endif
