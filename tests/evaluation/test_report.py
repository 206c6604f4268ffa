from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from hatelens.data import dataset
from hatelens.errors import ConfigError
from hatelens.evaluation import predictions, report
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.heads import HeadScores, OutputScores
from hatelens.evaluation.maps import Maps
from hatelens.evaluation.run import evaluate
from hatelens.evaluation.spans import SpanScores
from hatelens.labels import LabelSet

NASTY = "<script>alert(1)</script>"


class Tags(HTMLParser):
    """Gathers the tags, the addresses and the alternative texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def written(made: report.Report, folder) -> Tags:
    tags = Tags()
    tags.feed(report.write(made, folder).read_text(encoding="utf-8"))
    return tags


def test_a_report_is_written_as_json_markdown_page_and_pictures(village, tmp_path, keyword):
    made = evaluate(keyword(), village, split="test", name="mine", resamples=20)
    tags = written(made, tmp_path / "a" / "b")
    names = {path.name for path in (tmp_path / "a" / "b").iterdir()}

    assert names == {
        "report.json", "report.md", "report.html", "predictions.jsonl", "confusion.png",
        "precision_recall.png", "roc.png", "reliability.png",
    }  # fmt: skip
    assert len(tags.sources) == 4
    assert all(source.startswith("data:image/png;base64,") for source in tags.sources)


def test_the_json_holds_every_figure_with_its_interval(village, tmp_path, keyword):
    report.write(evaluate(keyword(), village, split="test", resamples=20), tmp_path)
    found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))

    assert found["model"]["model_version"] == "keyword-1"
    assert found["model"]["thresholds"] == {"flag": 0.7, "clear": 0.4, "target": "fpr<=0.05"}
    assert found["classes"]["summary"]["accuracy"]["value"] == 0.8
    assert set(found["pooled"]["summary"]["auroc"]) == {"value", "low", "high"}
    assert found["pooled"]["classes"][1]["label"] == "hateful"
    assert found["decisions"]["fpr"]["value"] == 0.0
    assert found["groups"][0]["column"] == "target"
    assert found["functional"] is None
    assert found["rows"] == 200


def test_names_with_markup_stay_text_everywhere(tmp_path, keyword, make):
    labels = LabelSet(("calm", NASTY, "hateful"), ("hateful",))
    data = make(labels=labels, rename={"rude": NASTY}, name=f"village {NASTY}")
    examples = [
        replace(example, targets=(NASTY,), meta={"functionality": f"{NASTY}|{example.label}"})
        for example in data.examples
    ]
    made = evaluate(
        keyword(labels), dataset.make(data.card, examples, [dataset.LeftOut("f", 1, NASTY)]),
        split="test", name=f"model {NASTY}", resamples=5,
    )  # fmt: skip
    tags = written(made, tmp_path)
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")

    assert "script" not in tags.tags
    assert NASTY not in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in markdown
    assert "functions.png" in markdown


def test_markdown_tables_have_as_many_cells_in_every_row(village, tmp_path, keyword):
    cases = [
        replace(example, meta={"functionality": "pipes|and|more"}) for example in village.examples
    ]
    made = evaluate(keyword(), dataset.make(village.card, cases, []), split="test", resamples=5)
    report.write(made, tmp_path)
    widths: list[set[int]] = [set()]
    for line in (tmp_path / "report.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            widths[-1].add(len(re.findall(r"(?<!\\)\|", line)))
        elif widths[-1]:
            widths.append(set())

    assert len(widths) > 7
    assert all(len(width) <= 1 for width in widths)


def test_curves_that_are_undefined_are_left_out(village, keyword):
    calm = [example for example in village.examples if example.label == "calm"]
    other = LabelSet(("fine", "hate"), ("hate",))
    made = evaluate(keyword(other), dataset.make(village.card, calm, []), split="test", resamples=5)

    assert [picture.name for picture in report.draw(made)] == ["confusion", "reliability"]
    assert made.pooled["auroc"].value is None


def test_classes_without_a_text_are_named(village, tmp_path, keyword):
    made = evaluate(
        keyword(LabelSet(("calm", "rude", "unknown", "hateful"), ("hateful",))),
        village, split="test", resamples=5,
    )  # fmt: skip
    written(made, tmp_path)

    for name in ("report.md", "report.html"):
        assert "enter no average: unknown." in (tmp_path / name).read_text(encoding="utf-8")


def test_several_hateful_classes_get_a_pooled_curve_of_their_own(village, keyword):
    made = evaluate(
        keyword(LabelSet(("calm", "rude", "hateful"), ("rude", "hateful"))),
        village, split="test", resamples=5,
    )  # fmt: skip
    curves = report._curves(made)

    assert [curve.name for curve in curves] == ["hateful or not", "calm", "rude", "hateful"]


def test_a_later_report_replaces_an_earlier_one(village, tmp_path, keyword):
    for name in ("first", "second"):
        report.write(evaluate(keyword(), village, split="test", name=name, resamples=5), tmp_path)

    assert "second" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    for path in (tmp_path / "taken", tmp_path / "taken" / "deeper"):
        with pytest.raises(ConfigError, match="name a folder for the report"):
            report.make_folder(path)


def test_heads_and_spans_have_tables_and_one_picture(village, tmp_path, keyword):
    one = Estimate(0.5, 0.4, 0.6)
    output = OutputScores(NASTY, 9, 3, 0.5, one, one, one)
    head = HeadScores("targets", 9, (output,), (NASTY,), one, one, one)
    plain = evaluate(keyword(), village, split="test", resamples=5, maps=Maps(given={"rude": ""}))
    made = replace(plain, heads=(head,), spans=SpanScores(5, 2, one, one, one, one, Estimate(None)))
    tags = written(made, tmp_path)
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))

    assert "script" not in tags.tags
    assert "<script" not in markdown
    assert "Head: targets" in markdown
    assert "## Spans" in markdown
    assert "rude as none." in markdown
    assert (tmp_path / "heads.png").is_file()
    assert found["heads"][0]["outputs"][0]["f1"]["value"] == 0.5
    assert found["spans"]["empty_right"]["value"] is None
    assert predictions.read(tmp_path).label_map == {"rude": ""}
