#!/usr/bin/env bash
# What try-deb.sh runs inside the clean machine, as root.
set -uo pipefail

failed=0
holds() { # WHAT COMMAND...: says whether the command succeeds
	local what=$1 out
	shift
	if out=$("$@" 2>&1); then
		printf 'ok      %s\n' "$what"
	else
		printf 'FAILED  %s\n%s\n' "$what" "$out"
		failed=1
	fi
}
fails() { ! "$@"; }
says() { grep -qF -- "$1" <<<"$2" || { echo "$2"; return 1; }; }
desk() { sudo -u servicedesk servicedesk "$@"; }
ready() { curl -fsS --retry 20 --retry-delay 1 --retry-connrefused -o /dev/null http://127.0.0.1:8080/readyz; }
owned() { [[ $(stat -c '%a %U:%G' "$1") == "$2" ]] || { stat -c '%a %U:%G %n' "$1"; return 1; }; }
strangers() { [[ -z $(find /var/lib/servicedesk /var/lib/servicedesk-key ! -user servicedesk) ]]; }
claim() { # KEY: makes a claim and prints the answer
	curl -sS http://127.0.0.1:8080/api/omnichannel/claims -H "Authorization: Bearer $1" -H 'Content-Type: application/json' \
		-d '{"namaNasabah":"John Doe","mediaTransaksi":"ATM","jenisTransaksi":"PEMBELIAN","nominal":500000}'
}
ticket() { curl -sS "http://127.0.0.1:8080/api/omnichannel/claims/$2" -H "Authorization: Bearer $1"; }

echo "== $(. /etc/os-release && echo "$PRETTY_NAME"), $(systemctl --version | head -1)"
echo "== install"
holds "dpkg -i" dpkg -i /root/servicedesk.deb
holds "the service is up (systemctl is-active)" systemctl is-active servicedesk
holds "it starts with the machine (systemctl is-enabled)" systemctl is-enabled servicedesk
holds "/readyz answers 200" ready
holds "the settings are root's, and the desk may read them" owned /etc/servicedesk/servicedesk.env "640 root:servicedesk"
holds "the data folder is the desk's alone" owned /var/lib/servicedesk "700 servicedesk:servicedesk"
holds "the key is the desk's alone" owned /var/lib/servicedesk-key/key "600 servicedesk:servicedesk"
holds "the key is not in the data folder" fails test -e /var/lib/servicedesk/key
holds "it runs as servicedesk" test "$(stat -c %U "/proc/$(systemctl show -P MainPID servicedesk)")" = servicedesk
holds "it may use few privileges (systemd-analyze security)" systemd-analyze security --threshold=20 --no-pager servicedesk.service

echo "== use"
holds "doctor finds nothing failed" desk doctor
desk doctor
holds "root is told to be somebody else" says "sudo -u servicedesk" "$(servicedesk apikey list 2>&1)"
key=$(desk apikey create --name "Try" --permissions 'omnichannel:*' --json | sed 's/.*"key":"\([^"]*\)".*/\1/')
holds "an API key is made" test -n "$key"
answer=$(claim "$key")
number=$(sed 's/.*"ticketNumber":"\([0-9]*\)".*/\1/' <<<"$answer")
holds "a claim is made: $number" says '"success":true' "$answer"
holds "and read" says "\"ticketNumber\":\"$number\"" "$(ticket "$key" "$number")"
holds "the log is JSON" says '"operation":"createClaim"' "$(journalctl -u servicedesk -o cat)"
holds "nothing in the folders is anybody else's" strangers

echo "== a new version (installed again)"
before=$(systemctl show -P MainPID servicedesk)
echo '# a remark of the operator' >>/etc/servicedesk/servicedesk.env
holds "dpkg -i" dpkg -i /root/servicedesk.deb
holds "/readyz answers 200" ready
holds "another process serves" fails test "$before" = "$(systemctl show -P MainPID servicedesk)"
holds "the claim is there" says "\"ticketNumber\":\"$number\"" "$(ticket "$key" "$number")"
holds "the operator's settings are kept" grep -q 'a remark of the operator' /etc/servicedesk/servicedesk.env
kill -9 "$(systemctl show -P MainPID servicedesk)"
holds "killed, it is served again" ready
holds "and the claim is there" says "\"ticketNumber\":\"$number\"" "$(ticket "$key" "$number")"
holds "the audit trail holds" desk audit verify
holds "stopping is orderly" systemctl stop servicedesk
holds "with exit status 0" test "$(systemctl show -P ExecMainStatus servicedesk)" = 0
holds "doctor works while nothing runs" desk doctor

echo "== remove and purge"
holds "dpkg --remove" dpkg --remove servicedesk
holds "the settings stay" test -e /etc/servicedesk/servicedesk.env
purged=$(dpkg --purge servicedesk 2>&1)
holds "dpkg --purge says where the data stay" says "/var/lib/servicedesk was kept" "$purged"
holds "the settings are gone" fails test -e /etc/servicedesk
holds "the database is there" test -s /var/lib/servicedesk/servicedesk.db
holds "the key is there" test -s /var/lib/servicedesk-key/key
holds "installed once more" dpkg -i /root/servicedesk.deb
holds "/readyz answers 200" ready
holds "the claim is there" says "\"ticketNumber\":\"$number\"" "$(ticket "$key" "$number")"

if ((failed)); then
	echo "== the log of the service"
	journalctl -u servicedesk --no-pager -o cat | tail -40
	echo "something did not hold"
else
	echo "all held"
fi
exit "$failed"
