"""The example notebook runs, and is kept without outputs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "examples" / "quickstart.ipynb"


def opened() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_is_valid_and_holds_no_outputs():
    notebook = opened()

    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(tmp_path, without_shared_data):
    notebook = opened()
    notebook.cells.append(nbformat.v4.new_code_cell("import sys; print(sys.executable)"))
    resources = {"metadata": {"path": str(tmp_path)}}

    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()

    assert notebook.cells[-1].outputs[0].text.strip() == sys.executable
    shown = [o for cell in notebook.cells[:-1] for o in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in shown)
    assert any("mark" in output.get("data", {}).get("text/html", "") for output in shown)
    assert (tmp_path / "runs" / "quickstart" / "manifest.json").is_file()
