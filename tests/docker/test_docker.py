"""The images and the compose file: what can be checked without a Docker daemon."""

from __future__ import annotations

import fnmatch
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

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


def test_the_password_must_be_given_and_every_variable_is_in_the_example():
    text = (ROOT / "docker" / "compose.yaml").read_text()
    example = (ROOT / "docker" / "example.env").read_text()
    assert "${POSTGRES_PASSWORD:?" in text
    for name in set(re.findall(r"\$\{(\w+)", text)):
        assert re.search(rf"^{name}=", example, re.MULTILINE), name
    assert re.search(r"^POSTGRES_PASSWORD=$", example, re.MULTILINE)


def test_the_commands_of_the_compose_file_are_ones_that_hatelens_knows():
    from typer.testing import CliRunner

    from hatelens.cli.main import app

    command = COMPOSE["services"]["make-model"]["command"]
    known = CliRunner().invoke(app, [*command[:2], "--help"]).output
    for word in command:
        assert not word.startswith("--") or word in known, word
