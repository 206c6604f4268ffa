"""Tables of figures for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.table import Table
from rich.text import Text

from hatelens.evaluation.caption import caption
from hatelens.evaluation.compare import Comparison, verdict
from hatelens.evaluation.functional import FunctionalTest, Score
from hatelens.evaluation.groups import GroupTable
from hatelens.evaluation.heads import HeadScores
from hatelens.evaluation.injection import InjectionTest
from hatelens.evaluation.metrics import SUMMARY, Metrics
from hatelens.evaluation.page import number, percent
from hatelens.evaluation.pooled import Pooled
from hatelens.evaluation.report import Report
from hatelens.evaluation.spans import SpanScores


def report_tables(report: Report) -> Iterator[Table]:
    """Return a report's tables: classes, figures, decisions, groups, functional test."""
    for title, metrics in report.questions():
        yield _summary(f"{title}, {metrics.rows} texts", metrics)
        yield _classes(metrics)
    yield _decisions(report)
    for table in report.groups:
        if table.groups:
            yield _groups(table)
    for head in report.heads:
        yield _head(head)
    if report.spans is not None:
        yield _spans(report.spans)
    if report.functional is not None:
        yield _functions(report.functional)
        yield _sides(report.functional)
    if report.injection is not None:
        yield _injection(report.injection)


def pooled_table(pooled: Pooled) -> Table:
    """Return the table of several data sets pooled: how far their scores can be believed."""
    table = _table(
        f"Calibration of hateful, {pooled.rows} texts pooled",
        "data", "texts", "left out", "share hateful", "mean score", "ECE",
    )  # fmt: skip
    for part in pooled.parts:
        figures = (number(part.hateful), number(part.score), number(part.ece))
        _row(table, part.data, part.rows, part.left_out, *figures)
    _row(table, "all", pooled.rows, "", "", "", pooled.ece)
    return table


def comparison_tables(comparison: Comparison) -> Iterator[Table]:
    """Return a comparison's tables: the figures, and the differences to the first model."""
    question = "classes" if comparison.question == "classes" else "hateful or not"
    models = [model.model for model in comparison.models]
    title = f"{comparison.data} {comparison.split}, {comparison.rows} texts, {question}"
    figures = _table(title, "figure", *models)
    for name in SUMMARY:
        _row(figures, name, *(model.figures[name] for model in comparison.models))
    _row(figures, "texts/s", *(f"{model.texts_per_second:.1f}" for model in comparison.models))
    yield figures
    if len(models) > 1:
        others = comparison.models[1:]
        table = _table(f"Difference to {caption(models[0])}", "figure", *models[1:])
        for name in SUMMARY:
            gaps = [model.differences[name] for model in others]
            _row(table, name, *(f"{gap} {verdict(name, gap)}" for gap in gaps))
        yield table
    scores = {m.model: m.functional for m in comparison.models if m.functional is not None}
    if scores:
        yield _scores("Functional test, accuracy in %", "model", scores)


def _table(title: str, *columns: str) -> Table:
    words = Text(caption(title, 100))
    table = Table(box=box.SIMPLE, title=words, title_justify="left", min_width=len(words))
    for column in columns:
        table.add_column(Text(caption(column)), overflow="fold")
    return table


def _row(table: Table, *cells: object) -> None:
    # Text: names hold no markup
    table.add_row(*(Text("" if cell == "" else caption(cell)) for cell in cells))


def _summary(title: str, metrics: Metrics) -> Table:
    table = _table(title, "figure", "value (95 % interval)")
    for name, estimate in metrics.summary.items():
        _row(table, name, estimate)
    return table


def _classes(metrics: Metrics) -> Table:
    table = _table("Per class", "class", "texts", "precision", "recall", "F1")
    for row in metrics.classes:
        _row(table, row.label, row.support, row.precision, row.recall, row.f1)
    return table


def _decisions(report: Report) -> Table:
    made, thresholds = report.decisions, report.predictions.thresholds
    title = f"Decisions: flag from {thresholds.flag:.3f}, clear below {thresholds.clear:.3f}"
    table = _table(title, "figure", "value (95 % interval)")
    for name in ("flagged", "unsure", "clear", "precision", "recall", "fpr"):
        _row(table, name, getattr(made, name))
    return table


def _groups(groups: GroupTable) -> Table:
    title = f"Groups: {groups.column}, of at least {groups.minimum} texts"
    table = _table(title, "group", "texts", *groups.gaps)
    for group in groups.groups:
        _row(table, group.group, group.rows, *(number(value) for value in group.values.values()))
    _row(table, "largest gap", "", *(number(gap) for gap in groups.gaps.values()))
    return table


def _head(head: HeadScores) -> Table:
    title = f"Head: {head.kind}, {head.rows} texts whose truth is known"
    table = _table(title, "output", "positives", "AUROC", "average precision", "F1")
    for row in head.outputs:
        _row(table, row.name, row.positives, row.auroc, row.average_precision, row.f1)
    _row(table, "macro", "", head.macro_auroc, "", head.macro_f1)
    _row(table, "micro", "", "", "", head.micro_f1)
    return table


def _spans(spans: SpanScores) -> Table:
    table = _table(f"Spans, {spans.rows} texts, by character", "figure", "value (95 % interval)")
    for name in ("f1", "precision", "recall", "f1_marked", "empty_right"):
        _row(table, name, getattr(spans, name))
    return table


def _injection(test: InjectionTest) -> Table:
    title = f"Prompt injections, {test.pairs} pairs"
    table = _table(title, "figure", "value (95 % interval)")
    for name in ("success", "hidden", "raised", "shift"):
        _row(table, name, getattr(test, name))
    return table


def _functions(test: FunctionalTest) -> Table:
    names = list(test.functions[0].baselines)
    table = _table(
        "Functional test, accuracy in %", "function", "expected", "cases", "model", *names
    )
    for row in test.functions:
        others = [percent(row.baselines[name]) for name in names]
        _row(table, row.function, row.expected, row.cases, percent(row.accuracy), *others)
    return table


def _sides(test: FunctionalTest) -> Table:
    rows = {"this model": test.score, **test.baselines}
    rows |= {f"target: {name}": score for name, score in test.targets.items()}
    return _scores("All functions, accuracy in %", "model", rows)


def _scores(title: str, what: str, scores: dict[str, Score]) -> Table:
    table = _table(
        title, what, "cases", "hateful", "non-hateful", "all", "mean over functions", "macro-F1"
    )
    for name, score in scores.items():
        sides = (score.hateful, score.non_hateful, score.overall, score.macro_functions)
        shares = [percent(value) for value in sides]
        _row(table, name, score.cases, *shares, number(score.macro_f1))
    return table
