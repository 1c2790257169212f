#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: a PostgreSQL server, Chromium, Node, Python and PHP (for the samples
# of the guides), strace, dpkg and a C compiler (for the race detector), and into build/node the official library of
# Standard Webhooks for Node, as a partner uses it. Does nothing, quickly, when all is there. Installs packages only as
# root or with sudo that asks for no password, on Debian and its kin; elsewhere it says what to install and fails.
set -euo pipefail

have() { command -v "$1" >/dev/null; }
have_postgres() {
	[[ -n ${SERVICEDESK_TEST_POSTGRES:-} ]] && return
	have initdb && have postgres && return
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

# The versions and hashes are those of package-lock.json. Without the registry the tests that need the library fail and say
# so; the others go on.
library_for_node() {
	local from=internal/soak/testdata/node to=build/node
	cmp --quiet "$from/package-lock.json" "$to/node_modules/.from" && return
	echo "Installing for the tests: the library of Standard Webhooks, from the npm registry"
	mkdir -p "$to"
	cp "$from"/package*.json "$to"
	if npm ci --prefix "$to" --ignore-scripts --no-audit --no-fund --loglevel error --prefer-offline --fetch-timeout 30000; then
		cp "$from/package-lock.json" "$to/node_modules/.from"
	else
		echo "The npm registry gave no library of Standard Webhooks: the tests that verify webhooks with it will fail." >&2
	fi
}

cd "$(dirname "$0")/.."
missing=()
have_postgres || missing+=(postgresql)
have chromium || missing+=(chromium)
have node || missing+=(nodejs)
have npm || missing+=(npm)
have python3 || missing+=(python3)
have php || missing+=(php-cli)
have strace || missing+=(strace)
have dpkg-deb || missing+=(dpkg)
have gcc && [[ -e /usr/include/stdlib.h ]] || missing+=(gcc libc6-dev)
if ((${#missing[@]} == 0)); then
	library_for_node
	exit 0
fi

if ! have apt-get; then
	echo "The tests need what these Debian packages hold; install it and try again: ${missing[*]}" >&2
	exit 1
fi
as_root=()
if ((EUID != 0)); then
	if ! have sudo || ! sudo -n true 2>/dev/null; then
		echo "The tests need some packages. Install them as root and try again:" >&2
		echo "    apt-get update && apt-get install --yes ${missing[*]}" >&2
		exit 1
	fi
	as_root=(sudo)
fi

# The package starts a server when it is installed, unless this says otherwise: tests start their own.
if [[ " ${missing[*]} " == *" postgresql "* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
	"${as_root[@]}" mkdir -p /etc/postgresql-common/createcluster.d
	echo 'create_main_cluster = false' |
		"${as_root[@]}" tee /etc/postgresql-common/createcluster.d/no-main-cluster.conf >/dev/null
fi

echo "Installing for the tests: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet)
"${apt[@]}" update || "${apt[@]}" update
"${apt[@]}" install --yes --no-install-recommends "${missing[@]}"
library_for_node
