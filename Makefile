# Short names for what one does often. Everything works without make: see each line.
.DEFAULT_GOAL := help
.PHONY: help test lint types format messages rules demo bench soak attacks markup statemachine lines mutation snoops guards sqlmap lock

PYTHON := .venv/bin/python

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

test: ## Run all tests; ARGS="-k dose" chooses
	./akson test $(ARGS)

lint: ## Style, and who may import whom
	$(PYTHON) -m ruff check .
	.venv/bin/lint-imports

types: ## Check the types
	$(PYTHON) -m mypy --strict journal

format: ## Lay out the code, and repair what can be repaired by itself
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

messages: ## Gather what is said to users, and say what lacks a translation
	$(PYTHON) -m tools.messages

rules: ## Write docs/clinical-rules.md from the tables and cases of the clinical rules
	$(PYTHON) -m tools.clinical_rules

demo: ## Start a journal with invented people on this machine
	./akson demo

bench: ## Measure speed against the limit, in the same run
	./akson bench $(ARGS)

soak: ## The long faults: kills, cut wires, a full disk, crowds, races; ARGS="kill --seconds 600"
	$(PYTHON) -m tests.crash $(ARGS)

attacks: ## Type what an attacker types into every field and every address: minutes
	AKSON_ATTACKS=all $(PYTHON) -m pytest -q -s --timeout 3600 tests/architecture/test_attacks.py

markup: ## Type sixty pieces of markup into every field and see in a browser that none of them runs
	AKSON_ATTACKS=all $(PYTHON) -m pytest -q -s --timeout 7200 tests/browser/test_markup.py

LIVES ?= 300
statemachine: ## Live an order's and a dose's life, drawn anew, through model, service and pages; LIVES=300
	AKSON_LIVES=$(LIVES) $(PYTHON) -m pytest -q tests/medication/test_order_life.py tests/medication/test_dose_life.py

lines: ## Look at a million generated medication lines; ARGS="10000" looks at fewer
	$(PYTHON) -m tools.dose_lines $(ARGS)

mutation: ## Change the clinical rules one place at a time and see whether a test says so; ARGS="rules/schedule.py"
	$(PYTHON) -m tools.mutation $(ARGS)

snoops: ## Find forty snoops in a seeded log of a million lines; ARGS="20000" seeds fewer
	$(PYTHON) -m tests.snoops $(ARGS)

guards: ## Take away the guards one at a time and see whether a test says so; ARGS="--only policy --limit 50"
	$(PYTHON) -m tests.guards $(ARGS)

lock: ## Time how soon a locked screen is gone and back, a hundred times in a browser
	$(PYTHON) -m pytest -q -s -n 0 --timeout 0 tests/browser/lock_times.py

sqlmap: ## Let sqlmap try every parameter of every page and form; an hour; AKSON_SQLMAP_MINUTES=5 tries some
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/requirements-sqlmap.txt
	$(PYTHON) -m pytest -q -s -n 0 --timeout 0 tests/sqlmap.py
