#!/usr/bin/env bash
# Prints the events (go test -json) of all tests: under the race detector, and those whose tests run the released program
# as processes of its own (soak, bench), in which the detector would see nothing, as it is released (no cgo). Runs both
# even when the first fails.
set -euo pipefail

status=0
apart='/internal/(soak|bench)$'
mapfile -t raced < <(go list ./... | grep -vE "$apart")
# What was translated from C is left out: SQLite has locks of its own, and watched it takes five times as long. So is the
# hashing of passwords, which is slow on purpose and one goroutine's. Only packages that share no generic code of the standard
# library with others (sync.Map, atomic.Pointer) may stand here: the linker keeps one copy, and it may be the unwatched one.
unwatched=(-gcflags 'modernc.org/sqlite/lib=-race=false' -gcflags 'golang.org/x/crypto/argon2=-race=false')
# Each process would sleep a second before it ends, for races that are found meanwhile: nothing of a test runs on then.
export GORACE="atexit_sleep_ms=10"
CGO_ENABLED=1 go test -json -race "${unwatched[@]}" -p 2 -timeout 10m "$@" "${raced[@]}" || status=1

# -trimpath: the build cache of make build and make lint serves this run too.
export CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -trimpath"
mapfile -t released < <(go list ./... | grep -E "$apart")
echo "== as released: ${released[*]##*/}"
go test -json -p 2 -timeout 10m "$@" "${released[@]}" || status=1
exit $status
