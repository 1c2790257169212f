SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build run deb try-deb test lint bench bench-console bench-growth fuzz soak soak-api soak-crash soak-power soak-io soak-webhooks soak-connector soak-live screenshots clean setup testrun

# The version is ours to give (-X main.version): Go's own stamp fails in a clone that belongs to another user.
export GOFLAGS := $(strip $(GOFLAGS) -buildvcs=false)
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# How a release is built. Everything but the race tests is built like it, so that one build cache serves all.
RELEASED := CGO_ENABLED=0 GOFLAGS="$(GOFLAGS) -trimpath"
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 30s
TESTRUN := build/testrun

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build build/servicedesk, one static program
	$(RELEASED) go build -ldflags "-s -w -X main.version=$(VERSION)" -o build/servicedesk ./cmd/servicedesk

run: build ## build and serve a desk with demo data in build/demo
	./build/servicedesk serve --demo --data build/demo

deb: build ## build the Debian package build/servicedesk_<version>_<arch>.deb
	@scripts/deb.sh build/servicedesk "$(VERSION)" build

try-deb: build ## install, use, upgrade and purge the package on a clean booted Debian (needs root)
	@package=$$(scripts/deb.sh build/servicedesk "$(VERSION)" build/try-deb) && scripts/try-deb.sh "$$package"

test: lint setup testrun ## install what tests need, lint, run all tests on both engines; the last line counts them
	@$(TESTRUN) -json build/test.json -summary build/test.summary scripts/test.sh

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l $$(find . -name '*.go' -not -path './build/*')); \
	if [[ -n $$unformatted ]]; then printf 'gofmt -w these files:\n%s\n' "$$unformatted"; exit 1; fi
	$(RELEASED) go vet ./...
	$(RELEASED) go run $(STATICCHECK) ./...

bench: setup testrun ## run the benchmarks (BENCH=regexp chooses, COUNT=n repeats)
	@$(TESTRUN) env $(RELEASED) go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem -count $(or $(COUNT),1) -p 1 -timeout 60m ./...

bench-console: setup testrun ## how long pages take of sixteen users, with a million tickets (half an hour)
	@SERVICEDESK_SOAK=full $(TESTRUN) env $(RELEASED) go test -run '^$$' -bench Console -benchtime 1x -timeout 3h ./internal/bench

bench-growth: setup testrun ## compare desks of a thousand and of a million tickets (half an hour, 20 GB)
	@SERVICEDESK_SOAK=full $(TESTRUN) env $(RELEASED) go test -run '^$$' -bench Growth -benchtime 1x -timeout 3h ./internal/bench

fuzz: setup testrun ## fuzz every target for FUZZTIME (30s)
	@$(TESTRUN) scripts/fuzz.sh $(FUZZTIME)

soak: setup testrun ## run the tests with the long ones at full length (SERVICEDESK_SOAK=full)
	@SERVICEDESK_SOAK=full $(TESTRUN) -json build/soak.json -summary build/soak.summary scripts/test.sh -timeout 6h

SOAK = SERVICEDESK_SOAK=full $(TESTRUN) env $(RELEASED) go test -v -count 1 -timeout 6h ./internal/soak

soak-api: setup testrun ## of soak: send a hundred thousand random requests to the API
	@$(SOAK) -run ARandomWalk

soak-crash: setup testrun ## of soak: kill the program, and its PostgreSQL, a hundred times under load
	@$(SOAK) -run Killed

soak-power: setup testrun ## of soak: cut the power at every moment of a run
	@$(SOAK) -run Power

soak-io: setup testrun ## of soak: let each n-th call to the disk fail, and the disk be full
	@$(SOAK) -run Disk

soak-webhooks: setup testrun ## of soak: verify a million events in Node, and deliver while nodes die and stand still
	@$(SOAK) -run Receivers

soak-connector: setup testrun ## of soak: ten thousand claims while the provider is missing for ten days; kill the program while it forwards
	@$(SOAK) -run TheProviderHas
	@SERVICEDESK_SOAK=full $(TESTRUN) env $(RELEASED) go test -v -count 1 -timeout 1h ./outbox -run MissingRoute

soak-live: setup testrun ## of soak: two hundred live pages and two browsers on two nodes while a hundred claims a second arrive
	@$(SOAK) -run LivePage

screenshots: setup testrun ## take the pictures of the agents' guide anew
	@mkdir -p docs/images && SERVICEDESK_PICTURES=$(CURDIR)/docs/images $(TESTRUN) go test -count 1 -run PicturesOfTheGuide ./console

clean: ## remove build/
	rm -rf build

setup:
	@scripts/setup-tests.sh

testrun:
	@mkdir -p build
	@$(RELEASED) go build -o $(TESTRUN) ./internal/desktest/testrun
