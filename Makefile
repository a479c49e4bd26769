# Thin: every target is one line over scripts/setup, meson and pytest. `make help` lists them.
BUILD ?= build
JOBS ?= $(shell nproc)
NINJA = ninja -C $(BUILD) -j $(JOBS)

.PHONY: all help setup demo test test-all test-sanitized test-soak test-long fixtures bench tidy format install clean

all: $(BUILD)/build.ninja ## build the program: build/eagre
	@$(NINJA)
	@ln -sf src/cli/eagre $(BUILD)/eagre

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: ## install the Debian packages that are missing
	@scripts/setup

$(BUILD)/build.ninja:
	@scripts/setup
	@meson setup $(BUILD) >/dev/null

demo: all ## embedded broker, generated orders, a pipeline, a Delta table
	@$(BUILD)/eagre demo

test: all ## at most 10 minutes, Debian packages only
	@scripts/test

test-all: test ## at most 60 minutes: live Spark, a real broker, other readers
	@scripts/test-all

test-sanitized: ## the suites under AddressSanitizer, UBSan and ThreadSanitizer
	@scripts/test-sanitized

test-soak: all ## 30 minutes of kills, cuts, failing disks and brokers, all at once
	@scripts/test-soak

test-long: all ## the full counts; resumable; writes tests/reports
	@scripts/test-long

fixtures: ## record Spark's answers again (needs a JDK)
	@scripts/setup-tests
	@scripts/python tests/oracle/make_fixtures.py --all

bench: ## benchmarks (release build)
	@scripts/bench

tidy: ## the house rules
	@python3 tests/tidy/tidy.py

format: ## lay the sources out
	@git ls-files '*.c' '*.h' | xargs clang-format-14 -i

install: all ## into DESTDIR and PREFIX
	@meson install -C $(BUILD)

clean: ## remove the build
	@rm -rf $(BUILD)
