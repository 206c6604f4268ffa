from __future__ import annotations

from pathlib import Path

import pytest

from hatelens.config.schema import DataSettings
from hatelens.data import catalog, corpus
from hatelens.data.corpus import Corpus, assemble
from hatelens.data.duplicates import jaccard, key, shingles
from hatelens.errors import DataError
from tests.data.conftest import sentence, write_csv
from tests.data.test_catalog import davidson

POOLED = {"labels": ("fine", "hateful"), "hateful": ("hateful",)}


def edos(tmp_path: Path, texts: dict[str, list[str]]) -> None:
    write_csv(
        tmp_path / "data/edos/edos_labelled_aggregated.csv",
        [
            {
                "rewire_id": f"{split}{n}",
                "text": text,
                "split": split,
                "label_category": "none",
                "label_sexist": "sexist" if n % 2 else "not sexist",
                "label_vector": "none",
            }
            for split, several in texts.items()
            for n, text in enumerate(several)
        ],
    )


def stormfront(tmp_path: Path, texts: list[str]) -> None:
    labels = ["hate", "noHate", "relation"]
    write_csv(
        tmp_path / "data/stormfront/stormfront.csv",
        [
            {
                "file_id": f"s{n}",
                "text": text,
                "label": labels[n % 3],
                "split": "train",
                "comment_id": n,
                "num_contexts": 0,
                "subforum_id": 0,
            }
            for n, text in enumerate(texts)
        ],
    )


def sentences(begin: int, end: int) -> list[str]:
    return [sentence(number) for number in range(begin, end)]


def made(*train: str, **more: object) -> Corpus:
    return assemble(DataSettings.model_validate({"train": train, **more}), seed=0)


def test_one_set_keeps_its_own_labels_and_votes(tmp_path: Path) -> None:
    davidson(tmp_path, rows=150)

    found = made("davidson2017")

    assert found.labels == catalog.card("davidson2017").labels
    assert (len(found.train), len(found.validation)) == (108, 12)
    assert found.dropped == {corpus.HELD_OUT: 30}
    assert found.train[0].votes
    assert [(one.name, one.rows_train, one.rows_validation) for one in found.sources] == [
        ("davidson2017", 108, 12)
    ]
    assert found.sources[0].digest == catalog.load("davidson2017").digest


def test_the_same_seed_gives_the_same_corpus_and_another_does_not(tmp_path: Path) -> None:
    davidson(tmp_path, rows=100)
    first, again = made("davidson2017"), made("davidson2017")
    other = assemble(DataSettings(train=("davidson2017",)), seed=1)

    assert (first.train_digest, first.validation_digest) == (
        again.train_digest,
        again.validation_digest,
    )
    assert first.validation_digest != other.validation_digest


def test_an_official_validation_split_is_used(tmp_path: Path) -> None:
    edos(tmp_path, {"train": sentences(0, 20), "dev": sentences(20, 30), "test": sentences(30, 40)})

    found = made("edos")

    assert {one.split for one in found.validation} == {"validation"}
    assert (len(found.train), len(found.validation)) == (20, 10)


def test_a_test_only_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"hatecheck is for testing only .* must never be trained"):
        made("sample", "hatecheck")


def test_near_duplicates_of_any_test_are_dropped(tmp_path: Path) -> None:
    edos(
        tmp_path,
        {
            "train": sentences(0, 20),
            "dev": sentences(20, 30),
            "test": [text + "s" for text in sentences(100, 140)],
        },
    )
    stormfront(tmp_path, [*sentences(100, 110), *sentences(200, 240), "It's " + sentence(110)])

    found = made("stormfront", label_map={"stormfront": {"hate": "hate"}})

    assert found.dropped["near-duplicate of a test of edos"] == 7  # 3 of 10 are left out unread
    tests = [shingles(key(one.text)) for one in catalog.load("edos", "test").examples]
    for one in (*found.train, *found.validation):
        assert all(jaccard(shingles(key(one.text)), test) < 0.85 for test in tests)


def test_a_set_loses_what_its_own_test_holds(tmp_path: Path) -> None:
    edos(tmp_path, {"train": sentences(0, 30), "dev": sentences(40, 50), "test": sentences(25, 40)})

    found = made("edos")

    assert found.dropped == {corpus.HELD_OUT: 15, "near-duplicate of a test of edos": 5}


def test_the_test_of_a_file_of_ones_own_is_guarded_too(tmp_path: Path) -> None:
    mine = write_csv(
        tmp_path / "mine.csv",
        [
            {
                "text": sentence(n),
                "label": "hate" if n % 2 else "fine",
                "split": "test" if n < 10 else "train",
            }
            for n in range(60)
        ],
    )
    edos(tmp_path, {"train": sentences(0, 40), "dev": sentences(60, 70), "test": sentences(70, 80)})

    found = made(str(mine), "edos", **POOLED)

    assert found.dropped[f"near-duplicate of a test of {mine}"] == 10
    assert found.dropped[corpus.REPEAT] == 30
    assert {one.source for one in found.train} == {str(mine)}


def test_training_texts_that_are_near_validation_texts_are_dropped(tmp_path: Path) -> None:
    edos(
        tmp_path,
        {
            "train": sentences(0, 30),
            "dev": [sentence(3).upper(), *sentences(40, 50)],
            "test": sentences(60, 70),
        },
    )

    found = made("edos")

    assert found.dropped[corpus.LEAK] == 1
    assert len(found.validation) == 11


def test_several_sets_are_asked_the_pooled_question(tmp_path: Path) -> None:
    davidson(tmp_path, rows=60)
    edos(
        tmp_path,
        {"train": sentences(100, 130), "dev": sentences(130, 140), "test": sentences(140, 150)},
    )

    found = made("davidson2017", "edos", **POOLED)

    assert found.labels.names == ("fine", "hateful")
    assert {one.label for one in found.train} == {"fine", "hateful"}
    votes = [one.votes for one in found.train if one.source == "davidson2017"]
    assert all(sum(shares) == pytest.approx(1) and len(shares) == 2 for shares in votes)
    assert [one.name for one in found.sources] == ["davidson2017", "edos"]


def test_labels_that_are_left_out_take_their_votes_along(tmp_path: Path) -> None:
    davidson(tmp_path, rows=60)

    found = made(
        "davidson2017",
        label_map={"davidson2017": {"offensive": "", "neither": "fine"}},
        labels=("fine", "hate"),
    )

    assert found.labels.hateful == ("hate",)
    assert found.dropped[corpus.UNLABELLED] == 16
    assert {one.votes for one in found.train} == {(1.0, 0.0), (0.0, 1.0)}


def test_the_labels_of_a_map_become_the_scheme_where_none_is_named(tmp_path: Path) -> None:
    davidson(tmp_path, rows=60)
    fold = {"offensive": "bad", "hate": "bad"}

    found = made("davidson2017", label_map={"davidson2017": fold})

    assert found.labels.names == ("neither", "bad")
    assert found.labels.hateful == ("bad",)


def test_votes_are_left_where_the_recipe_wants_none(tmp_path: Path) -> None:
    davidson(tmp_path, rows=60)

    assert {one.votes for one in made("davidson2017", soft_labels=False).train} == {()}


def test_votes_that_only_measure_are_not_trained_on(tmp_path: Path) -> None:
    from tests.data.conftest import write_jsonl
    from tests.data.test_readers import voices

    write_jsonl(
        tmp_path / "data/hatexplain/hatexplain_rebuilt.jsonl",
        [
            {
                "post_id": f"{n}_gab",
                "split": "val" if n < 5 else "train",
                "text": sentence(n),
                "label": "normal" if n % 2 else "hatespeech",
                "rationales": [],
                "annotators": voices(*["normal"] * 3),
            }
            for n in range(30)
        ],
    )

    found = made("hatexplain")

    assert {one.votes for one in (*found.train, *found.validation)} == {()}


def test_a_limit_draws_a_sample_of_every_set(tmp_path: Path) -> None:
    davidson(tmp_path, rows=150)

    found = made("davidson2017", limit=30)

    assert len(found.train) + len(found.validation) == 30
    assert found.dropped[corpus.LIMITED] == 90


def test_a_file_of_ones_own_is_trained_on_by_its_columns(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "mine.csv",
        [{"comment": sentence(n), "class": "rude" if n % 2 else "fine"} for n in range(50)],
    )

    found = made(str(path), columns={"text": "comment", "label": "class"}, hateful=("rude",))

    assert found.labels.hateful == ("rude",)
    assert found.sources[0].name == str(path)


@pytest.mark.parametrize(
    ("train", "more", "message"),
    [
        (("sample", "davidson2017"), {}, "The data sets have different labels .*data.label_map"),
        (("sample",), {"label_map": {"smple": {}}}, "did you mean 'sample'"),
        (("sample",), {"label_map": {"sample": {"hatful": ""}}}, "did you mean 'hateful'"),
        (
            ("sample",),
            {"label_map": {"sample": {"normal": "fin"}}, "labels": ("fine", "hateful")},
            "No label to learn named 'fin'; .*Say what 'normal' of sample becomes",
        ),
        (("sample",), {"hateful": ("hate",)}, "No label named 'hate'"),
        (
            ("sample",),
            {
                "label_map": {"sample": dict.fromkeys(("normal", "offensive", "hateful"), "")},
                "labels": ("fine", "hateful"),
            },
            "Nothing is left to train on",
        ),
        (("sampl",), {}, "did you mean 'sample'"),
    ],
)
def test_a_mistake_in_the_data_of_a_recipe_is_one_line(
    tmp_path: Path, train: tuple[str, ...], more: dict[str, object], message: str
) -> None:
    davidson(tmp_path)

    with pytest.raises(DataError, match=message):
        made(*train, **more)


def test_nothing_to_validate_on_is_an_error(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        [{"text": sentence(n), "label": "1", "split": "train"} for n in range(3)],
    )

    with pytest.raises(DataError, match="Nothing is left to validate on"):
        made(str(path))
