#!/usr/bin/env bash
# Prints the events (go test -json) of all tests: first everything under the race detector, then, as it is
# released (GOEXPERIMENT=jsonv2, no cgo), every package that reads or writes JSON but internal/soak, which runs the
# released program anyway. Runs both even when the first fails.
set -euo pipefail

status=0
CGO_ENABLED=1 go test -json -race -p 2 -timeout 10m "$@" ./... || status=1

imports='{{.ImportPath}} {{.Imports}} {{.TestImports}} {{.XTestImports}}'
# -trimpath: the build cache of make build and make lint serves this run too.
export CGO_ENABLED=0 GOEXPERIMENT=jsonv2 GOFLAGS="${GOFLAGS:-} -trimpath"
mapfile -t json < <(go list -f "$imports" ./... | grep -w 'encoding/json' | grep -v 'internal/soak ' | cut -d' ' -f1)
echo "== once more with GOEXPERIMENT=jsonv2: ${json[*]##*/}"
go test -json -p 2 -timeout 10m "$@" "${json[@]}" || status=1
exit $status
