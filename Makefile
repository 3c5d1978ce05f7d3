# `make scan` and `make test` do everything from a fresh clone; `make help` lists the rest.

SHELL := bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
MATRIX ?= 3.11 3.12 3.13

BIN := $(VENV)/bin
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
# The first stamp carries the version, so that another PYTHON means another environment.
DEPENDENCIES := $(VENV)/.dependencies-$(PYTHON_VERSION)
PROJECT := $(VENV)/.project
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install

.PHONY: help
help: ## list the targets
	@echo 'usage: make TARGET [PYTHON=python3.12]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: install
install: $(PROJECT) ## make .venv: locked dependencies, and the project itself, editable

.PHONY: setup
setup: install ## set up Checkov in the user's cache, unless it is set up already
	@echo '== Checkov: in an environment of its own, in the user cache'
	@$(BIN)/policyscan setup --check 2>/dev/null || $(BIN)/policyscan setup

.PHONY: scan
scan: setup ## scan the reference plan (clean) and its broken twin (findings), with Checkov
	@echo '== fixtures/reference/plan.json: must be clean, exit 0'
	@$(BIN)/policyscan fixtures/reference/plan.json --source-dir infra
	@echo '== fixtures/reference_broken/plan.json: must have findings, exit 1'
	@code=0; $(BIN)/policyscan fixtures/reference_broken/plan.json || code=$$?; \
	if [ $$code -ne 1 ]; then echo "the broken twin left with exit $$code, not 1" >&2; exit 1; fi
	@# A crash of Python leaves with 1 too, findings do not with --exit-zero.
	@$(BIN)/policyscan fixtures/reference_broken/plan.json --exit-zero --quiet --output /dev/null
	@echo '== as expected: the reference plan is clean, its broken twin is not'

.PHONY: test
test: lint tests ## everything CI checks: lint, then the tests

.PHONY: lint
lint: install ## ruff, mypy and the import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: tests
tests: install validators ## the tests alone
	$(BIN)/python -m pytest --numprocesses $(WORKERS) $(TESTS)

# Tools by others that tests hold our reports against: some need an environment of their own, some
# need Node. Without npm their tests are skipped. The page of a report is opened in the Chromium of
# the machine, which is not ours to install: without one, those tests are skipped.
VALIDATORS := tests/validators/node_modules

.PHONY: validators
validators: .venv-sarif-tools/.locked-$(PYTHON_VERSION) ## install what tests validate reports with
	@if command -v npm >/dev/null; then $(MAKE) $(VALIDATORS)/.locked; \
	else echo 'npm is not on PATH: what only Node validates is not tested'; fi
	@command -v chromium chromium-browser google-chrome >/dev/null || \
	  echo 'chromium is not on PATH: the page of a report is not opened'

# Scripts of packages are not run: all that one would do is the last line.
$(VALIDATORS)/.locked: tests/validators/package-lock.json tests/validators/package.json
	npm ci --prefix $(<D) --ignore-scripts --no-audit --no-fund --loglevel=error
	@chmod u+x $(VALIDATORS)/@microsoft/sarif-multitool-*/Sarif.Multitool* 2>/dev/null || true
	@touch $@

# Pythons differ in how they read, write and start things. What only judges, and every plan of the
# corpus, is left to the first of them; policyscan test, in tests/workbench, judges every fixture.
ELSEWHERE := tests/engine tests/plan tests/source tests/workbench tests/report/test_golden.py \
  tests/cli/test_scan.py tests/cli/test_inputs.py tests/cli/test_formats.py \
  --ignore-glob='*/test_corpus.py'

# What runs Terraform behaves alike in every Python: these few tests show that it does run.
PLANS := tests/planner/test_plan.py tests/cli/test_replay.py

.PHONY: matrix
matrix: ## what Pythons differ in, with every one of MATRIX that is found, in .venv-3.11, ...
	@for version in $(MATRIX); do \
	  python=; \
	  for candidate in python$$version "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$version.*/bin/python; do \
	    if "$$candidate" -c '' 2>/dev/null; then python=$$candidate; break; fi; \
	  done; \
	  if [ -z "$$python" ]; then echo "== Python $$version: not found, skipped"; continue; fi; \
	  echo "== Python $$version: $$python"; \
	  $(MAKE) install PYTHON="$$python" VENV=.venv-$$version || exit; \
	  .venv-$$version/bin/python -m pytest --numprocesses $(WORKERS) $(ELSEWHERE) || exit; \
	  POLICYSCAN_REQUIRE_TERRAFORM= .venv-$$version/bin/python -m pytest $(PLANS) || exit; \
	done

# Other scanners, each in an environment of its own. Checkov could not share ours even if it were to:
# both bring a module of the name hcl2.
SCANNERS := checkov tf-nag
TIMED := $(SCANNERS) terraform-compliance pyrrho

# Tests ask the Checkov in .venv-checkov, and policyscan finds the same one by this home.
CHECKOV_HOME := .venv-checkov-home

.PHONY: checkov
checkov: install .venv-checkov/.locked-$(PYTHON_VERSION) ## make .venv-checkov, in which tests ask Checkov what it would say
	@POLICYSCAN_CHECKOV_HOME=$(CHECKOV_HOME) $(BIN)/policyscan setup --checkov-python .venv-checkov/bin/python

.PHONY: parity
parity: checkov ## compare what reports say of Checkov with its own command line on every plan at hand (CORPUS=dir)
	POLICYSCAN_CHECKOV_HOME=$(CHECKOV_HOME) $(BIN)/python -m tests.parity.run $(CORPUS)

.PHONY: hosted-parity
hosted-parity: install checkov ## compare our pack inside Checkov with policyscan, on every fixture
	POLICYSCAN_HOSTED_PARITY=all POLICYSCAN_REQUIRE_CHECKOV=1 \
	  $(BIN)/python -m pytest tests/hosted/test_parity.py

.PHONY: fixtures
fixtures: install ## plan every fixture again, with real Terraform
	$(BIN)/python -m policyscan.planner.fixtures

.PHONY: docs
docs: install ## write docs/rules and the examples from the rules and their fixtures, and the schemas
	$(BIN)/python -m policyscan.workbench.pages
	$(BIN)/python -m policyscan.report.schemas

.PHONY: pictures
pictures: install ## draw the pictures of the README again: what a terminal and a browser show
	$(BIN)/python -m tests.pictures.draw
	POLICYSCAN_REQUIRE_CHROMIUM=1 $(BIN)/python -m tests.pictures.pages

.PHONY: tables
tables: install ## check the tables of facts about AWS that rules look up
	$(BIN)/python -m policyscan.rule.tables.check policyscan/planner/schema/aws.zip

.PHONY: types
types: install ## plan and apply, in simulation, every type of the AWS provider
	$(BIN)/python -m tests.types.run

.PHONY: bench
bench: install ## measure scans of every size beside what other scanners are installed, into docs/performance.md
	POLICYSCAN_CHECKOV_HOME=$${POLICYSCAN_CHECKOV_HOME:-$(CHECKOV_HOME)} \
	  $(BIN)/python -m tests.benchmarks.run $(BENCH)

.PHONY: bench-peers
bench-peers: checkov $(TIMED:%=.venv-%/.locked-$(PYTHON_VERSION)) ## install the other scanners that make bench measures

.PHONY: work
work: install ## count anew what scans execute, which tests hold them to (tests/benchmarks/work.json)
	$(BIN)/python -m tests.benchmarks.gate

.PHONY: bench-html
bench-html: install ## measure what the page costs to make and to look at, in Chromium
	$(BIN)/python -m tests.benchmarks.html_pages

.PHONY: bench-checkov
bench-checkov: checkov ## measure what Checkov costs beside our scan, and what it costs alone
	POLICYSCAN_CHECKOV_HOME=$(CHECKOV_HOME) $(BIN)/python -m tests.benchmarks.checkov_cost

.PHONY: fuzz
fuzz: install ## break real plans for MINUTES=10, and see whether a scan breaks too
	$(BIN)/python -m tests.fuzz.run --minutes $(or $(MINUTES),10)

.PHONY: peers
peers: install $(SCANNERS:%=.venv-%/.locked-$(PYTHON_VERSION)) ## what other scanners find, into docs/peers.md
	$(BIN)/python -m tests.peers.run

# The AWS provider itself, an old release that pip can fetch: see tests/fidelity/real.py.
.PHONY: fidelity
fidelity: install .venv-fidelity/.locked-$(PYTHON_VERSION) ## compare offline plans with the real AWS provider's, into docs/fidelity.md
	$(BIN)/python -m tests.fidelity.run

.PHONY: mutants
mutants: install ## break every rule in every small way: a test has to fail (writes docs/quality.md)
	$(BIN)/python -m tests.mutation.run --workers $(WORKERS) $(if $(ONLY),--only $(ONLY)) \
	  $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

# What users install, tried in an environment with nothing else, which is also what the SBOM lists.
RELEASED := .venv-released/bin
INTO_RELEASED := $(BIN)/python -m pip --quiet --disable-pip-version-check --python $(RELEASED)/python

.PHONY: release
release: install ## make dist/: wheel, sdist, and a CycloneDX list of all that is installed
	rm -rf dist .venv-released
	$(BIN)/python -m hatchling build
	$(PYTHON) -m venv --without-pip .venv-released
	$(INTO_RELEASED) install --require-hashes --requirement constraints/runtime.txt
	$(INTO_RELEASED) install --no-deps dist/*.whl
	$(RELEASED)/policyscan --version
	$(RELEASED)/policyscan fixtures/reference/plan.json --quiet
	@# The list names the version too, which pyproject.toml leaves to the code.
	@version=$$($(RELEASED)/policyscan --version | sed -n 's/^policyscan //p'); \
	sed "s/^dynamic = .*/version = \"$$version\"/" pyproject.toml > .venv-released/pyproject.toml; \
	$(BIN)/cyclonedx-py environment --output-reproducible --pyproject .venv-released/pyproject.toml \
	  --output-file dist/policyscan-$$version.cdx.json $(RELEASED)/python

# uv resolves for every platform and Python at once. No header and no index options: the
# files hold names, versions and hashes, and the caller's pip decides where to fetch them.
LOCK := .venv-lock/bin/uv pip compile --quiet --no-config --universal \
  --python-version 3.11 --fork-strategy fewest --generate-hashes --no-annotate \
  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(UPGRADE)

.PHONY: lock
lock: ## resolve constraints/ again (UPGRADE=--upgrade takes newer versions)
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/python -m pip --quiet --disable-pip-version-check install uv
	$(LOCK) pyproject.toml --extra serve --extra fleet --group dev --output-file constraints/dev.txt
	$(LOCK) pyproject.toml --constraints constraints/dev.txt --output-file constraints/runtime.txt
	$(LOCK) pyproject.toml --group build --constraints constraints/dev.txt \
	  --output-file constraints/install.txt
	$(LOCK) pyproject.toml --extra serve --constraints constraints/dev.txt \
	  --output-file constraints/serve.txt
	$(LOCK) pyproject.toml --extra fleet --constraints constraints/dev.txt \
	  --output-file constraints/fleet.txt
	for tool in $(TIMED) sarif-tools fidelity; do \
	  $(LOCK) --group pyproject.toml:$$tool --output-file constraints/$$tool.txt || exit; \
	done
	rm -r .venv-lock

.PHONY: clean
clean: ## remove what make made
	rm -rf .venv .venv-* $(VALIDATORS) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(DEPENDENCIES): constraints/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo '$(PYTHON) is $(or $(PYTHON_VERSION),missing), policyscan needs Python 3.11 or newer:' \
	    'make PYTHON=python3.12 ...' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) --require-hashes --requirement constraints/dev.txt
	@touch $@

.venv-%/.locked-$(PYTHON_VERSION): constraints/%.txt
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip --quiet --disable-pip-version-check install \
	  --require-hashes --requirement $<
	@touch $@

$(PROJECT): $(DEPENDENCIES) pyproject.toml
	$(PIP) --no-deps --no-build-isolation --editable .
	@# pip compiles what it installs, but not what it only points at.
	@$(BIN)/python -m compileall -q policyscan rules
	@touch $@
