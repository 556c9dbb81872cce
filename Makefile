# make demo | test | check | soak | bench | lock
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check suite soak bench lock clean

demo: $(VENV)/.runtime
	@$(BIN)/tactful demo

test: check suite

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

# Two processes side by side, for two cores: contracts and proofs, and all the rest.
suite: $(VENV)/.dev
	@$(BIN)/python -m pytest -m "not soak" tests/contracts tests/proofs --ignore-glob "*/proofs/test_r*" & proofs=$$!; \
	$(BIN)/python -m pytest -m "not soak" tests/architecture tests/e2e tests/integration tests/unit \
		tests/proofs/test_r*.py; rest=$$?; \
	wait $$proofs && exit $$rest

soak: $(VENV)/.dev
	TACTFUL_SOAK=1 $(BIN)/python -m pytest

bench: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,peers]'
	$(BIN)/python -m evals.benchmarks.run

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Tactful needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.runtime

# Writes constraints.txt anew from what resolves today: names and versions, never an index.
lock:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet -e '.[dev,peers]'
	.venv-lock/bin/python -m pip freeze --exclude-editable | grep -E '^[A-Za-z0-9_.-]+==' > constraints.txt
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) .venv-lock .tactful
