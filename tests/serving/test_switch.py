from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.errors import ModelError
from hatelens.models import folder as folders
from hatelens.models.decision import Calibration
from hatelens.serving import app as service
from hatelens.serving import switch
from hatelens.storage import audit, served
from hatelens.storage import database as databases
from hatelens.storage.database import Database
from tests.running import running
from tests.serving.conftest import Keywords
from tests.serving.recorded import url

TEXT = {"text": "What a stupid film."}
PATIENCE = 30.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = databases.opened(url(tmp_path))
    yield opened
    opened.close()


@contextmanager
def serving(tmp_path: Path, **given: Any) -> Iterator[TestClient]:
    """Serve the keywords, with the model of the settings to fall back on."""
    fields: dict[str, Any] = {
        "database": url(tmp_path),
        "jobs_folder": str(tmp_path / "jobs"),
        **given,
    }
    app = service.create(Pipeline(Keywords()), ServerSettings(**fields))
    with TestClient(app) as client:
        yield client


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "It has not come about."
        time.sleep(0.05)


def version(path: Path) -> str:
    return folders.read(path).model_version


def other(folder: Path, target: Path) -> Path:
    """Copy a model and calibrate it differently: other scores, another version."""
    shutil.copytree(folder, target)
    manifest = folders.read(target)
    softer = Calibration("temperature", 2 * manifest.calibration.temperature)
    folders.write_manifest(target, replace(manifest, calibration=softer))
    assert version(target) != version(folder)
    return target


def shadow(database: Database, path: Path) -> served.Served:
    return served.shadow(database, str(path), version(path), "ann")


def promote(database: Database, path: Path) -> None:
    shadow(database, path)
    served.promote(database, "ann")


def answers(client: TestClient) -> str:
    answer = client.post("/infer", json=TEXT)
    assert answer.status_code == 200
    # The record and the headers name the same one, whatever happens meanwhile.
    assert answer.headers["x-model-version"] == answer.json()["model_version"]
    assert answer.headers["x-policy-version"] == answer.json()["policy_version"]
    return answer.json()["model_version"]


def test_a_promoted_model_answers_without_a_restart_and_no_request_is_lost(
    tmp_path: Path, model_folder: Path, database: Database
) -> None:
    found: list[list[str]] = [[] for _ in range(4)]
    with serving(tmp_path, model=str(model_folder)) as client:
        stop = threading.Event()

        def ask(versions: list[str]) -> None:
            while not stop.is_set():
                versions.append(answers(client))

        threads = [threading.Thread(target=ask, args=(each,)) for each in found]
        for thread in threads:
            thread.start()
        promote(database, model_folder)
        until(lambda: all(each and each[-1] != "keywords-1" for each in found))
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
        page = client.get("/").text
        metrics = client.get("/metrics").text
        assert client.get("/healthcheck").headers["x-model-version"] == version(model_folder)
    new = version(model_folder)
    for each in found:
        switched = each.index(new)
        assert switched > 0
        assert set(each[:switched]) == {"keywords-1"}
        assert set(each[switched:]) == {new}
    assert new in page
    assert "keywords-1" not in page
    assert f'hatelens_served_model{{model="{new}",role="active"}} 1.0' in metrics
    assert 'hatelens_served_model{model="keywords-1",role="active"} 0.0' in metrics
    verdict = audit.verify(database)
    assert verdict.fault == ""
    active = served.listed(database)["active"]
    assert served.uptake(database, active) == served.Uptake(1)


def test_a_community_s_thresholds_hold_for_the_next_model_too(
    tmp_path: Path, model_folder: Path, database: Database
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("communities: {strict: {flag: 0.0001, clear: 0.00001}}")
    with serving(tmp_path, policy=str(policy)) as client:
        before = client.post("/infer?community=strict", json=TEXT)
        promote(database, model_folder)
        until(lambda: answers(client) == version(model_folder))
        after = client.post("/infer?community=strict", json=TEXT)
    assert after.json()["decision"] == "flag"
    versions = {one.headers["x-policy-version"] for one in (before, after)}
    assert len(versions) == 2  # of the model's policy and the community's


def test_the_shapes_of_others_are_answered_by_the_new_model(
    tmp_path: Path, model_folder: Path, database: Database
) -> None:
    comment = {
        "comment": {"text": "A film. A stupid film."},
        "requestedAttributes": {"TOXICITY": {}},
        "spanAnnotations": True,
    }
    with serving(tmp_path) as client:
        promote(database, model_folder)
        until(lambda: answers(client) == version(model_folder))
        perspective = client.post("/v1alpha1/comments:analyze", json=comment)
        openai = client.post("/v1/moderations", json={"input": "A film."})
        document = client.get("/$discovery/rest?version=v1alpha1").json()
    assert perspective.status_code == 200
    assert perspective.headers["x-model-version"] == version(model_folder)
    assert len(perspective.json()["attributeScores"]["TOXICITY"]["spanScores"]) == 2
    assert openai.json()["model"] == f"hatelens-{version(model_folder)}"
    assert version(model_folder) in document["description"]


def test_rolling_back_serves_what_the_service_was_started_with(
    tmp_path: Path, model_folder: Path, database: Database
) -> None:
    second = other(model_folder, tmp_path / "second")
    with serving(tmp_path, model=str(model_folder)) as client:
        promote(database, second)
        until(lambda: answers(client) == version(second))
        served.rollback(database, "ann")
        until(lambda: answers(client) == version(model_folder))
        served.rollback(database, "ann")  # and forward again
        until(lambda: answers(client) == version(second))


def test_the_shadow_hears_of_every_route_and_the_report_compares(
    tmp_path: Path, model_folder: Path, database: Database
) -> None:
    with serving(tmp_path) as client:
        named = shadow(database, model_folder)
        until(lambda: served.uptake(database, named).loaded == 1)
        client.post("/infer", json={"texts": ["A fine film.", "A stupid film."]})
        client.get("/predict?input_data=A+dull+film.")
        until(lambda: (client.get("/report").json()["shadow"] or {"texts": 0})["texts"] == 3)
        told = client.get("/report").json()["shadow"]
        page = client.get("/report", headers={"Accept": "text/html"}).text
        table = client.get("/report?format=csv").text
        metrics = client.get("/metrics").text
        assert answers(client) == "keywords-1"
        served.unshadow(database, "ann")
        until(lambda: 'role="shadow"} 0.0' in client.get("/metrics").text)
    assert told["model"] == named.version
    assert told["against"] == {"keywords-1": 3}
    assert f"In the shadow: <code>{named.version}</code>" in page
    assert "shadow,answered flag," in table
    assert f'hatelens_shadow_compared_total{{model="{named.version}"}} 3.0' in metrics


@pytest.mark.parametrize("role", ["active", "shadow"])
def test_a_folder_that_cannot_be_loaded_changes_nothing_and_is_said_once(
    tmp_path: Path,
    model_folder: Path,
    database: Database,
    caplog: pytest.LogCaptureFixture,
    role: str,
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model_folder, copy)
    named = shadow(database, copy)
    shutil.rmtree(copy)
    if role == "active":
        named = served.promote(database, "ann")
    with serving(tmp_path) as client:
        until(lambda: bool(served.uptake(database, named).failure))
        time.sleep(1.5)
        assert answers(client) == "keywords-1"
    assert "There is no model folder" in served.uptake(database, named).failure
    said = [one for one in caplog.messages if "cannot be served; nothing changes" in one]
    assert len(said) == 1
    assert "Traceback" not in caplog.text


def test_a_folder_that_holds_another_model_by_now_is_not_served(
    tmp_path: Path, model_folder: Path, database: Database
) -> None:
    served.shadow(database, str(model_folder), "an older version", "ann")
    named = served.promote(database, "ann")
    with serving(tmp_path) as client:
        until(lambda: bool(served.uptake(database, named).failure))
        assert answers(client) == "keywords-1"
    assert "not an older version as when it was named" in served.uptake(database, named).failure


def test_what_was_promoted_wins_over_the_settings_at_the_next_start(
    tmp_path: Path, model_folder: Path, database: Database
) -> None:
    settings = ServerSettings(database=url(tmp_path), model=str(tmp_path / "nowhere"))
    with pytest.raises(ModelError, match="There is no model folder"):
        switch.started(settings)
    promote(database, model_folder)
    begun = switch.started(settings)
    assert begun.pipeline.model_version == version(model_folder)
    assert begun.named == served.listed(database)["active"]


def test_a_promoted_folder_that_is_gone_is_told_with_the_way_back(
    tmp_path: Path, model_folder: Path, database: Database
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model_folder, copy)
    promote(database, copy)
    shutil.rmtree(copy)
    settings = ServerSettings(database=url(tmp_path), model=str(model_folder))
    with pytest.raises(ModelError, match=r"There is no model folder .* hatelens models rollback"):
        switch.started(settings)
    served.rollback(database, "ann")
    assert switch.started(settings).named is None


@pytest.mark.slow
def test_every_worker_changes_over_and_a_restart_keeps_to_it(
    tmp_path: Path, model_folder: Path
) -> None:
    copy = other(model_folder, tmp_path / "copy")
    with running(model_folder, tmp_path, workers=2) as server, server.client() as client:
        database = databases.opened(f"sqlite:///{tmp_path / 'hatelens.db'}")
        promote(database, copy)
        active = served.listed(database)["active"]
        until(lambda: served.uptake(database, active).loaded == 2)
        assert client.post("/infer", json=TEXT).status_code == 200
        assert server.stop() == 0
    database.close()
    with running(model_folder, tmp_path) as server:
        assert server.version == version(copy)
        server.stop()
    assert any("was promoted; it is served" in line for line in server.log)
