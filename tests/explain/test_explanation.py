"""The published schema is the one that is kept."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hatelens.explain.explanation import SCHEMA

PAGE = Path(__file__).parents[2] / "docs" / "explain" / "written.md"


def test_the_docs_publish_the_schema():
    section = PAGE.read_text("utf-8").split("## The schema")[1]
    block = re.search(r"```json\n(.*?)```", section, re.DOTALL)
    assert block is not None
    assert json.loads(block[1]) == SCHEMA
