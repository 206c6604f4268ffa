from __future__ import annotations

from pathlib import Path

import pytest

from hatelens.config import policy
from hatelens.config.policy import Community, Policy
from hatelens.errors import ConfigError

WHOLE = """
communities:
  my-forum:
    flag: 0.71
    clear: 0.40
    attributes: {TOXICITY: 0.8}
    adapter: forum
  "12":
    flag: 1
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


def test_a_policy_file_names_communities(file: Path) -> None:
    file.write_text(WHOLE)
    found = policy.read(file).communities
    assert found["my-forum"] == Community("my-forum", 0.71, 0.4, {"TOXICITY": 0.8}, "forum")
    assert found["12"] == Community("12", 1.0, 1.0)


def test_what_is_written_is_read_again(file: Path) -> None:
    names = ("my-forum", "a: b # c", "Zürich", "yes", "12", "0x1f", "two\nlines", "\u202e", "null")
    written = Policy(
        {name: Community(name, 0.9, 0.25, {"INSULT": 1 / 3}, "forum") for name in names}
        | {"plain": Community("plain", 1, 0)}
    )
    policy.write(written, file)
    assert policy.read(file) == written
    assert [path.name for path in file.parent.iterdir()] == ["policy.yaml"]


def test_a_policy_that_could_not_be_read_again_is_not_written(file: Path) -> None:
    file.write_text(WHOLE)
    with pytest.raises(ConfigError, match=r"communities\.x\.flag is 2"):
        policy.write(Policy({"x": Community("x", 2, 0)}), file)
    assert file.read_text() == WHOLE


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "The file is None; it must be a mapping"),
        ("[", "is no YAML"),
        ("a: !!python/object:os.system 1", "is no YAML"),
        ("communities: 3", "communities is 3; it must be a mapping"),
        ("comunities: {}", "No key named 'comunities'; did you mean 'communities'?"),
        ("communities: {a: {flag: 1}, a: {flag: 0}}", "stands there twice"),
        ("communities: {3: {flag: 1}}", "communities has the key 3; write it in quotes."),
        ("communities: {a: {}}", "communities.a has no flag"),
        ("communities: {a: 0.5}", "communities.a is 0.5; it must be a mapping"),
        ("communities: {a: {flag: .nan}}", "communities.a.flag is nan; it must be a number from"),
        ("communities: {a: {flag: true}}", "communities.a.flag is True; it must be a number"),
        ("communities: {a: {flag: '0.5'}}", "communities.a.flag is 0.5; it must be a number"),
        ("communities: {a: {flag: 1.1}}", "communities.a.flag is 1.1"),
        ("communities: {a: {flag: 0.5, clear: 0.6}}", "communities.a.clear is 0.6; it must be at"),
        ("communities: {a: {flag: 1, fag: 1}}", "communities.a: No key named 'fag'; did you mean"),
        ("communities: {a: {flag: 1, adapter: 3}}", "communities.a.adapter is 3"),
        ("communities: {a: {flag: 1, attributes: {X: 7}}}", "communities.a.attributes.X is 7"),
        (f"communities: {{{'a' * 129}: {{flag: 1}}}}", "has 129 characters; it must have 1 to 128"),
        ('communities: {"\\e[31m": {}}', "communities.\\x1b[31m has no flag"),
    ],
)
def test_a_mistake_is_one_line_that_names_file_and_key(file: Path, content: str, line: str) -> None:
    file.write_text(content)
    with pytest.raises(ConfigError) as caught:
        policy.read(file)
    assert line in str(caught.value)
    assert str(file) in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_file_that_is_not_there_or_no_text_is_one_line(file: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        policy.read(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="it is not UTF-8"):
        policy.read(file)


def test_the_version_changes_with_every_setting_and_with_the_model_but_not_with_the_name() -> None:
    base = Community("a", 0.7, 0.4, {"TOXICITY": 0.8}, "forum")
    changed = [
        Community("a", 0.71, 0.4, {"TOXICITY": 0.8}, "forum"),
        Community("a", 0.7, 0.3, {"TOXICITY": 0.8}, "forum"),
        Community("a", 0.7, 0.4, {"TOXICITY": 0.9}, "forum"),
        Community("a", 0.7, 0.4, {"TOXICITY": 0.8}, ""),
    ]
    versions = {one.version("0" * 16) for one in (base, *changed)} | {base.version("1" * 16)}
    assert len(versions) == 6
    assert Community("b", 0.7, 0.4, {"TOXICITY": 0.8}, "forum").version("0" * 16) in versions
    assert {len(each) for each in versions} == {16}
