"""The documentation: its links lead somewhere, and it builds without network and warnings."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FENCE = re.compile(r"^(```|~~~).*?^\1[ ]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
LOADED = re.compile(r"<(?:script|img|iframe|source)[^>]*\bsrc=[\"']?(?:https?:)?//|<link[^>]*//")
OWN = re.compile(r"<link[^>]*rel=[\"']?canonical[^>]*>")


def links(page: Path) -> Iterator[str]:
    """Yield the internal links of a page."""
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(page: Path) -> set[str]:
    """Return what a link can name after ``#``, as both GitHub and the site word it."""
    titles = re.findall(
        r"^#+ +(.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE
    )
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", title.lower()).strip()) for title in titles}


def pages_of(nav: str | list[Any] | dict[str, Any]) -> list[str]:
    """Return the files that a navigation names, at any depth."""
    if isinstance(nav, str):
        return [nav]
    children = nav.values() if isinstance(nav, dict) else nav
    return [page for child in children for page in pages_of(child)]


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES], ids=lambda page: page.name
)
def test_every_internal_link_leads_somewhere(page):
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name}: {link} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {link}: no such heading"


def test_pages_of_the_site_do_not_link_out_of_it():
    for page in PAGES:
        for link in links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            assert target.is_relative_to(DOCS), f"{page.name}: {link} is not part of the site"


def test_the_navigation_names_every_page_once():
    project = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]

    there = [page.relative_to(DOCS).as_posix() for page in PAGES]
    assert sorted(pages_of(project["nav"])) == sorted(there)


def test_the_readme_is_short_and_names_what_exists():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = readme.partition("src/hatelens/\n")[2].partition("docs/")[0]
    named = {line.split()[0].rstrip("/") for line in tree.splitlines() if line.strip()}
    package = ROOT / "src" / "hatelens"
    there = {path.name for path in package.iterdir() if not path.name.startswith(("__", "py."))}

    assert len(readme.splitlines()) < 200
    assert named == there


@pytest.mark.slow
def test_the_site_builds_without_warnings_and_loads_nothing_from_outside(tmp_path):
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    zensical = Path(sys.executable).with_name("zensical")

    built = subprocess.run(
        [zensical, "build", "--clean", "--strict"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert built.returncode == 0, built.stdout + built.stderr
    assert "warning" not in (built.stdout + built.stderr).lower()
    made = sorted((tmp_path / "site").rglob("*.html"))
    assert len(made) > len(PAGES)
    for page in made:
        html = OWN.sub("", page.read_text(encoding="utf-8"))
        assert not LOADED.search(html), f"{page.name} loads something from outside"
    for sheet in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", sheet.read_text("utf-8"))
