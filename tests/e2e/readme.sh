#!/bin/sh
# readme.sh - runs the README's examples on the server that USAGED_CREDENTIALS describes, whose ledger must be fresh: they add to it.
exec node --test --test-reporter=tap "$(dirname "$0")/readme.mjs"
