#!/usr/bin/env bash
# Builds a Debian package of a program that was built for this machine: deb.sh PROGRAM VERSION FOLDER prints the path
# of the package. The same program, version and SOURCE_DATE_EPOCH (else: the time of the last commit) give the same bytes.
# COMPRESSION (else: -Zxz) is how dpkg-deb packs.
set -euo pipefail

program=$1 described=$2 folder=$3
source=$(cd "$(dirname "$0")/../packaging" && pwd)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$source" log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C
umask 022

# A version of Debian's begins with a digit. Between releases it is 0, the day, and the commit.
version=${described#v}
if [[ ! $version =~ ^[0-9]+\.[0-9] ]]; then
	version=0~$(date -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).$version
fi
version=${version//-/+}
version=${version//[^A-Za-z0-9.+~]/}
arch=$(dpkg --print-architecture)

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
doc=$root/usr/share/doc/servicedesk
mkdir -p "$root"/{DEBIAN,etc/servicedesk,lib/systemd/system,usr/bin,usr/share/man/man1,usr/share/lintian/overrides} "$doc"
chmod 0755 "$root"

install -m 0755 "$program" "$root/usr/bin/servicedesk"
install -m 0644 "$source/servicedesk.service" "$root/lib/systemd/system/"
install -m 0644 "$source/debian/lintian-overrides" "$root/usr/share/lintian/overrides/servicedesk"
sed "s/@YEAR@/$(date -d "@$SOURCE_DATE_EPOCH" +%Y)/" "$source/debian/copyright.in" >"$doc/copyright"
printf 'servicedesk (%s) stable; urgency=medium\n\n  * Built from %s.\n\n -- Bank SulutGo <servicedesk@banksulutgo.co.id>  %s\n' \
	"$version" "$described" "$(date -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
"$source/manual.sh" "$program" "$described" | gzip -9n >"$root/usr/share/man/man1/servicedesk.1.gz"

# Every setting with its default, as the program prints it; a package's own places are set.
"$program" help env | sed \
	-e 's|^#SERVICEDESK_DATA=.*|SERVICEDESK_DATA=/var/lib/servicedesk|' \
	-e 's|^#SERVICEDESK_KEY_FILE=.*|SERVICEDESK_KEY_FILE=/var/lib/servicedesk-key/key|' \
	-e 's|^#SERVICEDESK_LOG=.*|SERVICEDESK_LOG=json|' >"$root/etc/servicedesk/servicedesk.env"
chmod 0640 "$root/etc/servicedesk/servicedesk.env"

install -m 0755 "$source"/debian/{postinst,prerm,postrm} "$root/DEBIAN/"
install -m 0644 "$source/debian/conffiles" "$root/DEBIAN/"
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$(du -k --apparent-size -s --exclude=DEBIAN "$root" | cut -f1)/" \
	"$source/debian/control.in" >"$root/DEBIAN/control"
(cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$folder"
package=$folder/servicedesk_${version}_$arch.deb
dpkg-deb --root-owner-group "${COMPRESSION:--Zxz}" --build "$root" "$package" >/dev/null
echo "$package"
