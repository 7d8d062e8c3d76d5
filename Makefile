# Each target does its own set-up and may be repeated; docs/contributing.md tells more.
.PHONY: help setup run test lint format bench chaos messages pictures requirements

PY := .venv/bin/python
export DO_NOT_TRACK := 1

help:
	@echo "make run     the product with demonstration data, on 127.0.0.1:8000"
	@echo "make test    the whole suite, on SQLite and on PostgreSQL"
	@echo "make lint    format, rules, imports, types, templates, migrations (ONLY=step)"
	@echo "make format  rewrite the code in the project's format"
	@echo "make bench   measure (ONLY=client|orders|idle|pages|stock)"
	@echo "make chaos   the fault runs, on both databases (SEED=n KILLS=n)"
	@echo "make setup   the environment and the keys alone"
	@echo "make messages      collect the texts to translate, compile the translations"
	@echo "make pictures      make the README's pictures anew, in both languages"
	@echo "make requirements  compile requirements*.in (ARGS=--upgrade or --check)"

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
	@exec $(PY) -m dev.lint $(ONLY)

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
	@exec $(PY) -m dev.test --chaos $(or $(SEED),1) $(or $(KILLS),200) $(ARGS)

# Needs GNU gettext, installed through apt where that is allowed.
messages:
	@sh dev/setup.sh requirements-dev.txt
	@exec $(PY) -m dev.messages

pictures:
	@sh dev/setup.sh requirements-dev.txt
	@exec $(PY) -m tests.whole.pictures $(ARGS)

requirements:
	@sh dev/setup.sh requirements-dev.txt
	@exec $(PY) -m dev.requirements $(ARGS)
