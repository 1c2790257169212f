#!/usr/bin/env bash
# Fuzzes every target for a while (first argument, e.g. 30s), one after the other. Inputs that fail are kept in
# testdata/fuzz of the package, as tests for ever.
set -euo pipefail

status=0
while IFS=: read -r file target; do
	echo "== $target in $(dirname "$file")"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-30s}" "$(dirname "$file")" || status=1
done < <(grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's/func //' | sort)
exit $status
