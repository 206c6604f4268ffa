"""The package as a user imports it."""

from __future__ import annotations

import hatelens


def test_a_folder_is_loaded_and_labels_texts_of_any_length(trained_linear):
    detector = hatelens.load(str(trained_linear))
    texts = ["good tea", "Zorblaxians are worthless. " * 300]
    predictions = detector.predict(texts)
    assert [prediction.label in detector.labels.names for prediction in predictions] == [True] * 2
    assert predictions[1].hateful > predictions[0].hateful


def test_the_same_version_gives_the_same_scores(trained_linear):
    first, second = (hatelens.load(str(trained_linear)) for _ in range(2))
    assert first.model_version == second.model_version
    assert first.predict(["a text"]) == second.predict(["a text"])
