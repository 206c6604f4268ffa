"""Reads HateXplain: three annotators' labels, targets and rationales per post.

Two forms are read: the rebuilt JSONL (annotators for validation and test only) and the authors'
``dataset.json`` with its ``post_id_divisions.json``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hatelens.data.card import Card
from hatelens.data.dataset import Reading
from hatelens.data.example import Example
from hatelens.data.files import Row
from hatelens.data.readers import Located
from hatelens.data.readers.place import Place, Rows, Spans, places
from hatelens.errors import DataError
from hatelens.labels import normalise

MAJORITY = 2
NOBODY = {"None", "Nonreligious", "No_race", "No_gender", "No_orientation", ""}
SPLITS = {"train": "train", "val": "validation", "test": "test"}
DIVISIONS = "post_id_divisions.json"
Record = Mapping[str, Any]


def read(card: Card, files: Sequence[Located]) -> Reading:
    """Read posts; those on which three annotators chose three labels are left out.

    Raises:
        DataError: a record lacks what it must hold; the message names file and line.
    """
    gathered = Rows()
    divisions = _divisions(files)
    posts = [file for file in files if file.path.name != DIVISIONS]
    for place in places(card, posts):
        record = _completed(place.row, divisions)
        why = _unfit(record)
        if why:
            gathered.left_out.append(place.left_out(why))
        else:
            gathered.add(_example(place, record))
    return gathered.reading()


def _divisions(files: Sequence[Located]) -> Mapping[str, str]:
    found = [file.path for file in files if file.path.name == DIVISIONS]
    parts = json.loads(found[0].read_text(encoding="utf-8")) if found else {}
    return {post: name for name, posts in parts.items() for post in posts}


def _completed(row: Row, divisions: Mapping[str, str]) -> Record:
    """Give a record of the authors' form what the rebuilt one holds: split, text and label."""
    record = dict(row.values)
    if "text" in record:
        return record
    votes = Counter(one["label"] for one in _list(record, "annotators"))
    label, count = votes.most_common(1)[0] if votes else (None, 0)
    record["label"] = label if count >= MAJORITY else None
    record["text"] = " ".join(_list(record, "post_tokens"))
    record["split"] = divisions.get(str(record.get("post_id")), "undecided")
    return record


def _list(record: Record, name: str) -> list[Any]:
    value = record.get(name)
    return value if isinstance(value, list) else []


def _unfit(record: Record) -> str:
    if record.get("split") == "undecided":
        return "three annotators chose three labels"
    return "" if record.get("label") else "there is no label"


def _example(place: Place, record: Record) -> Example:
    card = place.card
    label, split = record.get("label"), record.get("split")
    if label not in card.labels.names or split not in SPLITS:
        raise DataError(f"{place.where} label {label!r} or split {split!r} is unknown.")
    votes = Counter(one["label"] for one in _list(record, "annotators"))
    shares = normalise([votes[name] for name in card.labels.names]).tolist() if votes else ()
    post = str(record.get("post_id"))
    return Example(
        id=post,
        text=str(record["text"]),
        label=label,
        votes=tuple(shares),
        split=SPLITS[split],
        source=card.name,
        targets=tuple(_targets(record)),
        spans=_spans(record),
        meta={"platform": post.rsplit("_", 1)[-1]},
    )


def _targets(record: Record) -> Iterator[str]:
    """Yield the groups that two annotators name; without annotators those of the majority."""
    named = Counter(
        name for one in _list(record, "annotators") for name in set(one.get("target", ()))
    )
    if named:
        yield from (
            name for name, count in named.items() if count >= MAJORITY and name not in NOBODY
        )
    else:
        majority = record.get("targets") or {}
        yield from (name for name in majority.values() if name and name not in NOBODY)


def _spans(record: Record) -> Spans | None:
    """Return the characters of the tokens that at least half of the rationales mark."""
    text = str(record["text"])
    tokens = text.split(" ")
    rationales = _list(record, "rationales")
    if "rationales" in record:
        marked = [
            place
            for place in range(len(tokens))
            if rationales and 2 * sum(mask[place] for mask in rationales) >= len(rationales)
        ]
        return _characters(tokens, marked)
    if "evidence" not in record:
        return None
    evidence = _list(record, "evidence")
    if any(tokens[one["start"] : one["end"]] != one["text"].split(" ") for one in evidence):
        return None  # its tokens are not those of the text
    return _characters(
        tokens, sorted({n for one in evidence for n in range(one["start"], one["end"])})
    )


def _characters(tokens: Sequence[str], marked: Sequence[int]) -> Spans:
    """Turn token numbers into half-open character ranges; neighbours become one range."""
    begins = [0]
    for token in tokens:
        begins.append(begins[-1] + len(token) + 1)
    found: list[tuple[int, int]] = []
    for place in marked:
        begin, end = begins[place], begins[place] + len(tokens[place])
        if found and found[-1][1] + 1 == begin:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return tuple(found)
