#!/usr/bin/env bash
# Prints the manual page servicedesk(1), made of what the program says about itself: manual.sh PROGRAM VERSION
set -euo pipefail

program=$1
literal() { # the text as it is, whatever troff would see in it
	sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\([.']\)/\\\\\&\1/"
}
section() { printf '.SH %s\n' "$1"; }
verbatim() { printf '.nf\n'; literal; printf '.fi\n'; }

printf '.TH SERVICEDESK 1 "%s" "servicedesk %s" "ServiceDesk"\n' "$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%F)" "$2"
section NAME
printf 'servicedesk \\- omnichannel service desk of a bank\n'
section SYNOPSIS
printf '.B servicedesk\n.I COMMAND\n[\\fIOPTION\\fR...]\n'
section COMMANDS
"$program" help | sed -n 's/^  \([a-z]\+\( [a-z-]\+\)\?\)  .*/\1/p' | { grep -v '^help ' || true; } |
	while IFS= read -r command; do
		# shellcheck disable=SC2086 # a command may be of two words
		"$program" help $command
		echo
	done | verbatim
section SETTINGS
"$program" help config | verbatim
section FILES
cat <<'END'
.TP
.I /etc/servicedesk/servicedesk.env
settings of the packaged service, and of commands that are given no setting
.TP
.I /var/lib/servicedesk
data of the packaged service: the embedded database, the attachments, the heads of the audit trail
.TP
.I /var/lib/servicedesk\-key/key
its master key. Whoever loses it loses the personal data and the attachments: keep a copy in a safe
.SH EXIT STATUS
0: done. 1: failed. 2: the command was not understood, or, of sociomile diagnose, the provider was not reached; of sociomile
reconcile, the file could not be read.
.SH EXAMPLES
.nf
sudo \-u servicedesk servicedesk doctor
sudo \-u servicedesk servicedesk apikey create \-\-name "My app" \-\-permissions omnichannel:create,omnichannel:read
.fi
.SH SEE ALSO
The guides and the API reference are served by the desk itself, at
.IR /docs .
END
