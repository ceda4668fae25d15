# make demo   set everything up and run the main job on photographs drawn on the spot
# make test   the fast tests            make check  lint, types, import contract, rules
# make bench  the measurements          make wheel  the package
# make wheel-test  the package, installed into a fresh environment and used there
# make fuzz   hostile input for FUZZ_SECONDS seconds (60 unless said), by two processes
# make schemas  the JSON Schemas of docs/schemas/, from the models
# make docs   the documentation as a site, in site/     make pages  its generated pages anew
# make pictures  its pictures and the tutorial, from a run of the demo
PYTHON ?= python3
FUZZ_SECONDS ?= 60
BIN := .venv/bin

.PHONY: demo test check bench fuzz wheel wheel-test schemas docs pages pictures clean

demo: .venv/ready
	$(BIN)/python -m demo

test: .venv/ready
	$(BIN)/pytest

check: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dam rules check
	$(BIN)/dam rules test
	$(BIN)/zensical build --strict --clean

bench: .venv/ready
	$(BIN)/python -m bench start
	$(BIN)/python -m bench ingest --faces off
	$(BIN)/python -m bench ingest --faces on --against script
	$(BIN)/python -m bench watch
	$(BIN)/python -m bench memory
	$(BIN)/python -m bench decide
	$(BIN)/python -m bench audit --assets 200000
	$(BIN)/python -m bench export

fuzz: .venv/ready
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) --processes 2

wheel: .venv/ready
	$(BIN)/hatchling build -t wheel

wheel-test: .venv/ready
	$(BIN)/pytest -n 0 -m "slow or not slow" tests/test_packaging.py

schemas: .venv/ready
	$(BIN)/python docs/schemas/make.py

docs: .venv/ready
	$(BIN)/zensical build --strict --clean

pages: schemas
	$(BIN)/python -m handbook

pictures: .venv/ready
	$(BIN)/python -m handbook pictures

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "dam needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[faces,raw,c2pa,timestamp,backup,docs,dev]'
	touch $@

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build site
