"""Reads the raw Toxic Spans annotations: comments, workers and each worker's typed spans."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from hatelens.data.card import Card
from hatelens.data.dataset import Reading
from hatelens.data.example import Example
from hatelens.data.files import rows
from hatelens.data.readers import Located
from hatelens.data.readers.place import HALF, Place, Rows, ranges
from hatelens.errors import DataError

TYPES = {
    "Insult": "insult",
    "Threat": "threat",
    "Identity based Attack": "identity_attack",
    "Profane/Obscene": "profane",
    "Other Toxicity": "other",
}
LABELS = {"toxic", "not toxic"}


def read(card: Card, files: Sequence[Located]) -> Reading:
    """Read comments with the shares of their workers.

    A worker found a comment toxic who marked a span or ticked "all toxic" alone. Who ticked both
    boxes and marked nothing (a third of the rows) could point at no toxic words and counts as "not
    toxic". An attribute is the share of workers who marked a span of that type; a span of the
    example is what at least half of the workers marked. Spans that lie outside of their comment or
    have no known type are left out.

    Raises:
        DataError: a file or a column is missing, or a value is wrong.
    """
    if set(card.labels.names) != LABELS:
        raise DataError(f"{card.name} must have the labels {sorted(LABELS)}.")
    tables = {file.path.stem: list(_places(card, file)) for file in files}
    missing = [name for name in ("comments", "annotations", "spans") if name not in tables]
    if missing:
        raise DataError(f"{card.name} needs the files {', '.join(missing)} (.csv).")
    gathered = Rows()
    texts = {place.text("comment_id"): place for place in tables["comments"]}
    owners = {place.text("annotation"): place for place in tables["annotations"]}
    spans = _spans(tables["spans"], owners, texts, gathered)
    workers: defaultdict[str, list[Place]] = defaultdict(list)
    for place in tables["annotations"]:
        workers[place.text("comment_id")].append(place)
    for comment, place in texts.items():
        if workers[comment]:
            gathered.add(_example(place, workers[comment], spans))
        else:
            gathered.left_out.append(place.left_out("nobody annotated it"))
    return gathered.reading()


def _places(card: Card, file: Located) -> Sequence[Place]:
    return [Place(card, file.path, row) for row in rows(file.path, card.layout)]


def _spans(
    places: Sequence[Place],
    owners: Mapping[str, Place],
    texts: Mapping[str, Place],
    gathered: Rows,
) -> Mapping[str, list[tuple[str, int, int]]]:
    """Return the sound spans by annotation, as type, begin and end."""
    found: defaultdict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for place in places:
        owner = owners.get(place.text("annotation"))
        kind = TYPES.get(place.text("type"))
        begin, end = int(place.number("start")), int(place.number("end"))
        length = len(texts[owner.text("comment_id")].text("comment_text")) if owner else 0
        if kind is None or not 0 <= begin < end <= length:
            why = "a span of unknown type" if kind is None else "a span outside of its text"
            gathered.left_out.append(place.left_out(why))
        else:
            found[place.text("annotation")].append((kind, begin, end))
    return found


def _example(
    place: Place,
    annotations: Sequence[Place],
    spans: Mapping[str, list[tuple[str, int, int]]],
) -> Example:
    marked = {one.text("annotation"): spans.get(one.text("annotation"), []) for one in annotations}
    toxic = [
        bool(marked[one.text("annotation")])
        or (bool(one.number("all toxic")) and not one.number("not toxic"))
        for one in annotations
    ]
    share = sum(toxic) / len(toxic)
    text = place.text("comment_text")
    kinds = Counter(kind for one in marked.values() for kind in {kind for kind, _, _ in one})
    return Example(
        id=place.text("comment_id"),
        text=text,
        label="toxic" if share >= HALF else "not toxic",
        votes=tuple(share if name == "toxic" else 1.0 - share for name in place.card.labels.names),
        source=place.card.name,
        attributes={kind: kinds[kind] / len(annotations) for kind in TYPES.values()},
        spans=_agreed(marked.values(), len(text), len(annotations)),
        meta={"workers": str(len(annotations))},
    )


def _agreed(
    marked: Iterable[Sequence[tuple[str, int, int]]], length: int, workers: int
) -> tuple[tuple[int, int], ...]:
    """Return the characters that at least half of the workers marked."""
    counts: Counter[int] = Counter()
    for one in marked:
        counts.update({at for _, begin, end in one for at in range(begin, end)})
    agreed = [at for at, count in counts.items() if count >= workers * HALF]
    return ranges(agreed, length)
