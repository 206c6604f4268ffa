"""Reads Social Bias Frames: several rows per worker and several workers per post."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from hatelens.data.card import Card
from hatelens.data.dataset import Reading
from hatelens.data.example import Example
from hatelens.data.readers import Located
from hatelens.data.readers.place import HALF, Place, Rows, places, text_id
from hatelens.errors import DataError

ATTRIBUTES = {"intent": "intentYN", "lewd": "sexYN", "group": "whoTarget"}


def read(card: Card, files: Sequence[Located]) -> Reading:
    """Read posts with the shares of their workers.

    A worker who names several groups has several rows; they count as one voice. ``offensiveYN`` of
    .5 (maybe) is half a vote, and a post is offensive from a mean of .5 on, as its authors have it.

    Raises:
        DataError: a value is wrong; the message names file and line.
    """
    gathered = Rows()
    posts: defaultdict[str, list[Place]] = defaultdict(list)
    for place in places(card, files):
        if not place.text("post").strip():
            gathered.left_out.append(place.left_out("the text is empty"))
        elif not place.text("offensiveYN"):
            gathered.left_out.append(place.left_out("the worker did not answer"))
        else:
            posts[place.text("post")].append(place)
    for text, several in posts.items():
        gathered.add(_example(card, text, several))
        why = "a further annotation of a post"
        gathered.left_out.extend(place.left_out(why) for place in several[1:])
    return gathered.reading()


def _example(card: Card, text: str, annotations: Sequence[Place]) -> Example:
    offensive = _mean(_answers(annotations, "offensiveYN"))
    shares = {"offensive": offensive, "not offensive": 1.0 - offensive}
    if set(shares) != set(card.labels.names):
        raise DataError(f"{card.name} must have the labels {sorted(shares)}.")
    found = {name: _answers(annotations, column) for name, column in ATTRIBUTES.items()}
    return Example(
        id=text_id(text),
        text=text,
        label="offensive" if offensive >= HALF else "not offensive",
        votes=tuple(shares[name] for name in card.labels.names),
        source=card.name,
        targets=_targets(annotations),
        attributes={name: _mean(answers) for name, answers in found.items() if answers},
        meta={"workers": str(len({place.text("WorkerId") for place in annotations}))},
    )


def _answers(annotations: Sequence[Place], column: str) -> Mapping[str, float]:
    """Return each worker's answer to a question, for those who answered."""
    return {
        place.text("WorkerId"): place.number(column) for place in annotations if place.text(column)
    }


def _mean(answers: Mapping[str, float]) -> float:
    return sum(answers.values()) / len(answers)


def _targets(annotations: Sequence[Place]) -> tuple[str, ...]:
    """Return the groups that at least half of the workers name."""
    named = Counter(
        group
        for _, group in sorted(
            {(place.text("WorkerId"), place.text("targetMinority")) for place in annotations}
        )
        if group
    )
    workers = len({place.text("WorkerId") for place in annotations})
    return tuple(sorted(group for group, count in named.items() if count >= workers * HALF))
