"""Reads tables in which a row is a text, or one of several annotations of a text."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hatelens.data.card import SPLITS, Card
from hatelens.data.dataset import Reading
from hatelens.data.example import Example
from hatelens.data.readers import Located
from hatelens.data.readers.place import HALF, Place, Rows, Spans, places, ranges, text_id
from hatelens.errors import DataError, unknown
from hatelens.labels import normalise

QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def read(card: Card, files: Sequence[Located]) -> Reading:
    """Read the files of a card, one example per row or per value of ``unique``.

    Raises:
        DataError: a column is missing or a value is wrong; the message names file and line.
    """
    gathered = Rows()
    seen: dict[str, list[Place]] = {}
    for place in places(card, files):
        why = _unfit(place)
        if why:
            gathered.left_out.append(place.left_out(why))
        elif card.unique:
            seen.setdefault(place.text(card.unique), []).append(place)
        else:
            gathered.add(example(place))
    for several in seen.values():
        gathered.add(_merged(several))
        why = f"a further annotation of a text (by {card.unique})"
        gathered.left_out.extend(place.left_out(why) for place in several[1:])
    return gathered.reading()


def example(place: Place) -> Example:
    """Make an example of a row.

    Raises:
        DataError: a value is wrong.
    """
    card, columns = place.card, place.card.columns
    text = original(place)
    spans = _spans(place, len(text))
    return Example(
        id=place.text(columns.id) if columns.id else text_id(text),
        text=text,
        label=_label(place, spans),
        votes=_votes(place),
        group=_group(place),
        split=_split(place),
        source=card.name,
        targets=_targets(place),
        attributes=_attributes(place),
        spans=spans,
        meta=_meta(place, text),
    )


def original(place: Place) -> str:
    """Return the text of a row with what stands in for something else put back."""
    text = place.text(place.card.columns.text)
    for mark, meant in place.card.replace.items():
        text = text.replace(mark, meant)
    return text


def _merged(several: Sequence[Place]) -> Example:
    """Make one example of all annotations of a text: attributes are means, targets by half."""
    first = example(several[0])
    others = [example(place) for place in several]
    named = Counter(target for one in others for target in one.targets)
    return replace(
        first,
        id=several[0].text(several[0].card.unique or ""),
        targets=tuple(target for target, count in named.items() if count >= len(others) * HALF),
        attributes={
            name: sum(one.attributes[name] for one in others) / len(others)
            for name in first.attributes
        },
    )


def _unfit(place: Place) -> str:
    """Say why a row is no example; "" where it is one."""
    card = place.card
    if not place.text(card.columns.text).strip():
        return "the text is empty"
    if card.columns.label is None:
        return ""
    raw = place.text(card.columns.label).strip()
    if not raw and not card.rule.otherwise:
        return "there is no label"
    if card.label_map.get(raw) == "":
        return f"the card leaves out the label {raw!r}"
    return ""


def _label(place: Place, spans: Spans | None) -> str | None:
    card, rule = place.card, place.card.rule
    if rule.marked and spans:
        return rule.marked
    if rule.flags or rule.score:
        return _by_number(place)
    if card.columns.label is None:
        return rule.otherwise
    raw = place.text(card.columns.label).strip()
    parts = raw.split(rule.separator) if rule.separator else [raw]
    found = [_mapped(place, part.strip()) for part in parts]
    return min(found, key=rule.precedence.index) if rule.precedence else found[0]


def _mapped(place: Place, raw: str) -> str:
    card = place.card
    label = card.label_map.get(raw, raw)
    if label not in card.labels.names:
        allowed = [*card.label_map, *card.labels.names]
        raise DataError(f"{place.where} {unknown('label', raw[:60], allowed)}")
    return label


def _by_number(place: Place) -> str | None:
    rule = place.card.rule
    for label, columns in rule.flags.items():
        if any(place.number(column) for column in columns):
            return label
    if rule.score:
        score = place.number(rule.score)
        fits = [label for label, bound in rule.above.items() if score > bound]
        fits += [label for label, bound in rule.at_least.items() if score >= bound]
        fits += [label for label, bound in rule.below.items() if score < bound]
        if fits:
            return fits[0]
    return rule.otherwise


def _votes(place: Place) -> tuple[float, ...]:
    card = place.card
    if not card.votes:
        return ()
    votes = {label: place.number(column) for label, column in card.votes.items()}
    if card.votes_rest:
        votes[card.votes_rest] = 1.0 - sum(votes.values())
    try:
        shares = normalise([votes.get(label, 0.0) for label in card.labels.names])
    except DataError as error:
        raise DataError(f"{place.where} {error}") from None
    return tuple(shares.tolist())


def _group(place: Place) -> str | None:
    found = sorted(place.text(column) for column in place.card.columns.group)
    return "/".join(found) if any(found) else None


def _split(place: Place) -> str | None:
    card = place.card
    if card.columns.split is None:
        return place.split
    raw = place.text(card.columns.split).strip()
    split = card.split_map.get(raw, raw)
    if split and split not in SPLITS:
        raise DataError(f"{place.where} {unknown('split', split, SPLITS)}")
    return split or None


def _targets(place: Place) -> tuple[str, ...]:
    card = place.card
    named = listed(place.text(card.columns.targets)) if card.columns.targets else []
    flagged = [group for group, column in card.target_flags.items() if place.number(column) >= HALF]
    return tuple(name for name in [*named, *flagged] if name.lower() not in {"", "none"})


def listed(raw: str) -> list[str]:
    """Read a list of names: a Python list, or names with commas between them."""
    if raw.startswith("["):
        return [one or other for one, other in QUOTED.findall(raw)]
    return [part.strip() for part in raw.split(",")]


def _attributes(place: Place) -> Mapping[str, float]:
    card, rule = place.card, place.card.rule
    found = {name: place.number(column) for name, column in card.attributes.items()}
    if rule.separator and card.columns.label:
        given = {
            card.label_map.get(part.strip(), part.strip())
            for part in place.text(card.columns.label).split(rule.separator)
        }
        found |= {label: float(label in given) for label in card.labels.names}
    return found


def _meta(place: Place, text: str) -> Mapping[str, str]:
    card = place.card
    found = {name: place.text(column) for name, column in card.meta.items()}
    for name, extract in card.extract.items():
        value = text if extract.column == card.columns.text else place.text(extract.column)
        match = re.search(extract.pattern, value)
        if match:
            found[name] = match.group(1)
    return found


def _spans(place: Place, length: int) -> Spans | None:
    column = place.card.columns.spans
    if column is None:
        return None
    try:
        raw = place.row.values.get(column)
        listing = ast.literal_eval(raw) if isinstance(raw, str) else raw
        return ranges([int(offset) for offset in listing], length)  # pyrefly: ignore
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise place.error(f"{column} must be a list of character offsets") from None
