#!/bin/sh
# Trains two kinds of model on the sample set, compares them, and detects and explains.
set -eu
runs=${RUNS:-runs}
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "1. Train on the sample set (mild, invented texts): n-grams, then a sentence embedding"
hatelens train recipe=demo_linear out="$runs/demo-linear" overwrite=true
hatelens train recipe=demo_two_stage out="$runs/demo-two-stage" overwrite=true

say "2. Compare them on the sample's test split"
hatelens compare "$runs/demo-linear" "$runs/demo-two-stage" --data sample --split test --out "$runs/demo-comparison"

say "3. Detect, with the words that carried the score"
hatelens detect --model "$runs/demo-two-stage" --explain --file "$(python -c 'import hatelens.data, pathlib; print(pathlib.Path(hatelens.data.__file__).parent / "sample" / "try.txt")')"

cat <<END

  Trained on some 400 sentences, the model leans on the mere name of a group and takes the quote that
  defends one (the third text) for hate: what it has learned, not what it has understood.
END

say "4. Where everything is"
cat <<END
  report of each model, with pictures:  $runs/demo-linear/report/report.html
                                        $runs/demo-two-stage/report/report.html
  the comparison:                       $runs/demo-comparison
  try it in a browser:                  .venv/bin/hatelens serve --model $runs/demo-two-stage
                                        (then open http://127.0.0.1:8000)
END
