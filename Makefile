# Commands for developers. They need make and Python 3.8 or later; lint and the browser's tests 3.10.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 5000
BIN := $(VENV)/bin

.PHONY: help run dev check test test-all test-browser coverage lint format messages lock licences bench bench-bulk \
  bench-scaling

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 21
	@echo "Variables: PORT=5001 for another port, PYTHON=python3.12 VENV=.venv-3.12 for another Python."

run: $(VENV)/runs ## serve on 127.0.0.1:PORT as in production, with an embedded database
	$(call require_free_port)
	$(BIN)/flask init-db
	$(BIN)/gunicorn --bind 127.0.0.1:$(PORT) wsgi:app

# Static files and translations are read once, at the start.
dev: $(VENV)/develops ## the same for development: reloads code and templates, without the HTTP cache
	$(call require_free_port)
	$(BIN)/flask init-db
	HTTP_CACHE_MB=0 $(BIN)/flask --debug run --host 127.0.0.1 --port $(PORT) \
	  --extra-files "$$(echo static/* webapp/i18n/translations/*.po | tr ' ' :)"

check: lint test ## lint and test, before each commit

# What takes long is left out, and what needs the machine for itself comes after the rest.
test: $(VENV)/develops ## run the tests, but for slow ones and the browser's
	$(BIN)/python -m pytest -n auto -m "not slow and not serial"
	$(BIN)/python -m pytest -m "serial and not slow"

# nginx and PgBouncer have to be installed: on Debian, `apt-get install nginx pgbouncer`.
test-all: test ## run all tests but the browser's
	$(BIN)/python -m pytest -n auto -m "slow and not serial"
	$(BIN)/python -m pytest -m "slow and serial"

# Chromium has to be installed: on Debian, `apt-get install chromium`.
test-browser: $(VENV)/develops ## run the tests of the pages in Chromium
	$(BIN)/python -m pytest -n auto tests/browser

coverage: $(VENV)/develops ## run the same tests, and report what they cover
	$(BIN)/python -m pytest -n auto -m "not slow and not serial" --cov --cov-report= --cov-fail-under=0
	$(BIN)/python -m pytest -m "serial and not slow" --cov --cov-append --cov-report=term

lint: $(VENV)/develops ## run all that pre-commit runs: ruff, mypy, import-linter, djlint, codespell
	PATH="$(abspath $(BIN)):$$PATH" pre-commit run --all-files --show-diff-on-failure

format: $(VENV)/develops ## format the code, and fix what ruff can fix
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

messages: $(VENV)/develops ## collect new texts of the pages into webapp/i18n/translations/*.po
	$(BIN)/pybabel --quiet extract --mapping=pyproject.toml --keywords=N_ --add-location=file \
	  --project=desk --output=messages.pot .
	for language in nl fr de; do $(BIN)/pybabel --quiet update --locale=$$language --no-fuzzy-matching \
	  --ignore-obsolete --omit-header --width=110 \
	  --input-file=messages.pot --output-file=webapp/i18n/translations/$$language.po; done
	rm messages.pot

# Best with wrk, on a machine at rest.
bench: $(VENV)/develops ## measure requests beside a bare WSGI function and FastAPI, in ten minutes
	$(BIN)/python -m tests.performance.bench

bench-bulk: $(VENV)/develops ## measure a lookup of a million zipcodes: rows per second, and memory
	$(BIN)/python -m tests.performance.bulk

# With wrk and nginx, on a machine at rest.
bench-scaling: $(VENV)/develops ## measure one process, two workers, and three processes behind nginx
	$(BIN)/python -m tests.performance.scaling

lock: $(VENV)/develops ## pin the Pipfile for all Pythons; UPGRADE=--upgrade for the newest versions
	$(BIN)/python .ci/lock.py $(UPGRADE)

# Also with the Python of the image, for the packages that only it needs.
licences: $(VENV)/runs ## list the licences of the packages in docs/licences.md
	$(BIN)/python .ci/licences.py

# Fails with one line if something listens on the port.
define require_free_port
@$(BIN)/python -c 'import socket as s; raise SystemExit(0 if s.socket().connect_ex(("127.0.0.1", $(PORT))) \
  else "Port $(PORT) is taken. Choose another: make $@ PORT=5001")'
endef

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys as s; s.exit(0 if s.version_info >= (3, 8) else \
	  "Python 3.8 or later is needed. Name one: make $(MAKECMDGOALS) PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/runs: requirements.txt | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/develops: requirements-dev.txt requirements.txt | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@ $(VENV)/runs
