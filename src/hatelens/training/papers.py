"""What goes with a trained model for people: the validation report and the model card."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from hatelens.data import dataset
from hatelens.data.card import Card
from hatelens.data.corpus import Corpus
from hatelens.detect import Pipeline
from hatelens.evaluation import report as reports
from hatelens.evaluation.cost import Cost
from hatelens.evaluation.maps import Maps
from hatelens.evaluation.page import cell
from hatelens.evaluation.report import Report
from hatelens.evaluation.run import evaluate
from hatelens.models import folder
from hatelens.models.classifier import Classifier
from hatelens.models.manifest import Manifest


def write(work: Path, model: Classifier, corpus: Corpus) -> None:
    """Measure a model on its validation texts and write ``report/`` and ``MODEL_CARD.md``.

    Args:
        work: folder of the model.
        model: the model as it will be opened from there.
        corpus: what it was trained on.
    """
    card = Card(name="validation", labels=corpus.labels)
    held_out = dataset.make(card, corpus.validation, ())
    name = model.manifest.name
    report = evaluate(
        Pipeline(model),
        held_out,
        split="all",
        name=name,
        progress=True,
        maps=Maps.of(model.manifest),
    )
    report = replace(report, cost=cost(model.manifest))
    reports.write(report, work / folder.REPORT)
    text = model_card(model.manifest, report)
    (work / folder.CARD).write_text(text, encoding="utf-8")


def cost(manifest: Manifest) -> Cost | None:
    """Return what the training of a model cost; None where that is not known."""
    found = manifest.training.get("cost")
    return None if found is None else Cost.from_dict(found)


def model_card(manifest: Manifest, report: Report) -> str:
    """Return the model card (Mitchell et al. 2019, https://arxiv.org/abs/1810.03993)."""
    template = resources.files("hatelens.training").joinpath("model_card.md.j2")
    # Markdown is not HTML: names are escaped by ``cell``, as in the report.
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    environment.filters["cell"] = cell
    opened = environment.from_string(template.read_text(encoding="utf-8"))
    return opened.render(m=manifest, report=report)
