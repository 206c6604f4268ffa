from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hatelens.data import dataset
from hatelens.data.card import Card, Seeded
from hatelens.data.check import Check, check
from hatelens.data.example import Example
from hatelens.labels import LabelSet
from tests.data.conftest import sentence

CARD = Card("notes", labels=LabelSet(("kind", "unkind"), ("unkind",)), seeded=Seeded(test=0.2))


def examples(count: int = 40) -> list[Example]:
    return [
        Example(
            f"id{n}",
            sentence(n),
            "unkind" if n % 2 else "kind",
            split="test" if n % 4 == 0 else "train",
        )
        for n in range(count)
    ]


def checked(several: Sequence[Example], card: Card = CARD) -> Check:
    return check(dataset.make(card, several, ()))


def findings(found: Check) -> dict[str, tuple[int, bool]]:
    return {one.what: (one.count, one.serious) for one in found.findings}


def test_a_sound_set_has_no_findings() -> None:
    found = checked(examples())

    assert found.rows == 40
    assert found.classes == {"kind": 20, "unkind": 20}
    assert found.splits == {"train": 30, "test": 10}
    assert findings(found) == {}
    assert not found.serious


def test_duplicates_and_near_duplicates_are_told_apart() -> None:
    texts = [replace(one, split=None) for one in examples()]
    texts += [
        replace(texts[0], id="same", text=texts[0].text.upper()),
        replace(texts[1], id="near", text=texts[1].text + "s"),
    ]

    assert findings(checked(texts)) == {
        "duplicates (same words)": (1, False),
        "further near-duplicates (similarity from 0.85)": (1, False),
    }


def test_a_text_on_both_sides_of_an_official_split_is_serious() -> None:
    texts = examples()
    texts.append(replace(texts[0], id="copy", text=texts[0].text + "!", split="train"))

    found = checked(texts)

    leak = "texts that a training and a test split share, or nearly so"
    assert findings(found)[leak] == (1, True)
    assert found.serious
    assert next(one.ids for one in found.findings if one.what == leak) == ("id0",)


def test_a_group_on_both_sides_of_an_official_split_is_serious() -> None:
    found = checked([replace(one, group=f"g{n // 8}") for n, one in enumerate(examples())])

    assert findings(found) == {"groups that a training and a test split share": (5, True)}


def test_one_text_with_two_labels_is_a_conflict() -> None:
    texts = examples(8)
    texts.append(replace(texts[1], id="other", label="kind"))

    assert findings(checked(texts))["texts with different labels"] == (1, True)
    texts += examples(200)[8:]
    assert findings(checked(texts))["texts with different labels"] == (1, False)


def test_odd_texts_are_counted() -> None:
    texts = [
        *examples(),
        Example("empty", " ", "kind"),
        Example("long", "word " * 3000, "kind"),
        Example("bytes", "caf\udce9 closed", "kind"),
        Example("bare", "no label"),
    ]

    found = findings(checked(texts))

    assert found["empty texts"] == (1, True)
    assert found["texts of more than 10,000 characters"] == (1, False)
    assert found["texts with bytes that are not in the file's encoding"] == (1, False)
    assert found["examples without a label"] == (1, False)


def test_labels_that_are_rare_or_missing_are_named() -> None:
    card = replace(CARD, labels=LabelSet(("kind", "unkind", "odd"), ("unkind",)))
    texts = [one for one in examples() if one.label == "kind" or one.id in {"id1", "id3"}]

    found = findings(checked(texts, card))

    assert found["labels without examples: odd"] == (1, True)
    assert found["labels with fewer than 10 examples: unkind"] == (1, False)


def test_a_number_of_rows_that_the_card_does_not_know_is_told() -> None:
    assert findings(checked(examples(), replace(CARD, rows=41))) == {
        "rows where the card names 41": (40, False)
    }


def test_a_set_without_examples_is_serious() -> None:
    assert findings(checked([]))["no examples at all"] == (1, True)


def test_a_set_of_copies_is_serious() -> None:
    texts = [replace(one, text=sentence(1), split=None) for one in examples()]

    assert findings(checked(texts))["duplicates (same words)"] == (39, True)
