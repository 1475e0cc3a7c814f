#!/usr/bin/env bash
# Runs a command beside a throwaway PostgreSQL: scripts/test-postgres.sh cargo test
# The cluster listens on a free port of 127.0.0.1, keeps fsync on, and is stopped and removed however the command ends.
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
if [ -z "$bin" ]; then
    echo "PostgreSQL is not installed: apt-get install postgresql" >&2
    exit 1
fi

# PostgreSQL refuses to run as root.
as_owner=()
owner=$(id -un)
if [ "$(id -u)" = 0 ]; then
    owner=postgres
    as_owner=(runuser -u postgres --)
fi

dir=$(mktemp -d /tmp/staffline-postgres.XXXXXX)
chown "$owner" "$dir"
cd_free() { (cd "$dir" && "${as_owner[@]}" "$@"); }

stop() {
    cd_free "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cd_free "$bin/initdb" -D "$dir/data" -U staffline --auth=trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null

# Another process may take a port that was free a moment ago, so a failed start tries the next.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    port=$((20000 + RANDOM % 20000))
    options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$dir -c fsync=on -c max_connections=300"
    if cd_free "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" -o "$options" start >/dev/null; then
        started=yes
        break
    fi
done
if [ "${started:-}" != yes ]; then
    cat "$dir/log" >&2
    exit 1
fi

export STAFFLINE_TEST_POSTGRES="postgres://staffline@127.0.0.1:$port/postgres"
"$@"
