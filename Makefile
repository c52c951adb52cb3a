# What CI does, one target each. Needs rustc/cargo, a C compiler, make and python3 (3.10 or later).

PYTHON ?= python3
VENV ?= .venv
CARGO_TARGET_DIR ?= $(HOME)/.cache/heliosdb/target
export CARGO_TARGET_DIR

.PHONY: all demo test test-rust test-python lint bench venv install slt clean

all: test

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q --upgrade pip

venv: $(VENV)/bin/python

# Builds the wheel from this tree and installs it into the venv.
install: venv
	$(VENV)/bin/python -m pip install -q --force-reinstall --no-deps .

# Builds the package and runs an application on it.
demo: install
	$(VENV)/bin/python examples/shop.py

# Every test.
test: lint test-rust test-python

lint:
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings

# One profile for tests, wheel and benchmarks: dependencies are built once.
test-rust:
	cargo test --release --workspace --exclude heliosdb-python

test-python: install
	$(VENV)/bin/python -m pip install -q -r python/requirements-test.txt
	$(VENV)/bin/python -m pytest python/tests

# Side by side with the interpreter's own sqlite3.
bench: install
	$(VENV)/bin/python benches/python/micro.py
	$(VENV)/bin/python benches/python/queries.py
	$(VENV)/bin/python benches/python/files.py

clean:
	rm -rf $(VENV) target
