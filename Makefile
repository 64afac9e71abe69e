# Everything goes through tools/portable_bench, which needs nothing but the standard library of Python 3.11 or newer.
#   make demo                    the drill on a throwaway site, then serves it (SERVE=0: ends after the table)
#   make test                    linter and all tests; ARGS="tests/unit -k plan" for some
#   make soak MINUTES=10         random verbs, kills, clock steps, renames; what must hold afterwards is asked of the database
#   make matrix                  every function of Frappe that reads, about every doctype of ours, by everybody for whom it is not
#   make coverage                which lines and branches of the rules and flows the tests run; COVERAGE=1 make test: while testing
#   make mutants                 rules changed one place at a time: do the unit tests notice? ARGS="--seed 7 lifecycle"
#   make docs                    the pages of docs/ as a site, in English and Chinese: .bench/docs-site
#   make translations            the files for translators' tools, from outage_response/translations/zh.csv
#   make demo|test BENCH=/path/to/bench SITE=name     on a bench you already have

PYTHON ?= python3
TOOL := tools/portable_bench
ARGS ?=
MINUTES ?= 10
export BENCH SITE SERVE COVERAGE

.PHONY: help setup demo test coverage mutants soak matrix lint format translations docs stop clean

help:
	@sed -n 's/^#   //p' Makefile
	@$(PYTHON) $(TOOL) --help

setup:
	@$(PYTHON) $(TOOL) up

demo:
	@$(PYTHON) $(TOOL) demo

test:
	@$(PYTHON) $(TOOL) test $(ARGS)

coverage:
	@COVERAGE=1 $(PYTHON) $(TOOL) test tests/unit tests/site $(ARGS)

mutants:
	@$(PYTHON) $(TOOL) mutants $(ARGS)

soak:
	@$(PYTHON) $(TOOL) soak --minutes $(MINUTES) $(ARGS)

matrix:
	@$(PYTHON) $(TOOL) matrix $(ARGS)

lint:
	@$(PYTHON) $(TOOL) lint

format:
	@$(PYTHON) $(TOOL) format

translations:
	@$(PYTHON) docs/make_locale.py

docs:
	@$(PYTHON) $(TOOL) docs

stop:
	@$(PYTHON) $(TOOL) stop

clean:
	@$(PYTHON) $(TOOL) clean
