#!/bin/sh
# kill.sh - kill.mjs, as many ROUNDS as there is time for here; `make kill-test ROUNDS=1000` is for more.
exec node "$(dirname "$0")/kill.mjs"
