# Every command of the project, for people and for CI alike. `make` alone prints the list.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONHOME

# The first interpreter that is recent enough; `make PYTHON=...` overrides.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.10 python3.14 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1 && echo "$$p" && break; done)

RUST := Cargo.toml Cargo.lock pyproject.toml $(shell find rust -path rust/engine/fuzz -prune -o \
	'(' -name '*.rs' -o -name '*.rego' -o -name Cargo.toml ')' -print)
ARGS ?=

.PHONY: help
help: ## This list
	@echo "meshgate: the gate of a data mesh"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20
	@echo
	@echo "First: 'make demo' (builds, then about a minute) and 'make test'."

# ---- what everything else stands on -------------------------------------------------------------

.PHONY: need-cargo
need-cargo:
	@command -v cargo >/dev/null || { echo "make: cargo is missing. meshgate's core is Rust: install a toolchain" \
	  "(1.89 or later, with cargo) and run make again." >&2; exit 1; }

# The stamps live in .venv, so that removing it removes them too.
$(VENV)/.installed: requirements.lock
	@[ -n "$(PYTHON)" ] || { echo "make: Python 3.10 or later is missing (looked for python3, python3.10 to" \
	  "python3.14 on PATH). Install it, or name it: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "make: $(PYTHON) lacks the modules venv and" \
	  "ensurepip (on Debian and Ubuntu they are the package python3-venv)." >&2; exit 1; }
	@echo "make: installing the pinned Python packages into $(VENV)"
	@[ -x $(BIN)/python ] || "$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

# Spark and Ray, half a gigabyte: only for the tests that run them.
$(VENV)/.installed-distributed: requirements-distributed.lock $(VENV)/.installed
	@echo "make: installing Spark and Ray into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-distributed.lock
	@touch $@

$(VENV)/.built-quick: $(VENV)/.installed $(RUST) | need-cargo
	@echo "make: building the Rust core (profile quick: optimised, assertions on; a few minutes the first time)"
	@PIP_QUIET=1 $(BIN)/maturin develop --quiet --profile quick
	@rm -f $(VENV)/.built-release; touch $@

$(VENV)/.built-release: $(VENV)/.installed $(RUST) | need-cargo
	@echo "make: building the Rust core (profile release, as in the wheel; several minutes)"
	@PIP_QUIET=1 $(BIN)/maturin develop --quiet --release
	@rm -f $(VENV)/.built-quick; touch $@

# Any build will do for what only reads results.
BUILT := $(or $(wildcard $(VENV)/.built-release),$(VENV)/.built-quick)

# ---- the commands -------------------------------------------------------------------------------

.PHONY: build
build: $(VENV)/.built-quick ## Create .venv and build the extension for tests and the demo

.PHONY: demo
demo: $(BUILT) ## The main job on real input; leaves ./mesh behind
	@$(BIN)/python docs/demo.py $(ARGS)

.PHONY: test
test: $(VENV)/.built-quick $(VENV)/.installed-distributed ## All Python tests (ARGS="-k name" selects)
	@$(BIN)/python -m pytest $(ARGS)

.PHONY: test-rust
test-rust: | need-cargo ## The tests of the Rust crates
	@cargo test --locked --quiet --profile quick -p meshgate-engine -p meshgate-policy $(ARGS)

FUZZ_SECONDS ?= 60
FUZZ_TARGETS = $(patsubst rust/engine/fuzz/fuzz_targets/%.rs,%,$(wildcard rust/engine/fuzz/fuzz_targets/*.rs))

.PHONY: fuzz
fuzz: | need-cargo ## Each fuzz target for FUZZ_SECONDS (60); needs a nightly toolchain and cargo-fuzz
	@cargo +nightly fuzz --version >/dev/null 2>&1 || { echo "make: fuzzing needs a nightly Rust toolchain" \
	  "(rustup toolchain install nightly) and cargo-fuzz (cargo install cargo-fuzz)." >&2; exit 1; }
	@for target in $(FUZZ_TARGETS); do echo "make: fuzzing $$target for $(FUZZ_SECONDS) s"; \
	  (cd rust/engine && cargo +nightly fuzz run $$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -max_len=512 -len_control=0 -rss_limit_mb=4096 -print_final_stats=0 2>&1 | tail -n 3); done

.PHONY: lint
lint: $(VENV)/.built-quick ## Formatting, clippy, fuzz targets, ruff, mypy --strict, stubs against the extension
	cargo fmt --all --check
	cargo clippy --locked --quiet --workspace --all-targets -- -D warnings
	RUSTFLAGS='--cfg fuzzing' cargo check --locked --quiet --target-dir target/fuzz \
	  --manifest-path rust/engine/fuzz/Cargo.toml
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest meshgate._native

.PHONY: format
format: $(VENV)/.installed ## Rewrite sources to the project's format
	cargo fmt --all
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(VENV)/.built-release ## Measure meshgate and its peers on the same tables (release build)
	@$(BIN)/python -m benches $(ARGS)

.PHONY: bench-smoke
bench-smoke: $(BUILT) ## Run every bench once on small tables; measures nothing
	@$(BIN)/python -m benches --smoke $(ARGS)
	@$(BIN)/python -m benches.published --smoke

.PHONY: generate
generate: $(BUILT) ## Rewrite the files that are generated from the registries
	@$(BIN)/python docs/generate.py

.PHONY: snapshots
snapshots: $(VENV)/.built-quick ## Rewrite the stored texts of tests/snapshot and show what changed
	@MESHGATE_UPDATE_SNAPSHOTS=1 $(BIN)/python -m pytest -q tests/snapshot $(ARGS)
	@git --no-pager diff --stat -- tests/snapshot

.PHONY: docs
docs: generate ## Regenerate the documentation and run every example in it
	@$(BIN)/python -m pytest tests/docs $(ARGS)

.PHONY: wheel
wheel: $(VENV)/.installed | need-cargo ## Build the release wheel into dist/
	@$(BIN)/maturin build --release --out dist

RESOLVE := uv pip compile --quiet --universal --no-python-downloads --python-version 3.10 --generate-hashes \
	--no-annotate --custom-compile-command "make lock" pyproject.toml

.PHONY: lock
lock: ## Resolve the two locks anew (needs uv)
	@command -v uv >/dev/null || { echo "make: uv is missing; it resolves the lock for all Python versions." >&2; exit 1; }
	@$(RESOLVE) --extra polars --extra duckdb --group build --group test --group lint --group bench -o requirements.lock
	@$(RESOLVE) --group distributed -c requirements.lock -o requirements-distributed.lock

.PHONY: clean
clean: ## Remove everything that was built, .venv and the demo's ./mesh
	@rm -rf $(VENV) dist target rust/engine/fuzz/target mesh data .benchmarks .hypothesis .pytest_cache .mypy_cache .ruff_cache
	@find python tests benches docs -name __pycache__ -type d -prune -exec rm -rf {} +
	@find python -name '_native*.so' -delete
