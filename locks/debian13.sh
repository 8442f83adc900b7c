#!/bin/sh
# Run the training tests on Debian 13: Python 3.13, and the lock that fits there.
#
#     locks/debian13.sh FOLDER [PYTEST ARGUMENTS]
#
# The first run makes a Debian root in FOLDER with debootstrap. Every run copies the sources
# into it, updates its .venv and runs pytest there. Mounts are made in a private mount
# namespace, so that they are gone when this script ends, however it ends.
set -eu

PACKAGES=ca-certificates,g++,git,make,python3,python3-dev,python3-venv
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
CERTIFICATES=etc/ssl/certs/ca-certificates.crt

stop() {
    echo "debian13: $1" >&2
    exit 2
}

build() {
    rm -rf "$root.part"
    mkdir -p "$root.part"
    echo "Making a Debian 13 root in $root; this takes a minute."
    debootstrap --variant=minbase --include="$PACKAGES" trixie "$root.part" "$MIRROR" \
        > "$root.part/debootstrap.out" || stop "$root.part/debootstrap.out says what failed"
    mv "$root.part" "$root"
}

copy_sources() {
    mkdir -p "$root/root/quire"
    find "$root/root/quire" -mindepth 1 -maxdepth 1 ! -name .venv -exec rm -rf {} +
    tar -cf - --exclude=./.git --exclude='./.venv*' --exclude='./.debian13*' --exclude=./out . |
        tar -xf - -C "$root/root/quire"
    # Behind a TLS-inspecting proxy, the host has certificate authorities that Debian lacks.
    [ ! -f "/$CERTIFICATES" ] || cp "/$CERTIFICATES" "$root/$CERTIFICATES"
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
}

inside() {
    chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/bin:/bin:/usr/sbin:/sbin \
        PIP_CERT="/$CERTIFICATES" SSL_CERT_FILE="/$CERTIFICATES" \
        http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" no_proxy="${no_proxy:-}" \
        sh -c 'cd /root/quire && exec "$@"' sh "$@"
}

[ $# -gt 0 ] || stop "usage: locks/debian13.sh FOLDER [PYTEST ARGUMENTS]"
[ "$(id -u)" = 0 ] || stop "chroot needs root; run it with sudo"
command -v debootstrap > /dev/null || stop "no debootstrap; apt-get install debootstrap"
if [ "${DEBIAN13_UNSHARED:-}" != yes ]; then
    DEBIAN13_UNSHARED=yes exec unshare --mount --propagation private "$0" "$@"
fi
mkdir -p "$(dirname "$1")"
root=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
[ -d "$root" ] || build
copy_sources
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev/shm"
inside make --no-print-directory setup
inside .venv/bin/python -m pytest "$@"
