#!/bin/sh
# follow.sh - follow.mjs, as many ROUNDS as there is time for here; `./check long` runs more.
exec node "$(dirname "$0")/follow.mjs"
