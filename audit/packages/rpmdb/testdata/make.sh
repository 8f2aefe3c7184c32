#!/bin/sh
# Makes the databases beside it. It needs rpm, rpmbuild, sqlite3 and
# db5.3_load (Debian: apt-get install rpm sqlite3 db5.3-util).
#
# rpm writes an SQLite database with a dozen index tables; only the table of
# packages is kept, on small pages, so that it takes a tree and overflow pages.
# The Berkeley DB has the same headers: rpm no longer writes that format.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
build() { # name epoch version release architecture
    {
        printf 'Name: %s\nVersion: %s\nRelease: %s\nSummary: A fixture\nLicense: MIT\n' "$1" "$3" "$4"
        [ "$2" = - ] || printf 'Epoch: %s\n' "$2"
        [ "$5" != noarch ] || printf 'BuildArch: noarch\n'
        printf '%%description\nA fixture.\n%%files\n'
    } > "$1.spec"
    rpmbuild -bb --quiet --define "_topdir $work" --define '_build_id_links none' --define '_buildhost fixture' "$1.spec"
}
build openssl-libs 1 3.0.7 24.el9 x86_64
build bash - 5.1.8 6.el9_1 x86_64
build tzdata - 2023c 1.el9 noarch
build podman 2 4.6.1~rc2 5.el9 x86_64
build bind-license 32 9.16.23 14.el9_3 noarch
mkdir db
rpm --dbpath "$work/db" --define '_db_backend sqlite' -i --justdb --nodeps --ignorearch RPMS/*/*.rpm
rpm --dbpath "$work/db" --define '_db_backend sqlite' -qa \
    --qf '%{NAME} %{EPOCHNUM} %{VERSION} %{RELEASE} %{ARCH} %{SOURCERPM}\n' | LC_ALL=C sort > "$here/packages.txt"
rm -f "$here/rpmdb.sqlite" "$here/Packages"
sqlite3 "$here/rpmdb.sqlite" "PRAGMA page_size=512; ATTACH '$work/db/rpmdb.sqlite' AS rpm;
    CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);
    INSERT INTO main.Packages SELECT * FROM rpm.Packages;"
{
    printf 'VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=1024\nHEADER=END\n 00000000\n 05000000\n'
    sqlite3 -separator ' ' db/rpmdb.sqlite "SELECT printf(' %02x000000', hnum), lower(hex(blob)) FROM Packages" | sed 's/^ \([0-9a-f]*\) / \1\n /'
    printf 'DATA=END\n'
} | db5.3_load "$here/Packages"
