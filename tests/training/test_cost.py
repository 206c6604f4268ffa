"""What a training costs, measured without a network."""

from __future__ import annotations

import json
import logging
import time

import pytest

from hatelens.errors import ConfigError
from hatelens.evaluation.cost import WORLD, Cost
from hatelens.training import cost
from hatelens.training.cost import metered


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    monkeypatch.delenv(cost.COUNTRY, raising=False)
    monkeypatch.chdir(tmp_path)


def work(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        sum(range(1000))


def test_work_costs_energy_and_leaves_no_file_and_no_log(tmp_path, capsys, caplog):
    with caplog.at_level(logging.DEBUG), metered() as meter:
        assert meter.to_dict() is None
        work(2.5)
    found = meter.cost
    assert isinstance(found, Cost)
    assert found.kwh > 0
    assert found.kg_co2eq > 0
    assert found.hours * 3600 >= 2.4
    assert found.cores >= 1
    assert found.tool.startswith("codecarbon ")
    assert list(tmp_path.iterdir()) == []
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "kWh" in captured.err
    assert f"{WORLD}, as HATELENS_COUNTRY names no country" in captured.err


def test_a_country_is_named_by_a_variable(monkeypatch, capsys):
    with metered() as everywhere:
        work(1.2)
    monkeypatch.setenv(cost.COUNTRY, "fra")
    with metered() as france:
        work(1.2)
    assert everywhere.cost is not None
    assert france.cost is not None
    assert (everywhere.cost.country, france.cost.country) == (WORLD, "FRA")
    assert everywhere.cost.grams_per_kwh == pytest.approx(475, abs=1)
    assert france.cost.grams_per_kwh < 200
    assert "(FRA)" in capsys.readouterr().err


def test_a_country_of_which_nothing_is_known_is_refused_before_the_work(monkeypatch):
    monkeypatch.setenv(cost.COUNTRY, "Utopia")
    with pytest.raises(ConfigError, match="'UTOPIA', of whose electricity nothing is known") as one:
        metered().__enter__()
    assert "\n" not in str(one.value)


def test_settings_of_codecarbon_on_the_machine_send_and_write_nothing(monkeypatch, tmp_path):
    (tmp_path / ".codecarbon.config").write_text(
        "[codecarbon]\nsave_to_file=true\noutput_methods=csv\n"
        "emissions_endpoint=http://localhost:9/\nlog_level=info\n"
    )
    with metered() as meter:
        work(0.1)
    assert meter.cost is not None
    assert [path.name for path in tmp_path.iterdir()] == [".codecarbon.config"]


def test_a_training_that_goes_on_has_cost_what_all_its_starts_took(tmp_path, monkeypatch):
    monkeypatch.setattr(cost, "SECONDS", 0.2)
    monkeypatch.setattr(cost, "NOTED", 1)

    def killed():
        work(2.0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), metered(tmp_path):
        killed()
    before = Cost.from_dict(json.loads((tmp_path / cost.KEPT).read_text()))
    assert before.hours * 3600 >= 1.0
    with metered(tmp_path) as meter:
        work(1.0)
    assert meter.cost is not None
    assert meter.cost.hours * 3600 >= before.hours * 3600 + 0.9
    assert meter.cost.kwh > before.kwh
    assert Cost.from_dict(json.loads((tmp_path / cost.KEPT).read_text())) == meter.cost


def test_a_start_with_nothing_to_go_on_from_leaves_nothing(tmp_path):
    with metered(tmp_path / "none") as meter:
        work(0.1)
    assert meter.cost is not None
    assert not (tmp_path / "none").exists()


def test_an_error_inside_comes_out_and_the_meter_is_stopped():
    with pytest.raises(ZeroDivisionError), metered():
        raise ZeroDivisionError


def test_manifest_report_and_card_of_a_training_say_what_it_cost(trained_linear):
    told = json.loads((trained_linear / "manifest.json").read_text())["training"]["cost"]
    assert told["kwh"] > 0
    assert told["estimate"] in {True, False}
    report = json.loads((trained_linear / "report" / "report.json").read_text())
    assert report["training_cost"] == told
    for path in ("MODEL_CARD.md", "report/report.md", "report/report.html"):
        text = (trained_linear / path).read_text()
        for words in ("What the training cost", "kWh", "kg CO2eq", "hours", "codecarbon"):
            assert words in text
