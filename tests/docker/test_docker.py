"""The images and the compose file: what can be checked without a Docker daemon."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml
from sqlalchemy import make_url

from hatelens.config.settings import read

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())


def steps(path: Path) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, lines joined, comments left out."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in whole.splitlines() if line]


def of(path: Path, name: str) -> list[str]:
    return [rest for step, rest in steps(path) if step == name]


def test_there_is_an_image_for_training_and_one_for_serving():
    assert [path.name for path in FILES] == ["serve.Dockerfile", "train.Dockerfile"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_copied_exists_and_reaches_the_build(path):
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert ignored[0] == "*"
    for copied in of(path, "COPY"):
        *sources, _ = shlex.split(copied)
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(source, name) for name in kept), source


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_image_is_pinned_knows_its_instructions_and_does_not_run_as_root(path):
    known = {"FROM", "ARG", "ENV", "WORKDIR", "RUN", "COPY", "USER", "VOLUME", "EXPOSE"}
    known |= {"HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
    assert {step for step, _ in steps(path)} <= known
    (base,) = of(path, "FROM")
    assert re.fullmatch(r"[\w/.-]+:[\w.-]*\d[\w.-]*", base), base
    assert of(path, "USER") == ["hatelens"]
    order = [step for step, _ in steps(path)]
    assert order.index("USER") > max(i for i, step in enumerate(order) if step == "RUN")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_extras_that_an_image_installs_exist(path):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for named in re.findall(r'"\.\[([\w,]+)\]"', path.read_text()):
        assert set(named.split(",")) <= set(extras["optional-dependencies"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_secret_is_baked_in(path):
    for line in (*of(path, "ENV"), *of(path, "ARG")):
        assert not re.search(r"TOKEN|KEY|PASSWORD|SECRET", line), line


def test_the_compose_file_joins_ollama_postgresql_and_hatelens():
    services = COMPOSE["services"]
    assert {"ollama", "postgres", "hatelens"} <= set(services)
    for name, service in services.items():
        assert ("image" in service) != ("build" in service), name
        if "build" in service:
            context = ROOT / "docker" / service["build"]["context"]
            assert (context / service["build"]["dockerfile"]).is_file()
        else:
            assert re.search(r":\d", service["image"]), name
        for other in service.get("depends_on", {}):
            assert other in services
        for network in service["networks"]:
            assert network in COMPOSE["networks"]
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith("$") or source in COMPOSE["volumes"], volume


def test_only_hatelens_can_be_reached_and_only_from_this_machine():
    open_ports = {
        name: each["ports"] for name, each in COMPOSE["services"].items() if "ports" in each
    }
    assert list(open_ports) == ["hatelens"]
    assert all(port.startswith("127.0.0.1:") for port in open_ports["hatelens"])
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_password_and_secret_must_be_given_and_every_variable_is_in_the_example():
    text = (ROOT / "docker" / "compose.yaml").read_text()
    example = (ROOT / "docker" / "example.env").read_text()
    for name in ("POSTGRES_PASSWORD", "HATELENS_SECRET"):
        assert f"${{{name}:?" in text
        assert re.search(rf"^{name}=$", example, re.MULTILINE), name
    for name in set(re.findall(r"\$\{(\w+)", text)):
        assert re.search(rf"^{name}=", example, re.MULTILINE), name


def variables(name: str) -> dict[str, str]:
    """Return what a service of the compose file is told, with the example's values filled in."""
    filled = {"POSTGRES_PASSWORD": "p" * 48, "HATELENS_SECRET": "s" * 64}
    example = (ROOT / "docker" / "example.env").read_text()
    given = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE)) | filled
    told = COMPOSE["services"][name]["environment"]
    return {
        key: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: given[found[1]], str(value))
        for key, value in told.items()
    }


def test_the_service_takes_every_variable_that_the_compose_file_and_the_image_give(monkeypatch):
    (image,) = of(ROOT / "docker" / "serve.Dockerfile", "ENV")
    baked = dict(part.split("=", 1) for part in shlex.split(image))
    told = baked | variables("hatelens")
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    settings = read()
    fields = {f"HATELENS_{name}".upper() for name in type(settings).model_fields}
    given = {name for name in told if name.startswith("HATELENS_")}
    assert given - fields == {"HATELENS_CACHE"}
    assert make_url(settings.database).host == "postgres"
    assert make_url(baked["HATELENS_DATABASE"]).database == "/work/record/hatelens.db"
    assert settings.secret.get_secret_value() == "s" * 64


def test_the_container_outlives_the_last_requests():
    service = COMPOSE["services"]["hatelens"]
    patience = re.fullmatch(r"(\d+)s", service["stop_grace_period"])
    assert patience is not None
    assert int(patience[1]) > float(variables("hatelens")["HATELENS_DRAIN"])


def test_what_is_kept_lies_in_volumes_that_the_service_may_write_to():
    path = ROOT / "docker" / "serve.Dockerfile"
    (volumes,) = of(path, "VOLUME")
    made = next(line for line in of(path, "RUN") if "useradd" in line)
    assert "chown -R hatelens /work" in made
    for folder in json.loads(volumes):
        assert folder in made
    mounted = [line.split(":")[1] for line in COMPOSE["services"]["hatelens"]["volumes"]]
    assert "/work/jobs" in mounted
    assert COMPOSE["services"]["hatelens"]["read_only"] is True


def test_the_commands_of_the_compose_file_are_ones_that_hatelens_knows():
    from typer.testing import CliRunner

    from hatelens.cli.main import app

    command = COMPOSE["services"]["make-model"]["command"]
    known = CliRunner().invoke(app, [*command[:2], "--help"]).output
    for word in command:
        assert not word.startswith("--") or word in known, word
