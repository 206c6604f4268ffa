#!/bin/sh
# Detects and measures with the default detector, then trains two small models of one's own.
set -eu
runs=${RUNS:-runs}
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "1. Detect with the default detector: an int8 encoder of 23 MB, without torch, hub or key"
hatelens detect --file "$(dirname "$0")/texts.txt"

say "2. The whole record of one text, with the words without which the score falls"
hatelens detect --explain --json "Women are stupid and should not be allowed to vote."

say "3. Measure it on our functional suite: what only looks like hate, and what hides it"
hatelens evaluate default --data functions_en --split all --out "$runs/demo-functions"

say "4. Train two models of your own on the sample set (mild texts on invented groups), compare them"
hatelens train recipe=demo_linear out="$runs/demo-linear" overwrite=true
hatelens train recipe=demo_two_stage out="$runs/demo-two-stage" overwrite=true
hatelens compare "$runs/demo-linear" "$runs/demo-two-stage" --data sample --split test --out "$runs/demo-comparison"

say "5. Where everything is"
cat <<END
  what the default detector learned from, and where it errs:  models/en/src/hatelens_en/model/MODEL_CARD.md
  how it does on the functional suite:  $runs/demo-functions/report.html
  report of each model, with pictures:  $runs/demo-linear/report/report.html
                                        $runs/demo-two-stage/report/report.html
  the comparison:                       $runs/demo-comparison
  try it in a browser:                  make serve   (then open http://127.0.0.1:8000)
END
