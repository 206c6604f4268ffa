"""The files of a migration."""

from __future__ import annotations

import json

from hatelens.detect import Pipeline
from hatelens.evaluation import migration_report
from hatelens.evaluation.logged import Log, scored
from hatelens.evaluation.migration import migrate
from tests.serving.conftest import Keywords


def test_decisions_alone_make_no_picture_of_scores_and_no_figure_holds_a_text(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("text,flagged\nA stupid film,1\nGood tea,0\nA dreadful stupid tea,0\n")
    known = Log(log, score="", decision="flagged")
    found = scored(known, Pipeline(Keywords()), lambda prediction: round(prediction.hateful, 6))
    made = migrate(found, resamples=5)
    out = tmp_path / "out"
    out.mkdir()
    changed = migration_report.write(known, found, made, out)

    assert sorted(path.name for path in out.iterdir()) == [
        "changed.csv", "migration.json", "migration.png",
    ]  # fmt: skip
    figures = (out / "migration.json").read_text()
    assert "stupid" not in figures
    assert json.loads(figures)["flag"]["raised"] + json.loads(figures)["flag"]["lowered"] == changed
