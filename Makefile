# Each target does its own set-up and may be repeated; docs/contributing.md tells more.
.PHONY: help setup run test lint format bench chaos messages

PY := .venv/bin/python
export DO_NOT_TRACK := 1

help:
	@echo "make run     the product with demonstration data, on 127.0.0.1:8000"
	@echo "make test    the whole suite, on SQLite and on PostgreSQL"
	@echo "make lint    format, rules, imports, types, templates, migrations"
	@echo "make format  rewrite the code in the project's format"
	@echo "make bench   measure (ONLY=client|orders)"
	@echo "make chaos   the fault runs, on both databases (SEED=n KILLS=n)"
	@echo "make messages   collect the texts to translate, compile the translations"

setup:
	@sh dev/setup.sh requirements-dev.txt
	@$(PY) -m dev.keys

run:
	@sh dev/setup.sh requirements-emulator.txt
	@exec $(PY) -m dev.run

test:
	@sh dev/setup.sh requirements-dev.txt
	@exec $(PY) -m dev.test $(ARGS)

lint:
	@sh dev/setup.sh requirements-dev.txt
	@exec $(PY) -m dev.lint

format:
	@sh dev/setup.sh requirements-dev.txt
	@.venv/bin/ruff check --fix --quiet .
	@.venv/bin/ruff format --quiet .
	@.venv/bin/djlint --reformat --quiet templates channels_amazon || true

bench:
	@sh dev/setup.sh requirements-dev.txt
	@exec $(PY) -m bench $(ONLY)

chaos:
	@sh dev/setup.sh requirements-dev.txt
	@exec $(PY) -m dev.test --chaos $(or $(SEED),1) $(KILLS)

# Needs GNU gettext; the compiled catalogues are part of the repository.
messages:
	@$(PY) -m dev.messages
