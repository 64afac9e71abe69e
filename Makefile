# Everything goes through `python3 -m portable_bench`, which needs nothing but the standard library.
#   make demo                    the drill on a throwaway site, then serves it (SERVE=0: ends after the table)
#   make test                    linter and all tests; ARGS="tests/unit -k plan" for some
#   make soak MINUTES=10         random verbs, kills, clock steps, renames; what must hold afterwards is asked of the database
#   make matrix                  every function of Frappe that reads, about every doctype of ours, by everybody for whom it is not
#   make demo|test BENCH=/path/to/bench SITE=name     on a bench you already have

PYTHON ?= python3
ARGS ?=
MINUTES ?= 10
export BENCH SITE SERVE

.PHONY: help setup demo test soak matrix lint format stop clean

help:
	@sed -n 's/^#   //p' Makefile
	@$(PYTHON) -m portable_bench --help

setup:
	@$(PYTHON) -m portable_bench up

demo:
	@$(PYTHON) -m portable_bench demo

test:
	@$(PYTHON) -m portable_bench test $(ARGS)

soak:
	@$(PYTHON) -m portable_bench soak --minutes $(MINUTES) $(ARGS)

matrix:
	@$(PYTHON) -m portable_bench matrix $(ARGS)

lint:
	@$(PYTHON) -m portable_bench lint

format:
	@$(PYTHON) -m portable_bench format

stop:
	@$(PYTHON) -m portable_bench stop

clean:
	@$(PYTHON) -m portable_bench clean
