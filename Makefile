# Two commands do everything: `make serve` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv more than halves the time of installing. It reads no settings of pip's: where it finds no registry, pip does.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt
# Bytecode is compiled as it is installed, on all cores, whatever the environment says.
COMPILE := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -q -j 0 $(VENV)/lib phbkit
PROJECT := pyproject.toml constraints.txt
# Some tests wait, so that more of them than there are cores are quickest; yet each worker costs
# 20 seconds of its own: what it imports, its servers, its browser, its template.
WORKERS ?= 4
PYTEST := $(BIN)/python -m pytest

.PHONY: install serve test check-code run-tests soak bench size lint requirements sbom clean

install: $(VENV)/.tests

$(VENV)/.serves: $(PROJECT)
	$(call installed,.)
	touch $@

$(VENV)/.tests: $(PROJECT)
	$(call installed,'.[dev]')
	touch $(VENV)/.serves $@

define installed
$(PYTHON) -m venv $(VENV)
$(PIP) uv
$(UV) --editable $(1) || $(PIP) --editable $(1)
-$(COMPILE)
endef

serve: $(VENV)/.serves
	$(BIN)/phb serve $(ARGS)

# Code is checked while the tests wait.
test: install
	$(BIN)/python tests/need_programs.py
	$(MAKE) --jobs=2 check-code run-tests

check-code: install
	$(BIN)/phb check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

run-tests: install
	$(PYTEST) -n $(WORKERS) --dist loadgroup --no-loadscope-reorder $(ARGS)
	$(PYTEST) -n 2 --dist loadfile --nbval-lax workbooks

# A JupyterHub, and runs that are killed, stopped and starved again and again: minutes, not seconds.
soak: install
	$(BIN)/python tests/need_programs.py --hub
	$(BIN)/python -m pytest tests/soak $(ARGS)

bench: install
	$(BIN)/python tests/need_programs.py
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m benchmarks $(ARGS)

size: install
	$(BIN)/python -m benchmarks.size

lint: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mypy

# What production installs, each file by its hash; made anew when a pin changes.
requirements: install
	$(BIN)/uv --quiet pip compile pyproject.toml --group build --universal --python-version 3.11 \
		--constraints constraints.txt --overrides deploy/left-out.txt --generate-hashes \
		--no-header --no-annotate --output-file deploy/requirements.txt

# What that is made of, as CycloneDX.
sbom: install
	$(BIN)/cyclonedx-py requirements deploy/requirements.txt --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file sbom.json

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
