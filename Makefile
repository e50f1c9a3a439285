# Two commands do everything on a fresh machine: `make demo` and `make test`. Both set up .venv first.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data

.PHONY: setup demo demo-nights report-demo serve-demo serve-kill test test-dask test-nights test-small test-sources sources-packages check check-python check-sql docs drafts bench faults lock clean test-docs analysis-truth kubernetes-check

# pip unpacks on one processor: each half of the lock by one of its own. Compiled as it would, but on every processor, and without what is
# there for a few tests or for nobody.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r
RARE := /(tests|sympy|networkx|moto|mpmath|cfnlint|pip|setuptools|mypy|mypyc)/

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock
	@command -v $(PYTHON) >/dev/null 2>&1 && $(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	@for half in 0 1; do awk -v half=$$half '/^[^ ]/ { n++ } n % 2 == half' requirements.lock > $(VENV)/lock.$$half; done
	$(INSTALL) $(VENV)/lock.0 & first=$$!; $(INSTALL) $(VENV)/lock.1; second=$$?; wait $$first && exit $$second
	@$(BIN)/python -m compileall -qq -j 0 -x '$(RARE)' $(VENV)/lib || true  # a package may ship a file that none can compile
	@printf '%s\n' '#!/bin/sh' 'exec "$(CURDIR)/$(BIN)/python" -m flows "$$@"' > $(BIN)/trialweave && chmod +x $(BIN)/trialweave
	@$(BIN)/python -c "import site, pathlib; pathlib.Path(site.getsitepackages()[0], 'trialweave-checkout.pth').write_text('$(CURDIR)\n')"
	@touch $@

demo: setup
	$(BIN)/python -m flows demo --data $(DATA)

# Two halves side by side, of about the same length: the nights of the golden tests and the drafts of sites, and the small tests.
LONG := tests/golden tests/newsite tests/faults/test_backfill.py
test: setup
	@$(MAKE) --no-print-directory -j2 test-nights test-small

test-nights: setup
	$(BIN)/python -m pytest $(LONG)

test-small: setup
	$(BIN)/python -m pytest $(LONG:%=--ignore %)

# Every source against its real server on this machine; prints a table of what was tried.
test-sources: setup sources-packages
	$(BIN)/python -m tests.sources

# PostgreSQL and OpenSSH from Debian's packages, where they are missing and this user may install them.
sources-packages:
	@.ci/packages

check: setup
	@$(MAKE) --no-print-directory -j2 check-sql check-python

check-python: setup
	$(BIN)/ruff check .
	$(BIN)/mypy

check-sql: setup
	$(BIN)/sqlfluff lint sql --disable-progress-bar -q --processes 0

docs: setup
	$(BIN)/python -m flows.docs

# Drafts of the demo's sites against the mappings that people wrote; writes docs/drafts.md.
drafts: setup
	$(BIN)/python -m tests.drafts

# Blocks of the guides and the README, and whether docs/ is what the code gives.
test-docs: setup
	$(BIN)/python -m pytest tests/golden/test_guides.py tests/golden/test_docs.py tests/golden/test_adipd_query.py

# How often the intervals of trialweave analyze hold a planted effect, over many seeds.
analysis-truth: setup
	ANALYSIS=all $(BIN)/python -m pytest tests/analysis -s

# SUBJECTS=100000 SITES=200 ROUNDS=1: another size than 10,000 subjects in 100 sites, twice.
bench: setup
	$(BIN)/python -m tests.bench.bench $(if $(SUBJECTS),--subjects $(SUBJECTS)) $(if $(SITES),--sites $(SITES)) $(if $(ROUNDS),--rounds $(ROUNDS))

# Every fault in tests/faults, and a purge killed at each step; `make test` tries a few of each kind. Writes build/faults.json.
faults: setup
	FAULTS=all $(BIN)/python -m pytest tests/faults tests/golden/test_purge.py

# Three nights of the demo with planted changes; keep them with FOLDER=some/new/folder.
demo-nights: setup
	$(BIN)/python -m tests.golden.demo_nights $(if $(FOLDER),--folder $(FOLDER))

# The report of three demo nights, opened in Chromium (Debian's: apt-get install chromium); pictures in build/report-demo.
report-demo: setup
	$(BIN)/python -m tests.golden.report_demo

# A night by schedule and a backfill by form, in a real browser, on `trialweave serve`; pictures in build/serve-demo.
serve-demo: setup
	@.ci/packages chromium
	$(BIN)/python -m tests.served.demo

# SIGKILL for server, run and worker of `trialweave serve` in the middle of nights.
serve-kill: setup
	$(BIN)/python -m tests.served.killing

# One trial on one machine, on a Dask cluster, and on one that loses a worker: the same release byte for byte?
test-dask: setup
	$(BIN)/python -m tests.served.dask_demo

# CDISC's open rules engine on the demo's SDTM-shaped exports, in an environment of its own: it needs Python 3.12 and other versions of
# libraries than the project. CDISC's own rules are no part of the package: CACHE=folder names a copy of its repository's resources/cache.
PYTHON312 ?= python3.12
CORE := build/core-venv
core-check: setup
	@command -v $(PYTHON312) >/dev/null || { echo "the engine needs Python 3.12: make core-check PYTHON312=/path/to/python3.12"; exit 2; }
	@test -f $(CORE)/.ready || { $(PYTHON312) -m venv $(CORE) && $(CORE)/bin/pip install -q cdisc-rules-engine==0.17.1 && touch $(CORE)/.ready; }
	$(BIN)/python -m flows run --data build/core/data >/dev/null || test $$? -eq 1
	rm -rf build/core/sdtm
	$(BIN)/python -m flows export --sdtm --data build/core/data --out build/core/sdtm >/dev/null
	$(CORE)/bin/python tests/core/check.py build/core/sdtm/* --out build/core/results.csv $(if $(CACHE),--cache $(CACHE))
	$(BIN)/python -m pytest tests/core

# The guide's Kubernetes files against the schemas of Kubernetes, and a job as Prefect's worker sends it; in an environment of its own,
# because the project itself needs neither prefect-kubernetes nor kubernetes-validate.
KUBERNETES := build/kubernetes-venv
kubernetes-check: setup
	@mkdir -p build && sed -nE 's/^([A-Za-z0-9._-]+)(\[[^]]*\])?(==[^ ]+).*/\1\3/p' requirements.lock > build/constraints.txt
	@test -f $(KUBERNETES)/.ready || { $(BIN)/python -m venv $(KUBERNETES) && $(KUBERNETES)/bin/pip install -q -c build/constraints.txt \
		prefect prefect-kubernetes==0.8.0 kubernetes-validate==1.37.0 pyyaml && touch $(KUBERNETES)/.ready; }
	PREFECT_SERVER_ANALYTICS_ENABLED=false PREFECT_LOGGING_LEVEL=CRITICAL $(KUBERNETES)/bin/python tests/deploy/kubernetes_check.py

truth: setup
	$(BIN)/python -m tests.truth

# Pins and hashes only; needs uv on the PATH of whoever moves a version.
lock:
	uv pip compile pyproject.toml --extra dev --extra analysis --generate-hashes --no-header --no-strip-extras --no-annotate --python-version 3.11 -q -o requirements.lock

clean:
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
