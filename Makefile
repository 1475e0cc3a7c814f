# The commands of README.md and of CI. Each installs what it lacks.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: crates help build-tools run demo check advisories test test-rust test-web test-faults test-e2e test-pages test-calls netlab fuzz fuzz-ci screenshots bench bench-load bench-peers bench-turn bench-chat bench-calls bench-picture bench-recording web clean

CARGO_DENY_VERSION := 0.20.2
TOOLS := target/tools
DENY := $(TOOLS)/bin/cargo-deny
CARGO_FUZZ_VERSION := 0.13.2
FUZZ := $(TOOLS)/bin/cargo-fuzz
FUZZ_TARGETS := $(notdir $(basename $(wildcard media/fuzz/fuzz_targets/*.rs)))
FUZZ_SECONDS ?= 600
RUN_ARGS ?=
# Server, tests and tools at once: a crate that only some of them need features of is compiled once for all.
BUILD_ALL := cargo build --workspace --bins --tests --examples --locked
# libopus is built from its source.
BUILD := build-essential cmake
# What others think of our recordings.
PLAYERS := ffmpeg mkvtoolnix opus-tools

help: ## this list
	@grep -E '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

# ---- run

run: web/dist/index.html ## builds all, starts the server, prints its address and the first admin's link
	scripts/apt-install $(BUILD)
	cargo build --release --locked
	target/release/staffline serve $(RUN_ARGS)

demo: web/dist/index.html ## as run, and adds two members of staff to try a call with
	scripts/apt-install $(BUILD)
	cargo build --release --locked
	target/release/staffline demo $(RUN_ARGS)
	target/release/staffline serve $(RUN_ARGS)

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts -type f 2>/dev/null)
web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run build

web: web/dist/index.html ## builds the page

# ---- check: every static check of CI

$(DENY):
	CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --no-default-features --root $(TOOLS) cargo-deny@$(CARGO_DENY_VERSION)

build-tools:
	@scripts/apt-install $(BUILD)

# cargo-deny reads the crates of all platforms, of which a build fetches only those of one.
crates:
	cargo fetch --locked --quiet

check: build-tools advisories crates web/node_modules/.package-lock.json ## formatting, lints, types, licences, generated files
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(DENY) --log-level error --offline check bans licenses sources
	scripts/check-schema
	cd web && npm run lint && npm run typecheck
	scripts/check-tree

# Known vulnerabilities are news from outside: without a network the check says that it was not made.
advisories: crates $(DENY) ## known vulnerabilities in the crates; needs a network
	@if $(DENY) fetch db >/dev/null 2>&1; then $(DENY) --log-level error --offline check advisories; \
	else echo 'advisories: NOT CHECKED, their database cannot be fetched from here'; fi

# ---- test

test: test-rust test-web test-e2e ## everything: Rust on both databases, web, browsers, netlab, a minute of each fuzz target

test-rust:
	scripts/apt-install $(BUILD) coturn postgresql python3-venv age iproute2 $(PLAYERS)
	scripts/smtp-venv
	scripts/test-s3.sh scripts/test-postgres.sh cargo test --workspace --locked --quiet

test-faults: ## fifty kills for each database amid messages and uploads, a full disk, an outage; writes target/figures/ledger.json
	scripts/apt-install $(BUILD) postgresql
	STAFFLINE_KILLS=50 scripts/test-postgres.sh cargo test -p staffline --locked --test faults

test-web: web/node_modules/.package-lock.json
	cd web && npm test

BROWSERS := chromium fonts-liberation fonts-noto-color-emoji
FIREFOX := firefox-esr
NETLAB := iproute2 nftables conntrack openssl python3 procps tinyproxy-bin

test-e2e: test-pages test-calls

test-pages: web/dist/index.html
	scripts/apt-install $(BUILD) $(BROWSERS) python3-venv
	scripts/smtp-venv
	$(BUILD_ALL)
	cd web && npm run e2e -- --project=pages --workers=2

# Calls run one at a time, and leave half of two cores idle: the fuzzers take that, and no more.
test-calls: web/dist/index.html
	scripts/apt-install $(BUILD) $(BROWSERS) $(FIREFOX) $(NETLAB) $(PLAYERS)
	$(BUILD_ALL)
	node --test tests/netlab/lab.test.mjs
	scripts/beside 'nice -n 19 make fuzz-ci' 'cd web && npm run e2e -- --project=calls'

$(FUZZ):
	CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --root $(TOOLS) cargo-fuzz@$(CARGO_FUZZ_VERSION)

fuzz: $(FUZZ) ## all that the network reaches in media/, FUZZ_SECONDS (600) for each of FUZZ_TARGETS; docs/fuzzing.md
	scripts/apt-install $(BUILD)
	scripts/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

fuzz-ci: ## the same, a minute for each
	$(MAKE) fuzz FUZZ_SECONDS=60

netlab: web/dist/index.html ## calls from every network to every other under every policy, and calls that move; writes target/figures/netlab.json
	scripts/apt-install $(BUILD) $(BROWSERS) $(NETLAB)
	$(BUILD_ALL)
	cd web && npm run netlab

screenshots: web/dist/index.html ## every screen, phone and desktop, light and dark, into target/screenshots
	scripts/apt-install $(BUILD) $(BROWSERS)
	$(BUILD_ALL)
	cd web && npm run screenshots

# ---- measure

bench: ## Criterion: the relay packet path
	cargo bench --locked -p staffline-media --bench relay

bench-load: ## whole-process load over loopback, writes target/figures/relay-load.json
	cargo build --release --locked -p staffline-media --example whip -p relay-load --bin relay-load
	target/release/relay-load

# The reference servers have a workspace and a lock file of their own.
bench-peers: ## the media node beside Janus and two reference servers, in about 15 minutes; writes target/figures/peers.json, draws docs/peers.svg
	scripts/apt-install $(BUILD) janus
	cargo build --release --locked -p staffline-media --example whip -p relay-load --bin peers
	benches/reference/build
	target/release/peers --plot docs/peers.svg

bench-turn: ## the TURN server beside coturn over loopback, UDP and TLS, writes target/figures/turn.json
	scripts/apt-install $(BUILD) coturn
	cargo build --release --locked -p staffline-media --example turn -p turn-load --bin turn-load
	target/release/turn-load

bench-chat: web/dist/index.html ## whole-process load of the chat and the page in Chromium, writes target/figures/chat.json
	scripts/apt-install $(BUILD) $(BROWSERS)
	cargo build --release --locked -p staffline -p chat-load
	ulimit -n 20000 && target/release/chat-load --page web/e2e/bench/first-paint.mjs

bench-calls: web/dist/index.html ## calls in Chromium: first frame, reload, networks that change, 500 calls; writes target/figures/calls.json
	scripts/apt-install $(BUILD) $(BROWSERS) $(NETLAB)
	cargo build --release --locked -p staffline
	cd web && STAFFLINE_BINARY=$(CURDIR)/target/release/staffline npm run bench-calls

bench-picture: web/dist/index.html ## what bad lines leave of a call in Chromium, directly and through the node; writes target/figures/picture.json
	scripts/apt-install $(BUILD) $(BROWSERS) $(NETLAB)
	cargo build --release --locked -p staffline
	cd web && STAFFLINE_BINARY=$(CURDIR)/target/release/staffline npm run bench-picture

bench-recording: web/dist/index.html ## forty recorded calls at once, on bad disks too; calls of Chromium held against what was said; killed servers; writes target/figures/recording.json
	scripts/apt-install $(BUILD) $(PLAYERS) $(BROWSERS) $(NETLAB) postgresql e2fsprogs
	cargo build --release --locked -p staffline-media --example whip --example recording -p relay-load --bin recording-load
	target/release/recording-load --cost target/release/examples/recording
	cargo build --release --locked -p staffline
	cd web && STAFFLINE_BINARY=$(CURDIR)/target/release/staffline ../scripts/test-postgres.sh npm run bench-recording

clean: ## removes what was built
	rm -rf target web/dist web/node_modules
