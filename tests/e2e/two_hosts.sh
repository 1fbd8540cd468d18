#!/bin/sh
# two_hosts.sh - two_hosts.mjs, with few EVENTS; `make check-two-hosts EVENTS=10000000` is for more.
exec node "$(dirname "$0")/two_hosts.mjs"
