# Suban 速办. Needs Python 3.11 or newer and make; everything else is fetched, locked by hash. `make` lists the verbs.
# Paths are relative, so that the project may stand in a folder with spaces in its name.
PYTHON ?= python3
PY := .venv/bin/python
export PYTHONUTF8 := 1

# What a user may set: DATA, STORY (demo), BENCH (bench), NAME and RATE (up, down, status, logs), SERVICE (logs), UPGRADE (lock).
DATA ?=
STORY ?=
BENCH ?=
NAME ?= dev
RATE ?= 1
SERVICE ?=
UPGRADE ?=
export DATA STORY

.DEFAULT_GOAL := help
.PHONY: help venv demo test up down status logs bench chaos lint format docs lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

venv:
	@command -v "$(PYTHON)" >/dev/null || { echo "✗ There is no $(PYTHON); install Python 3.11 or newer, or name one: make demo PYTHON=…" >&2; exit 1; }
	@"$(PYTHON)" deploy/local/bootstrap.py

demo: venv ## a whole city day in two minutes; DATA=file.csv replays real requests, STORY=bridge tells one case, DEMO_EXIT=1 ends after it
	@$(PY) -m deploy.local.demo

test: venv ## everything: lock, lint, types, walls, docs, unit, contract, integration, e2e, chaos, alerts, dashboards
	@$(PY) -m tests.run

up: venv ## start Kafka, PostgreSQL and the four services and leave them running; NAME=dev RATE=1
	@$(PY) -m deploy.local --name "$(NAME)" up --rate "$(RATE)"

down: venv ## stop what `up` started; the data is kept
	@$(PY) -m deploy.local --name "$(NAME)" down

status: venv ## what runs, where, with which process number
	@$(PY) -m deploy.local --name "$(NAME)" status || true

logs: venv ## follow the logs; SERVICE=router follows one
	@$(PY) -m deploy.local --name "$(NAME)" logs $(SERVICE)

bench: venv ## measure, write .suban/bench/report.json; BENCH=name runs one
	@$(PY) -m tests.bench $(BENCH)

chaos: venv ## the long chaos tests: killed, frozen, cut off, for minutes
	@$(PY) -m pytest tests/chaos -m long

lint: venv ## ruff, mypy --strict and import-linter
	@$(PY) -m tests.run ruff format mypy walls

format: venv ## let ruff lay the code out
	@$(PY) -m ruff check --fix-only --quiet . && $(PY) -m ruff format .

docs: venv ## write the generated documents again
	@$(PY) -m services docs

lock: venv ## resolve the dependencies again into requirements.lock; UPGRADE=1 takes newer ones
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--group local --group dev $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements.lock

clean: ## stop everything and remove all that was made
	@if [ -x $(PY) ]; then $(PY) -m deploy.local clean || true; fi
	@rm -rf .venv .suban .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
