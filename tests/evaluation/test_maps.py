from __future__ import annotations

import pytest

from hatelens.errors import ConfigError, DataError
from hatelens.evaluation.maps import Maps, parse
from hatelens.labels import LabelSet
from hatelens.models.heads import Head
from hatelens.models.manifest import Manifest

LABELS = LabelSet(("normal", "offensive", "hateful"), ("hateful",))


def manifest(**training) -> Manifest:
    heads = (Head("who", "targets", ("north", "south"), (), (), (0.3, 0.6)),)
    return Manifest("m", "encoder", "torch", LABELS, {}, {}, heads=heads, training=training)


def test_the_maps_of_a_manifest_are_read_by_type_of_head():
    maps = Maps.of(
        manifest(
            label_maps={"village": {"calm": "normal"}},
            head_maps={"who": {"village": {"Northerners": "north"}}},
        )
    )

    assert maps.of_labels("village", ("calm", "hateful")) == {"calm": "normal"}
    assert maps.of_head("targets", "village", ("north",)) == {"Northerners": "north"}
    assert maps.threshold("targets", "south") == 0.6


def test_a_manifest_that_says_nothing_maps_nothing():
    maps = Maps.of(manifest())

    assert maps.of_labels("village", ("calm",)) == {}
    assert maps.of_head("targets", "village", ("north",)) == {"north": "north"}
    assert Maps().threshold("attributes", "insult") == 0.5


def test_what_a_person_maps_goes_before_what_the_model_says():
    maps = Maps(labels={"village": {"calm": "normal", "rude": "normal"}})
    added = maps.adding({"rude": "offensive", "other": ""})

    assert added.of_labels("village", ("calm", "rude")) == {"calm": "normal", "rude": "offensive"}
    assert added.of_labels("town", ("rude", "other")) == {"rude": "offensive", "other": ""}


def test_a_map_of_labels_that_are_not_there_is_an_error():
    theirs = {"village": ("calm", "rude"), "town": ("fine",)}
    Maps(given={"calm": "normal|offensive", "fine": ""}).check(theirs, LABELS)

    with pytest.raises(DataError, match=r"village or town.*did you mean 'calm'"):
        Maps(given={"clam": "normal"}).check(theirs, LABELS)
    with pytest.raises(DataError, match="did you mean 'normal'"):
        Maps(given={"calm": "normla"}).check(theirs, LABELS)


def test_options_are_read_as_pairs():
    assert parse(["neither=normal", "other="]) == {"neither": "normal", "other": ""}
    assert parse(None) == {}
    with pytest.raises(ConfigError, match="takes LABEL=OURS"):
        parse(["neither"])
