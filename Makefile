# Each target sets up what it needs. PYTHON chooses the interpreter (3.11 to 3.14); once chosen, it stays.
PYTHON ?= $(or $(wildcard .venv/bin/python),python3)
PORT ?= 8000
ARGS ?=
SIZE ?= 10000
SEQUENCES ?= 5000
STEPS ?= 50

PY := .venv/bin/python
export PORT

.PHONY: demo test check manage messages install browser bench-search bench-money bench-suggestions soak

demo: install  # the whole site with invented data: http://127.0.0.1:$(PORT)/
	@exec $(PY) -m marketplace.supervisor

manage: install  # make manage ARGS="…": a management command against the running demo
	@exec $(PY) -m marketplace.supervisor manage $(ARGS)

test: install browser  # make test ARGS="-k search"
	$(PY) -m pytest -n auto --maxprocesses 8 $(ARGS)

check: install
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	MODE=test $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	MODE=test $(PY) manage.py check_project

bench-search: install  # make bench-search SIZE=100000: how long a search takes among so many professionals
	@$(PY) -m bench.search $(SIZE)

bench-money: install  # make bench-money SIZE=10000: how many due holds a second one worker and two place
	@$(PY) -m bench.money $(SIZE)

bench-suggestions: install  # how long the suggestions of communes take, over the whole table
	@$(PY) -m bench.suggestions

soak: install  # make soak SEQUENCES=5000 STEPS=50: what may happen to the money, in any order, for hours
	SEQUENCES=$(SEQUENCES) STEPS=$(STEPS) $(PY) -m pytest -n auto --maxprocesses 8 -v payments/tests/test_machine.py $(ARGS)

messages: install  # brings locale/ in step with the source, then compiles it; needs gettext
	MODE=test $(PY) manage.py makemessages -l en --ignore var --add-location file --no-wrap --no-obsolete
	cd locale && MODE=test ../$(PY) ../manage.py compilemessages

install:
	@"$(PYTHON)" -I marketplace/install.py

browser: install
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installation de Chromium…"; \
		(apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y chromium) > .venv/chromium.log 2>&1 || \
		{ cat .venv/chromium.log; exit 1; }; \
	else $(PY) -m playwright install chromium; fi
