# Everything here works from a fresh clone: the first target that needs it makes .venv.
# The distribution's own interpreter comes first: the service runs on it, and others on the PATH are
# often built without the optimisations that make it a third faster. Another: make PYTHON=python3.13
PYTHON ?= $(or $(shell for each in /usr/bin/python3 python3; do \
  $$each -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  && echo $$each && break; done),python3)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo run test check stress soak bench deb clean

help:
	@echo "make demo    live sample logs, an incident, the alerts it raises (30 s)"
	@echo "make run     the daemon on this machine's own logs (config/logwatch.yaml)"
	@echo "make test    the test suite, under five minutes on two cores"
	@echo "make check   ruff, mypy, import-linter"
	@echo "make stress  the long campaigns: crashes, model tests, real systemd"
	@echo "make soak    an hour of everything at once (FOR=60 for a minute)"
	@echo "make bench   what it costs, measured here"
	@echo "make deb     a Debian package for this machine's python3, in dist/"

$(BIN)/.ready: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "python3 cannot make a virtual environment; on Debian: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(BIN)/.ready
	@$(BIN)/logwatch demo --for $(or $(FOR),30s)

run: $(BIN)/.ready
	@$(BIN)/logwatch run -c config/logwatch.yaml

test: $(BIN)/.ready
	$(BIN)/pytest -n 3 --dist worksteal

check: $(BIN)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

stress: $(BIN)/.ready
	$(BIN)/pytest -m stress
	LOGWATCH_EXAMPLES=20 $(BIN)/pytest -n 2 --timeout 0 tests/properties tests/rules tests/matching \
	  tests/parsers tests/alerts tests/config/test_any_text.py tests/daemon/test_waker_properties.py

soak: $(BIN)/.ready
	@mkdir -p build
	LOGWATCH_SOAK=$(or $(FOR),3600) LOGWATCH_SOAK_PLOT=build/soak.svg $(BIN)/pytest -m stress -k r60 -s

bench: $(BIN)/.ready
	$(BIN)/python tests/bench/bench.py

deb:
	systemd/debian/build

clean:
	rm -rf $(VENV) .*_cache .hypothesis .coverage*
