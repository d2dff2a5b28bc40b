# Everything from a fresh clone. uv is used where it is installed, else venv and pip.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
STAMP := .venv/.requirements
STORIES := $(addprefix tests/sync/,test_first_sync.py test_generated_firm.py test_full_story.py test_decisions.py)
SEEDS := 50
SEED_FROM := 0
PRODUCTION_LIKE := DEBUG=0 SANDBOX=0 SITE_URL=https://portal.example.com \
	SECRET_KEY=only-for-this-check-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG \
	TOKEN_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
	DATABASE_URL=postgres://portal:portal@localhost/portal EMAIL_URL=smtp+tls://mail.example.com:587

.PHONY: help demo test simulate simulate-mutants check bench bench-web screenshots lock format

help:
	@echo "make demo    a working portal with a seeded firm, on stand-ins for Clio and QuickBooks"
	@echo "make test    all tests"
	@echo "make simulate  faults at every call by chance: SEEDS=300, or one again: SEEDS=1 SEED_FROM=17"
	@echo "make simulate-mutants  ten defects, and the seed that shows each"
	@echo "make check   format, lint, types, migrations, deployment settings, import rules"
	@echo "make bench   1,000 and 10,000 bills from empty; one token renewed 500 times; 100 webhooks a second; with limits"
	@echo "make bench-web  every page of a firm with 200,000 links and 1,000,000 events"
	@echo "make screenshots  the pictures of the README and the manual, by the browser tests"
	@echo "make lock    resolve the dependencies again"

$(STAMP): requirements-dev.txt
	@.ci/venv requirements-dev.txt
	@touch $@

demo: $(STAMP)
	@SANDBOX=1 $(PYTHON) manage.py demo $(ARGS)

test: $(STAMP)
	@$(PYTHON) -m pytest -n 2 $(ARGS)
	@echo "The stories of the sync once more, with the stand-ins in another process, at another host and path:"
	@STAND_INS=far $(PYTHON) -m pytest -n 2 $(ARGS) $(STORIES)

simulate: $(STAMP)
	@SEEDS=$(SEEDS) SEED_FROM=$(SEED_FROM) $(PYTHON) -m pytest -n 2 tests/simulate

simulate-mutants: $(STAMP)
	@SEEDS=$(or $(filter-out 50,$(SEEDS)),40) SEED_FROM=$(SEED_FROM) $(PYTHON) -m pytest -q -s tests/simulate/hunt.py

check: $(STAMP)
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy .
	SANDBOX=1 $(PYTHON) manage.py makemigrations --check --dry-run
	$(PRODUCTION_LIKE) $(PYTHON) manage.py check --deploy --fail-level WARNING
	$(PYTHON) -m pytest -q tests/test_architecture.py

bench: $(STAMP)
	@SANDBOX=1 $(PYTHON) -m tests.bench $(ARGS)
	@$(PYTHON) -m tests.bench.tokens
	@$(PYTHON) -m tests.bench.webhooks

bench-web: $(STAMP)
	@$(PYTHON) -m tests.bench.web $(ARGS)

screenshots: $(STAMP)
	@SCREENSHOTS=docs/screenshots $(PYTHON) -m pytest -q tests/browser/test_walk.py tests/browser/test_days.py

format: $(STAMP)
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

lock:
	uv pip compile pyproject.toml --python-version 3.12 --universal --generate-hashes --no-header --upgrade -o requirements.txt
	uv pip compile pyproject.toml --group dev --python-version 3.12 --universal --generate-hashes --no-header --upgrade -o requirements-dev.txt
