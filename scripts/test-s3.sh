#!/usr/bin/env bash
# Runs a command beside a throwaway S3 server (moto, from PyPI, in a virtual environment of its own): scripts/test-s3.sh cargo test
# It listens on a free port of 127.0.0.1, keeps everything in memory, and is stopped however the command ends.
set -euo pipefail
cd "$(dirname "$0")/.."

version=5.2.5
venv=$PWD/target/tools/moto-$version
if [ ! -x "$venv/bin/moto_server" ]; then
    # Without moto's own "server" extra, which brings every service of Amazon's.
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "moto[s3]==$version" flask==3.1.2 flask-cors==6.0.1
fi

log=$(mktemp /tmp/staffline-s3.XXXXXX)
stop() {
    kill "$server" 2>/dev/null || true
    rm -f "$log"
}

make_bucket() {
    "$venv/bin/python" -c 'import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1], method="PUT"))' "http://127.0.0.1:$port/staffline" 2>/dev/null
}

# Another process may take a port that was free a moment ago, so a failed start tries the next.
for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    "$venv/bin/moto_server" --host 127.0.0.1 --port "$port" >"$log" 2>&1 &
    server=$!
    trap stop EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    for _ in $(seq 300); do
        if make_bucket; then
            export STAFFLINE_TEST_S3="http://127.0.0.1:$port"
            "$@"
            exit
        fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    kill "$server" 2>/dev/null || true
done
cat "$log" >&2
exit 1
