from __future__ import annotations

import pytest

from tests import language_model


@pytest.fixture(scope="session")
def chat_base(tmp_path_factory):
    """Hold a language model of two tiny random layers."""
    return language_model.write(tmp_path_factory.mktemp("lm"))
