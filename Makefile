# What a newcomer and CI call. Needs Python 3.8 or later, and make.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 5000
BIN := $(VENV)/bin

.PHONY: run test test-all test-browser coverage lint messages lock bench bench-bulk

run: $(VENV)/runs
	$(BIN)/flask init-db
	$(BIN)/gunicorn --bind 127.0.0.1:$(PORT) wsgi:app

# What takes long is left out, and what needs the machine for itself comes after the rest.
test: $(VENV)/develops
	$(BIN)/python -m pytest -n auto -m "not slow and not serial"
	$(BIN)/python -m pytest -m "serial and not slow"

test-all: $(VENV)/develops
	$(BIN)/python -m pytest -n auto -m "not serial"
	$(BIN)/python -m pytest -m serial

# The pages in a real Chromium, which has to be installed, on Python 3.10 or later.
test-browser: $(VENV)/develops
	$(BIN)/python -m pytest -n auto tests/browser

coverage: $(VENV)/develops
	$(BIN)/python -m pytest -n auto -m "not serial" --cov --cov-report= --cov-fail-under=0
	$(BIN)/python -m pytest -m serial --cov --cov-append --cov-report=term

lint: $(VENV)/develops
	PATH="$(abspath $(BIN)):$$PATH" pre-commit run --all-files --show-diff-on-failure

# New and changed messages of the pages into the catalogs, to be translated there.
messages: $(VENV)/develops
	$(BIN)/pybabel --quiet extract --mapping=pyproject.toml --keywords=N_ --add-location=file \
	  --project=desk --output=messages.pot .
	for language in nl fr de; do $(BIN)/pybabel --quiet update --locale=$$language --no-fuzzy-matching \
	  --ignore-obsolete --omit-header --width=110 \
	  --input-file=messages.pot --output-file=webapp/i18n/translations/$$language.po; done
	rm messages.pot

# The desk beside its limit and its peer on PostgreSQL, some ten minutes; best with wrk, on a machine at rest.
bench: $(VENV)/develops
	$(BIN)/python -m tests.performance.bench

# A million rows of CSV through the route: rows per second, and what memory they took.
bench-bulk: $(VENV)/develops
	$(BIN)/python -m tests.performance.bulk

# Pin what the Pipfile asks for, for every supported Python at once; `make lock UPGRADE=--upgrade` for the newest.
lock: $(VENV)/develops
	$(BIN)/python .ci/lock.py $(UPGRADE)

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/runs: requirements.txt | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/develops: requirements-dev.txt requirements.txt | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@ $(VENV)/runs
