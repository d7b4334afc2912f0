#!/bin/sh
# Fetches Debian source packages and unpacks them with Debian's patches: debian_sources.sh FOLDER NAME:INSTALLED...
# NAME is the source package, unpacked as FOLDER/NAME; INSTALLED is a binary package made from it, whose version is taken.
# apt checks the chain of signatures (Release, Sources, files). The system's own configuration stays untouched: its
# package sources are read, turned into source-package ones and kept in FOLDER/apt.
set -eu
folder=$1
shift
apt=$folder/apt
mkdir -p "$apt/parts" "$apt/lists/partial" "$apt/cache/archives/partial"
apt=$(cd "$apt" && pwd)
log=$apt/log

derive_sources() {
    rm -f "$apt"/parts/*
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] && sed -n 's/^[[:space:]]*deb\(-src\)\{0,1\}[[:space:]]/deb-src /p' "$file"
    done | sort -u >"$apt/parts/all.list" || true
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] && sed 's/^[Tt]ypes:.*/Types: deb-src/' "$file" >"$apt/parts/$(basename "$file")"
    done || true
}

run_apt() {
    apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$apt/parts" -o Dir::State::Lists="$apt/lists" \
        -o Dir::Cache="$apt/cache" -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=2 \
        -o Acquire::AllowInsecureRepositories=false -o APT::Get::AllowUnauthenticated=false "$@" >>"$log" 2>&1
}

fail() {
    cat "$log" >&2
    echo "debian_sources.sh: $1" >&2
    exit 1
}

unpack() {
    name=$1
    version=$(dpkg-query -W -f '${source:Version}' "$2")
    rm -rf "${folder:?}/$name" "$apt/$name"
    mkdir "$apt/$name"
    cd "$apt/$name"
    # An installed version that the archive no longer has gives way to the newest one there.
    run_apt source --download-only "$name=$version" || run_apt source --download-only "$name" ||
        fail "no source package $name $version: is the Debian archive among the package sources of this machine?"
    dpkg-source --no-check -x ./*.dsc unpacked >>"$log" 2>&1 || fail "cannot unpack $name"
    cd - >/dev/null
    mv "$apt/$name/unpacked" "$folder/$name"
    rm -rf "$apt/$name"
}

: >"$log"
derive_sources
run_apt update || echo "debian_sources.sh: some package sources gave no source packages, see $log" >&2
for pair; do
    unpack "${pair%%:*}" "${pair#*:}"
done
rm -rf "$apt/lists" "$apt/cache"
