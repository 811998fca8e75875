# The course's commands for Linux and macOS (GNU make 3.81 or later). INSTALL.md has each one in plain Python.

VENV   := .venv
BIN    := $(VENV)/bin
# Two installs in one folder: the tool alone, or all of the course; each leaves a file that says so. Whoever has the
# course keeps it: then `make demo` does not go back to the tool alone.
MADE   := $(VENV)/.ready
TOOL   := $(VENV)/.tool
COURSE := $(VENV)/.course
READY  := $(if $(wildcard $(COURSE)),$(COURSE),$(TOOL))
# Test processes at a time; each may load TensorFlow (0.7 GB).
# One more than two cores: some tests wait for a browser or for another process.
JOBS   ?= 3

# 3.12 first: the version of environment.yml and of Colab. A name may exist and yet not run (pyenv's, for one): each is tried.
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3.12 python3.13 python3.11 python3 python)

# TensorFlow's start-up notes are no errors, but look like it.
export TF_CPP_MIN_LOG_LEVEL := 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install demo test test-real fuzz lint notebooks stamp zip results rebuild constraints matrix clean

help:
	@echo "make demo      analyse the bundled film; ends with a summary and the path of the report"
	@echo "make install   all of the course: TensorFlow, JupyterLab, tests (test and notebooks do this themselves)"
	@echo "make test      all tests, notebooks included"
	@echo "make test-real whatever needs the real sets, every notebook whole: an hour or more"
	@echo "make fuzz      analyse 500 damaged films, each time others: ten minutes"
	@echo "make zip       the course as one file for Colab"
	@echo "make lint      look for mistakes in the code with ruff"
	@echo "make notebooks run every notebook again on the samples and keep what comes out"
	@echo "make clean     remove the environment and caches; runs/ and your data stay"
	@echo "To choose a Python:  make demo PYTHON=/path/to/python3.12"

install: $(COURSE)
	@echo "$(VENV) is ready."

demo: $(READY)
	@$(BIN)/emotutils demo --out runs/demo
	@[ -f $(COURSE) ] || echo "That was the tool. The notebooks and trainings need the rest, 2.8 GB more: make install"

test: $(COURSE)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder --nbval-lax --nbval-current-env tests $(wildcard notebooks/*.ipynb)

test-real: $(COURSE)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder -m "real or whole" tests

# Damaged films without end; INPUTS=… for more or fewer, SEED=… for the same ones again.
INPUTS ?= 500
fuzz: $(COURSE)
	@$(BIN)/python tests/fuzzing.py --inputs $(INPUTS) $(if $(SEED),--seed $(SEED))

lint: $(COURSE)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet emotutils tests

notebooks: $(COURSE)
	@$(BIN)/python notebooks/run.py $(ONLY)

# What Colab unpacks where the repository is not public: see INSTALL.md.
zip:
	@git archive --prefix=course/ --output=course.zip HEAD
	@echo "course.zip is ready: upload it to Colab's files before you run a notebook's first cell."

# For maintainers: the repository's address, from pyproject.toml into badges and Colab cells.
stamp: $(COURSE)
	@$(BIN)/python notebooks/stamp.py

# For maintainers: tables of results into README.md and docs/results.md, from cards and records.
results: $(COURSE)
	@for page in README.md docs/results.md; do \
	  all=; [ $$page = README.md ] || all=--all; \
	  $(BIN)/emotutils networks $$all > .results && \
	  awk 'NR == FNR { table = table $$0 "\n"; next } /^<!-- results -->/ { print; printf "%s", table; skip = 1 } \
	    /^<!-- .results -->/ { skip = 0 } !skip' .results $$page > .page && mv .page $$page && rm .results || exit 1; \
	done

# For maintainers, with the real sets: whatever hangs on a default network, after it was trained anew.
rebuild: $(COURSE)
	@$(BIN)/python -m emotutils.studies.rebuild
	@$(MAKE) --no-print-directory results

# For maintainers, with uv, once per release: each Python with the lowest and the newest versions; ONLY=3.12-lowest for one.
matrix: $(COURSE)
	@command -v uv >/dev/null || { echo "make matrix needs uv: python -m pip install uv" >&2; exit 1; }
	@$(BIN)/python tests/matrix.py $(if $(ONLY),--only $(ONLY))

# For maintainers, with uv: keeps the versions that still fit. Upgrade one with: make constraints UPGRADE="-P keras"
constraints:
	uv pip compile --universal --python-version 3.11 --all-extras --no-annotate --quiet \
	  --custom-compile-command "make constraints" $(UPGRADE) -o constraints.txt pyproject.toml

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment holds absolute paths: one that came along with a moved or copied folder, or whose Python is gone, is made anew.
ifneq "$(shell $(BIN)/python -c pass 2>/dev/null && cat $(MADE) 2>/dev/null)" "$(CURDIR)"
.PHONY: $(MADE)
endif

$(MADE):
	@python=; bare=; \
	for p in $(CANDIDATES); do \
	  "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 || continue; \
	  if "$$p" -c 'import ensurepip, venv' >/dev/null 2>&1; then python=$$p; break; fi; \
	  bare=$${bare:-$$p}; \
	done; \
	if [ -z "$$python" ] && [ -n "$$bare" ]; then \
	  v=$$("$$bare" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	  echo "$$bare cannot make environments: on Debian or Ubuntu, sudo apt install python$$v-venv; then again" >&2; exit 1; \
	fi; \
	if [ -z "$$python" ]; then \
	  echo "No working Python 3.11, 3.12 or 3.13 (tried: $(CANDIDATES)): install one, or name it: make demo PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	case "$$("$$python" -c 'import platform; print(platform.system(), platform.machine())')" in "Darwin x86_64") \
	  echo "LiteRT and TensorFlow no longer run on Intel Macs (or an Intel Python): use Colab, see INSTALL.md" >&2; exit 1;; esac; \
	echo "Making $(VENV) with $$("$$python" --version) ($$python)"; \
	"$$python" -m venv --clear $(VENV)
	@echo "$(CURDIR)" > $@

$(TOOL): $(MADE) pyproject.toml constraints.txt
	@echo "Installing the tool, in the versions of constraints.txt: 840 MB"
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

$(COURSE): $(MADE) pyproject.toml constraints.txt
	@echo "Installing all of the course, in the versions of constraints.txt: the first time some minutes, 3.6 GB"
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[course,dev]'
	@touch $@
