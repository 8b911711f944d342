# The contributor's guide: every task is one target. `make run` and `make test` set themselves up.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install run test lint format messages bench bundle sbom audit coverage figures torture lock

.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("suanquan needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

CATALOGUE := api/language/locale/en

$(CATALOGUE).mo: $(CATALOGUE).po .venv/installed
	@$(BIN)/python -c 'import hatch_build; hatch_build.compile_catalogues()'
	@touch $@

install: .venv/installed $(CATALOGUE).mo ## build .venv/ from the hash-pinned requirements.txt

run: install ## set up and start everything on this machine, then print the address
	@$(BIN)/suanquan up

test: install ## all tests
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal

lint: install ## style, types and who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## let ruff mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: install ## bring the texts of api/ into the catalogue: new ones in, unused ones out, sorted
	$(BIN)/pybabel --quiet extract -F pyproject.toml -k _ -k msgid --omit-header --no-location --sort-output -o $(CATALOGUE).pot api
	$(BIN)/pybabel --quiet update -l en -i $(CATALOGUE).pot -o $(CATALOGUE).po --omit-header --no-fuzzy-matching --ignore-obsolete --no-wrap
	rm $(CATALOGUE).pot

bench: install ## ratios measured in one run: a table, and JSON beside it
	$(BIN)/python -m bench

bundle: install ## a folder for sites without a route out: dist/suanquan-…; BASE=…@sha256:… adds the images
	$(BIN)/python -m bundle $(if $(BASE),--base $(BASE))

sbom: install ## what the program rests on: dist/sbom-….cdx.json, and docs/doors/licences.md
	$(BIN)/python -m bundle.materials

audit: install ## known weaknesses of what is locked; without a database, what is behind its newest version
	$(BIN)/python -m bundle.audit

coverage: install ## all tests, and then the lines of the product that none of them runs
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --maxprocesses 4 --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

figures: install ## the figures of the code, into docs/house.md
	$(BIN)/python -m bench.house

torture: install ## the long forms of the property tests
	SUANQUAN_TORTURE=1 $(BIN)/pytest -m torture

lock: install ## renew requirements.txt, and what the images hold: with hashes, without URLs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --all-extras --group dev pyproject.toml -o requirements.txt
	for image in 'agent --extra cluster --extra dcgm' 'server --extra archive --extra hsm'; do \
	  $(BIN)/uv pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra $$image -c requirements.txt pyproject.toml -o containers/$${image%% *}.txt; \
	done
