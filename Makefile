# make run | test | check | bench. Everything is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin
CLIENT := tests/client
ARGS ?=

# A virtual environment without pip (Debian without python3-venv makes such) is of no use later.
MAKE_VENV = @test -x $(BIN)/pip || { rm -rf .venv; $(PYTHON) -m venv .venv \
	|| { rm -rf .venv; echo "Python's venv module is missing: on Debian, install python3-venv."; exit 1; }; }

.DEFAULT_GOAL := help
.PHONY: help run test check bench format readme chromium clean

help:
	@echo "make run     start the server, the page and the music bot"
	@echo "make test    set everything up and run all tests"
	@echo "make check   the whole gate: format, lint, types, imports, tests, coverage, JavaScript"
	@echo "make bench   measure speed (ARGS='--listeners 200' for more)"
	@echo "make format  format Python and JavaScript"
	@echo "make readme  write the tables of commands and settings into the README"

# Without its JavaScript runtime, which not every platform has, only YouTube is missing.
.venv/run: pyproject.toml
	@echo "Installing into .venv, once; this takes a minute or two…"
	$(MAKE_VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[youtube]' \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/test: pyproject.toml
	@echo "Installing what the tests need into .venv…"
	$(MAKE_VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@

$(CLIENT)/node_modules: $(CLIENT)/package.json $(CLIENT)/package-lock.json
	@command -v npm >/dev/null || { echo "The JavaScript checks need Node 20.19 or later with npm."; exit 1; }
	cd $(CLIENT) && npm ci --no-audit --no-fund --silent
	touch $@

run: .venv/run
	$(BIN)/musicbot up $(ARGS)

# Debian's Chromium as root; elsewhere an installed Chrome or Chromium is used.
chromium:
	@command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null 2>&1 \
	|| { command -v apt-get >/dev/null && test "$$(id -u)" = 0 \
	     && apt-get update -q && apt-get install -q -y --no-install-recommends chromium; } \
	|| echo "No Chromium and no way to install one: browser tests will be skipped (with CI=true they fail)."

test: .venv/test chromium
	$(BIN)/python -m pytest $(ARGS)

check: .venv/test chromium $(CLIENT)/node_modules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd $(CLIENT) && npm run --silent check
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95

bench: .venv/test
	$(BIN)/python -m tests.bench $(ARGS)

format: .venv/test $(CLIENT)/node_modules
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd $(CLIENT) && npm run --silent format

readme: .venv/test
	$(BIN)/python -m tests.readme

clean:
	rm -rf .venv $(CLIENT)/node_modules .coverage* .mypy_cache .pytest_cache .ruff_cache
