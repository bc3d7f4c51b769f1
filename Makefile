# The same few commands here and in CI.  `make demo` and `make test` need nothing set up before.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check build bench clean
.DELETE_ON_ERROR:

$(READY): pyproject.toml constraints.txt sandbox-hashes.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 …")'
	@echo "Setting up $(VENV) (once; PyTorch makes this a few hundred megabytes) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r sandbox-hashes.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,cluster]'
	@touch $@

demo: $(READY)  ## build, grade a made-up class in isolation, and say what to open
	@$(BIN)/python -m tools.demo

test: $(READY)  ## the whole test suite
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

check: $(READY)  ## lint, layout, types, rooms, generated files, and the proof of the collection
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/autograder build --check
	@$(BIN)/autograder verify

build: $(READY)  ## source/, release/ and assignments/ from solutions/
	@$(BIN)/autograder build

bench: $(READY)  ## the comparison with stock nbgrader, as ratios
	@$(BIN)/python -m tools.bench

clean:  ## what was made here and is not in git
	rm -rf $(VENV) demo bench results build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
