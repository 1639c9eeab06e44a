# Each goal starts from nothing but Python 3.11 and git, and ends by itself.
BIN := .venv/bin
export PYTHON

.PHONY: demo test check setup clean

demo: setup  ## get the films, train a policy for two minutes, compare policies, and talk
	$(BIN)/convrec data fetch movies
	mkdir -p build
	$(BIN)/convrec train --data movies --questions binary --rounds 2 --dialogues 2000 --out build/demo-agent
	$(BIN)/convrec evaluate --data movies --users mixture --dialogues 1000 \
		--policy random --policy max-entropy --policy bayes --policy unified --no-anonymous
	$(BIN)/convrec simulate --data movies --users mixture --policy unified --dialogues 3 --seed 1

test: setup check  ## everything a change has to pass; tests of the real films are skipped by name if they cannot be had
	-$(BIN)/convrec data fetch movies
	OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup

check: setup  ## style, types and the order of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

setup:  ## the private environment in .venv/; at once when it is already there
	@.ci/setup

clean:  ## remove the environment and what tools left behind; fetched data stay in the user's cache
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
