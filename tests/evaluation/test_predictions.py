from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hatelens.data import dataset
from hatelens.errors import DataError, ModelError
from hatelens.evaluation import predictions, report, run
from hatelens.evaluation.selection import select
from hatelens.labels import POOLED, LabelSet


def test_every_text_gets_its_truth_and_the_models_answer(village, keyword):
    said = predictions.predict(keyword(), select(village, "test"), name="mine")
    row = said.rows[4]

    assert (row.id, row.truth, row.truth_hateful, row.label) == (
        "village:4", "hateful", True, "calm",
    )  # fmt: skip
    assert row.decision == "clear"
    assert sum(row.scores) == pytest.approx(1.0)
    assert said.model == "mine"
    assert said.truth.sum() == 80
    assert said.texts_per_second > 0


def test_a_stream_is_used_where_there_is_one_and_gives_the_same(keyword, streaming, make):
    chosen = select(make(rows=600), "test")
    plain, streaming = keyword(), streaming()
    rows = predictions.predict(plain, chosen).rows

    assert rows == predictions.predict(streaming, chosen).rows
    assert plain.calls == 3
    assert streaming.calls == 0


def test_a_model_without_a_name_is_called_by_its_version(village, keyword):
    assert predictions.predict(keyword(), select(village, "test")).model == "keyword-1"


def test_a_detector_that_swallows_texts_is_an_error(village, keyword):
    class Lazy(keyword):
        def predict(self, texts):
            return super().predict(texts)[1:]

    with pytest.raises(ModelError, match="answered 199 of 200"):
        predictions.predict(Lazy(), select(village, "test"))


def test_the_own_classes_need_every_label_of_the_data(keyword, make):
    said = predictions.predict(keyword(), select(make(), "test"))
    both = LabelSet(("calm", "rude", "hateful"), ("hateful",), multi=True)

    assert said.knows(("calm", "hateful"))
    assert not said.knows(("calm", "hate"))
    assert not predictions.predict(keyword(both), select(make(), "test")).knows(("calm",))


def test_labels_that_a_map_tells_apart_are_known_and_merged_ones_are_not(keyword, make):
    said = predictions.predict(keyword(), select(make(), "test"))
    mapped = replace(said, label_map={"nice": "calm", "bad": "hateful"})

    assert mapped.knows(("nice", "bad"))
    assert not mapped.knows(("nice", "calm"))
    assert not replace(said, label_map={"nice": "calm|hateful"}).knows(("nice",))


def test_the_pooled_question_holds_the_hateful_score(village, keyword):
    said = predictions.predict(keyword(), select(village, "test"))
    pooled = said.pooled()

    assert pooled.labels == POOLED
    assert pooled.probabilities[:, 1] == pytest.approx(said.hateful)
    assert pooled.truth.tolist() == said.truth.tolist()


def test_written_predictions_are_read_again_and_hold_no_text(village, tmp_path, keyword):
    made = run.evaluate(keyword(), village, split="test", resamples=5)
    report.write(made, tmp_path)
    content = (tmp_path / predictions.FILE).read_text(encoding="utf-8")

    assert predictions.is_written(tmp_path)
    assert predictions.read(tmp_path).rows == made.predictions.rows
    assert predictions.read(tmp_path).labels == made.predictions.labels
    assert predictions.read(tmp_path).thresholds == made.predictions.thresholds
    assert list(json.loads(content.splitlines()[0])) == [
        "id", "truth", "truth_hateful", "hateful", "label", "decision", "scores",
    ]  # fmt: skip
    assert not any(example.text in content for example in village.examples)


def test_ids_with_line_breaks_and_lone_surrogates_survive(village, tmp_path, keyword):
    odd = [replace(village.examples[0], id="a\n\u2028\ud800")]
    made = run.evaluate(keyword(), dataset.make(village.card, odd, []), split="test", resamples=5)
    report.write(made, tmp_path)

    assert predictions.read(tmp_path).rows[0].id == "a\n\u2028\ud800"


def test_missing_and_damaged_predictions_are_named_by_line(village, tmp_path, keyword):
    with pytest.raises(DataError, match=r"There is no .*predictions\.jsonl"):
        predictions.read(tmp_path)
    report.write(run.evaluate(keyword(), village, split="test", resamples=5), tmp_path)
    path = tmp_path / predictions.FILE
    lines = path.read_text(encoding="utf-8").splitlines()
    for broken in ("{", '{"id": "1"}', "7"):
        path.write_text("\n".join([lines[0], broken, *lines[2:]]), encoding="utf-8")
        with pytest.raises(DataError, match="line 2 is damaged"):
            predictions.read(tmp_path)
    (tmp_path / "report.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"report\.json line 1 is damaged"):
        predictions.read(tmp_path)
