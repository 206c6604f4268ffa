from __future__ import annotations

import pytest

from hatelens.serving import charts
from hatelens.serving.charts import Part
from hatelens.storage.report import OTHERS, Count

TWO = {"kind": Count(30, 0, 30, 0), "unkind": Count(10, 5, 0, 5)}


def test_a_bar_is_cut_by_decision_and_the_largest_is_whole() -> None:
    table = charts.table("Labels", "label", TWO)
    kind, unkind = table.bars
    assert (kind.name, kind.share, kind.parts) == ("kind", 0.75, [Part("clear", 0.0, 100.0)])
    assert unkind.parts == [Part("flag", 0.0, 16.67), Part("unsure", 16.67, 16.67)]


def test_names_beyond_the_most_are_summed() -> None:
    counts = {f"forum {number:02}": Count(number, number, 0, 0) for number in range(1, 26)}
    table = charts.table("Communities", "community", counts)
    assert [bar.name for bar in table.bars][:2] == ["forum 25", "forum 24"]
    assert (len(table.bars), table.rest) == (20, 1 + 2 + 3 + 4 + 5)


def test_what_the_report_does_not_tell_apart_is_no_bar() -> None:
    table = charts.table("Communities", "community", TWO | {OTHERS: Count(60, 60, 0, 0)})
    assert [(bar.name, bar.share) for bar in table.bars] == [("kind", 0.3), ("unkind", 0.1)]
    assert table.rest == 60


def test_a_day_without_texts_is_a_gap() -> None:
    found = charts.columns({"2026-02-28": Count(4, 4, 0, 0), "2026-03-02": Count(2, 0, 2, 0)})
    assert [column.name for column in found] == ["2026-02-28", "2026-03-01", "2026-03-02"]
    first, gap, last = found
    assert first.parts == [Part("flag", 0.0, charts.HEIGHT)]
    assert gap.parts == []
    assert last.parts == [Part("clear", 0.0, charts.HEIGHT / 2)]
    assert last.left + last.width <= charts.WIDTH


def test_many_days_are_drawn_as_months() -> None:
    days = {
        "2025-11-29": Count(1, 1, 0, 0),
        "2025-12-01": Count(2, 1, 1, 0),
        "2025-12-31": Count(3, 0, 1, 2),
        "2026-03-01": Count(1, 0, 1, 0),
    }
    found = {column.name: column.count for column in charts.columns(days)}
    assert list(found) == ["2025-11", "2025-12", "2026-01", "2026-02", "2026-03"]
    assert found["2025-12"] == Count(5, 1, 2, 2)
    assert found["2026-01"] == Count()


@pytest.mark.parametrize("days", [{}, {"2026-01-31": Count()}])
def test_nothing_is_drawn_of_nothing(days) -> None:
    assert [column.parts for column in charts.columns(days)] == [[]] * len(days)
    assert charts.table("Labels", "label", {}).bars == []
