"""``hatelens models shadow | promote | rollback | served``."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from hatelens.cli import main
from hatelens.errors import ConfigError, ModelError, StorageError
from hatelens.models import folder as folders
from hatelens.storage import database as databases
from hatelens.storage import record, served
from tests import running


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return running.made(tmp_path_factory.mktemp("served") / "linear")


@pytest.fixture
def database(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/record.db"
    monkeypatch.setenv("HATELENS_DATABASE", url)
    opened = databases.opened(url)
    yield opened
    opened.close()


def call(*arguments):
    return CliRunner().invoke(main.app, ["models", *map(str, arguments)])


def note(database, event):
    with database.begin() as connection:
        record.note(connection, event)


def test_a_model_is_shadowed_promoted_and_rolled_back(database, folder):
    version = folders.read(folder).model_version
    assert call("served").stdout == (
        "active    what hatelens serve was started with; none was promoted\n"
    )
    done = call("shadow", folder)
    assert done.stdout == f"Model {version} runs in the shadow within seconds.\n"
    named = served.listed(database)["shadow"]
    assert (named.path, named.version) == (str(folder.resolve()), version)
    assert named.by
    assert "no running service has it yet" in call("served").stdout
    assert call("promote").stdout == f"Model {version} answers within seconds.\n"
    active, previous = json.loads(call("served", "--json").stdout)
    assert (active["role"], active["version"]) == ("active", version)
    assert (previous["role"], previous["path"], previous["state"]) == ("previous", "", "")
    back = call("rollback", "--json")
    assert json.loads(back.stdout)["path"] == ""
    assert call("rollback").stdout == f"Model {version} answers within seconds.\n"
    assert call("rollback").stdout == (
        "The model that serve was started with answers within seconds.\n"
    )


def test_the_shadow_can_be_ended(database, folder):
    call("shadow", folder)
    assert call("shadow", "--off").stdout.endswith("no longer runs in the shadow.\n")
    assert served.listed(database) == {}


@pytest.mark.parametrize(
    ("arguments", "error", "line"),
    [
        (["shadow"], ConfigError, "Give a model folder, or --off"),
        (["shadow", "runs/x", "--off"], ConfigError, "Give a model folder, or --off"),
        (["shadow", "runs/nowhere"], ModelError, "There is no model folder 'runs/nowhere'"),
        (["shadow", "--off"], ConfigError, "No model runs in the shadow"),
        (["promote"], ConfigError, "No model runs in the shadow"),
        (["rollback"], ConfigError, "No model was promoted"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(database, arguments, error, line):
    done = call(*arguments)
    assert isinstance(done.exception, error)
    assert line in str(done.exception)
    assert "\n" not in str(done.exception)
    assert served.listed(database) == {}


def test_a_service_without_a_record_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setenv("HATELENS_DATABASE", f"sqlite:///{tmp_path}/none.db")
    for name in ("promote", "rollback", "served"):
        assert isinstance(call(name).exception, StorageError)


def test_what_the_service_could_not_load_is_shown_and_not_promoted(database, folder):
    call("shadow", folder)
    named = served.listed(database)["shadow"]
    note(database, served.failed(named, "Only a mixture has adapters."))
    assert "cannot be loaded: Only a mixture has adapters." in call("served").stdout
    done = call("promote")
    assert isinstance(done.exception, ModelError)
    assert "Only a mixture has adapters." in str(done.exception)
    note(database, served.loaded(named, "policy-1"))
    assert "loaded (1 process so far)" in call("served").stdout
    assert call("promote").exit_code == 0


def test_a_folder_that_was_changed_or_removed_meanwhile_is_not_promoted(database, folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    call("shadow", copy)
    served.shadow(database, str(copy), "another", "ann")
    assert "by now, not another" in str(call("promote").exception)
    shutil.rmtree(copy)
    assert "There is no model folder" in str(call("promote").exception)
    assert list(served.listed(database)) == ["shadow"]
