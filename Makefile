# Every target makes the environment that it needs, in .venv, and does nothing twice.
# Without make: the same commands are in README.md.

.DEFAULT_GOAL := help
.PHONY: help book serve lab test check nightly site same faults refresh experiments bench card links binder tools lock locked clean

# The first Python on the path that is new enough; PYTHON=... on the command line wins.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 8000

BIN := .venv/bin
READY := .venv/.installed
TOOLS := .venv-tools/.installed
PIP := -m pip install --quiet --quiet --disable-pip-version-check
TORCH := $(shell sed -n 's/^\(torch==[0-9.]*\).*/\1/p' requirements-notebooks.txt)
# The CPU build of torch is a tenth of the size. Where its index cannot be reached, go on without it.
CPU_TORCH := $(PIP) --no-deps --retries 0 --timeout 5 --index-url https://download.pytorch.org/whl/cpu \
	$(TORCH) >/dev/null 2>&1 || true
NOTEBOOKS := $(if $(NB),notebooks/$(NB).ipynb,$(wildcard notebooks/*.ipynb))
CHECKED := tests/test_notebooks.py tests/test_pages.py tests/test_exercises.py
# One thread: the same sums in the same order, and no quarrel over the cores. Nobody looks on.
ONE_THREAD := TQDM_DISABLE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
NBVAL := $(BIN)/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout=120 -o addopts= -p no:randomly
# A process for each core; a notebook stays in one.
SPREAD := -n auto --dist loadfile

help: # show this list
	@echo "Two Axes: batch size and time steps in RNN training"
	@echo
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
	@echo
	@echo "The first command installs what it needs into .venv, which takes some minutes once."

$(READY): requirements.txt requirements-notebooks.txt pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "This course needs Python 3.11 or newer, and none was found."; \
	  echo "Install one, or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv ..."
	@$(BIN)/python $(CPU_TORCH)
	@$(BIN)/python $(PIP) -r requirements.txt
	@touch $(READY)

book: $(READY) ## build the site from clean, warnings as errors
	@rm -rf _build/html _build/.doctrees
	@$(BIN)/jupyter-book build . -W -n --keep-going --quiet
	@echo
	@echo "The book is built. Open it:  file://$(CURDIR)/_build/html/index.html"
	@echo "or serve it:                 make serve"

_build/html/index.html:
	@$(MAKE) --no-print-directory book

serve: $(READY) _build/html/index.html ## serve the built site on localhost (PORT=8000)
	@echo "Open http://localhost:$(PORT)/   (Ctrl-C ends it)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

# Only in a trusted notebook are stored figures drawn before their cells have run.
lab: $(READY) ## open the notebooks in JupyterLab
	@$(BIN)/jupyter trust notebooks/*.ipynb >/dev/null
	@$(BIN)/jupyter lab notebooks

# Stages go on after a failure; the verdict comes last.
define STAGES
failed=; \
stage() { \
  name=$$1; shift; printf '\n== %s\n' "$$name"; \
  $(ONE_THREAD) "$$@" || failed="$$failed$${failed:+, }$$name"; \
}
endef
VERDICT = echo; if [ -n "$$failed" ]; then echo "TWO AXES: FAILED: $$failed"; exit 1; fi; echo "TWO AXES: all checks passed"

test: $(READY) ## lint, types, tests, every notebook's stored output (2 minutes)
	@$(STAGES); \
	stage lint $(BIN)/ruff check; \
	stage format $(BIN)/ruff format --check; \
	stage types $(BIN)/mypy; \
	stage tests $(BIN)/python -m pytest -n auto --dist worksteal -q; \
	stage notebooks $(NBVAL) $(SPREAD) -q notebooks; \
	$(VERDICT)

check: $(READY) ## one notebook: outputs, numbers, labels, exercises (NB=slug)
	@test -n "$(NB)" || { echo "Say which notebook: make check NB=recurrence"; exit 1; }
	@$(ONE_THREAD) $(NBVAL) -q --notebook $(NB) $(CHECKED) $(NOTEBOOKS)

nightly: $(READY) ## test too what takes long: site, browser, other kernels, seeded faults
	@$(STAGES); \
	stage site $(MAKE) --no-print-directory site; \
	stage same $(BIN)/python tests/nightly/same.py; \
	stage faults $(BIN)/python tests/nightly/faults.py; \
	$(VERDICT)

site: book # the built pages, in a browser too
	@$(ONE_THREAD) $(BIN)/python -m pytest tests/nightly -n auto -q

faults: $(READY) # seed faults into copies, one at a time: is each caught? ([FAULT=name])
	@$(ONE_THREAD) $(BIN)/python tests/nightly/faults.py $(FAULT)

same: $(READY) # prove that outputs hold with other kernels, threads and weights ([NB=slug] [SETTINGS=nudged])
	@$(ONE_THREAD) $(BIN)/python tests/nightly/same.py $(if $(NB),--notebooks $(NB)) $(if $(SETTINGS),--settings $(SETTINGS))

# A kernel may hand over one print in two pieces; they are stored as one.
refresh: $(READY) ## execute notebooks and store their outputs ([NB=slug])
	@$(ONE_THREAD) $(BIN)/jupyter-nbconvert --to notebook --execute --inplace \
	  --ExecutePreprocessor.record_timing=False --log-level WARN \
	  --NotebookExporter.preprocessors=nbconvert.preprocessors.coalescestreams.CoalesceStreamsPreprocessor \
	  --ExecutePreprocessor.extra_arguments=--log-level=ERROR $(NOTEBOOKS)
	@$(BIN)/nbstripout --keep-output --keep-count --keep-id \
	  --extra-keys "cell.metadata.execution metadata.language_info.version" $(NOTEBOOKS)

experiments: $(READY) ## compute the results that take longer than a notebook may
	@$(BIN)/python tests/experiments.py

bench: $(READY) ## time the heart against its matrix products and torch
	@$(BIN)/python tests/bench.py

card: # draw the picture for link previews from its SVG (needs Chromium)
	@chromium --headless --no-sandbox --hide-scrollbars --window-size=1200,630 \
	  --screenshot=$(CURDIR)/book/_static/card.png file://$(CURDIR)/book/_static/card.svg >/dev/null 2>&1

# A host that turns programs away, with 403, says nothing about the link.
links: $(READY) # follow every link to another host (needs the network)
	@rm -rf _build/links _build/links.txt
	@$(BIN)/jupyter-book build . --builder linkcheck --path-output _build/links >/dev/null 2>&1 || true
	@test -s _build/links/_build/html/output.json || { echo "The links could not be followed."; exit 1; }
	@grep -F '[broken]' _build/links/_build/html/output.txt | grep -v ': 403 ' >_build/links.txt || true
	@cat _build/links.txt; echo "broken links: $$(grep -c . _build/links.txt)"; test ! -s _build/links.txt

# With Binder's own packages, on one CPU; the checks come from .venv.
binder: $(READY) # prove what Binder needs: the packages, their size, each notebook's memory
	@rm -rf .venv-binder
	@$(BIN)/python -m venv .venv-binder
	@.venv-binder/bin/python $(CPU_TORCH)
	@.venv-binder/bin/python $(PIP) -r requirements-notebooks.txt -e .
	@.venv-binder/bin/python -m ipykernel install --prefix .venv-binder --name binder >/dev/null 2>&1
	@du -sk .venv-binder | awk '{ gb = $$1 * 1024 / 1e9; printf "packages of Binder: %.2f GB\n", gb; exit gb > 1.5 }'
	@$(ONE_THREAD) ONE_CPU=1 JUPYTER_PATH=$(CURDIR)/.venv-binder/share/jupyter \
	  $(filter-out --nbval-current-env,$(NBVAL)) --nbval-kernel-name=binder $(NOTEBOOKS)

$(TOOLS): requirements-tools.txt
	@test -x .venv-tools/bin/python || $(PYTHON) -m venv .venv-tools
	@.venv-tools/bin/python $(PIP) -r requirements-tools.txt
	@touch $(TOOLS)

# The lock holds one version and the digests of its files for every system and Python. Left out are
# the several gigabytes for graphics cards that torch asks for on Linux: torch's CPU build, which
# `make` puts in place first, needs none of them, and it stands at an index of its own only.
lock: $(TOOLS) ## write requirements.lock anew from the pins (needs the network)
	@.venv-tools/bin/uv pip compile requirements.txt --universal --python-version 3.11 \
	  --generate-hashes --no-emit-package helpers --custom-compile-command "make lock" --quiet \
	  --output-file requirements.lock
	@awk '/^[a-z0-9]/ { kept = !/^(nvidia-|cuda-|triton==)/ } /^#/ || kept' requirements.lock >requirements.lock.new
	@mv requirements.lock.new requirements.lock

locked: # make .venv anew with exactly what requirements.lock says
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python $(CPU_TORCH)
	@$(BIN)/python $(PIP) --require-hashes -r requirements.lock
	@$(BIN)/python $(PIP) --no-deps --no-build-isolation -e .
	@touch $(READY)

tools: $(TOOLS) # install what checks the publishing, in .venv-tools

clean: # remove what was built; the environment stays
	@rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find book notebooks src tests -name __pycache__ -type d -prune -exec rm -rf {} +
