# Two commands: `make run` installs and starts the app, `make test` installs and passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CHROMIUM ?= /usr/bin/chromium

.PHONY: run test test-slow lint browser clean

run: $(VENV)/.installed
	@echo "LesionLab starts: open http://127.0.0.1:8501 in a browser. Ctrl-C ends it; a training goes on."
	@$(BIN)/python -m streamlit run app/main.py

test: $(VENV)/.installed-dev browser lint
	CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest

test-slow: $(VENV)/.installed-dev browser
	CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest -m slow

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .

browser:
	@test -x $(CHROMIUM) && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; \
	else \
		echo "The browser tests need Chromium: install it, or name it with make test CHROMIUM=/path/to/chromium."; exit 1; \
	fi

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "LesionLab needs Python 3.11 or newer; name one with: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Creates the virtual environment $(VENV)."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installs the requirements; the first time this downloads several gigabytes and takes some minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	@echo "Installs the requirements and what the tests need; the first time this takes some minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache
