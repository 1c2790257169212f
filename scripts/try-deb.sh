#!/usr/bin/env bash
# Tries a package as an operator would, on a clean Debian that is booted in a container: try-deb.sh PACKAGE
# Installs, uses, upgrades, removes and purges it, and says what held. Needs root, debootstrap and systemd-nspawn; the
# clean system is made once and kept in build/try-deb.
set -euo pipefail

package=$1
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
folder=$PWD/build/try-deb
for tool in debootstrap systemd-nspawn; do
	if ! command -v "$tool" >/dev/null; then
		echo "make try-deb needs $tool: apt-get install debootstrap systemd-container" >&2
		exit 1
	fi
done
if ((EUID != 0)); then
	echo "make try-deb needs root: it makes a root folder and boots it" >&2
	exit 1
fi

mkdir -p "$folder"
if [[ ! -e $folder/clean/complete ]]; then
	rm -rf "$folder/clean"
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,adduser,ca-certificates,curl,openssl,sudo \
		bookworm "$folder/clean" >"$folder/debootstrap.log"
	touch "$folder/clean/complete"
fi
machine=$(mktemp -d "$folder/machine-XXXXXX")
trap 'rm -rf "$machine"' EXIT
cp -a "$folder/clean/." "$machine"
chmod 0755 "$machine"
echo desk >"$machine/etc/hostname"
echo '127.0.0.1 localhost desk' >"$machine/etc/hosts"
cp "$package" "$machine/root/servicedesk.deb"
install -m 0755 "$here/try-deb-inside.sh" "$machine/root/try.sh"
cat >"$machine/etc/systemd/system/try.service" <<'END'
[Unit]
After=multi-user.target
SuccessAction=poweroff-force
FailureAction=poweroff-force

[Service]
Type=oneshot
ExecStart=/root/try.sh
StandardOutput=file:/root/try.log
StandardError=inherit
TimeoutStartSec=300
Environment=HOME=/root LC_ALL=C.UTF-8

[Install]
WantedBy=default.target
END
ln -s ../try.service "$machine/etc/systemd/system/multi-user.target.wants/try.service"
sed -i '/^After=/d' "$machine/etc/systemd/system/try.service" # multi-user.target waits for what it wants

# A network of its own: nothing of the host's is reached, and its ports are free.
timeout 400 systemd-nspawn --quiet --boot --register=no --keep-unit --hostname=desk --private-network --directory "$machine" \
	</dev/null >"$folder/boot.log" 2>&1 || true
if [[ ! -s $machine/root/try.log ]]; then
	echo "the machine did not boot:" >&2
	tail -20 "$folder/boot.log" >&2
	exit 1
fi
cat "$machine/root/try.log"
grep -q '^all held$' "$machine/root/try.log"
