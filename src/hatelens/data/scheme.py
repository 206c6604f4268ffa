"""Brings the labels of several data sets into the one scheme that a model learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hatelens.config.schema import DataSettings
from hatelens.data.card import Card
from hatelens.data.example import Example
from hatelens.errors import DataError, unknown
from hatelens.labels import LabelSet, normalise

Map = Mapping[str, str]
OR = "|"
"""Joins the labels that may be true where a data set cannot tell them apart."""


def target(settings: DataSettings, cards: Sequence[Card]) -> LabelSet:
    """Return the scheme that a model learns.

    It is the one of the recipe; else the one that all data sets share, seen through the recipe's
    label map. Where the recipe does not say which labels count as hateful, those do that a hateful
    label of a data set becomes.

    Raises:
        DataError: several schemes and none in the recipe, or a label or data set that is not there.
    """
    names = [card.name for card in cards]
    for name in settings.label_map:
        if name not in names:
            raise DataError(unknown("data set in data.label_map", name, names))
    labels = settings.labels or _shared(settings, cards)
    if settings.hateful is not None:
        return LabelSet(tuple(labels), tuple(settings.hateful))
    become = {
        part
        for card in cards
        for label in card.labels.hateful
        for part in parts(settings.label_map.get(card.name, {}).get(label, label))
    }
    return LabelSet(tuple(labels), tuple(label for label in labels if label in become))


def _shared(settings: DataSettings, cards: Sequence[Card]) -> tuple[str, ...]:
    schemes = [_seen(card, settings.label_map.get(card.name, {})) for card in cards]
    if any(set(scheme) != set(schemes[0]) for scheme in schemes):
        listed = "; ".join(
            f"{card.name}: {', '.join(scheme)}" for card, scheme in zip(cards, schemes, strict=True)
        )
        raise DataError(
            f"The data sets have different labels ({listed}). Name the labels to learn in "
            "data.labels and data.hateful, and what becomes what in data.label_map."
        )
    return schemes[0]


def _seen(card: Card, label_map: Map) -> tuple[str, ...]:
    """Return a card's labels as the map leaves them, each once and in order."""
    found = [label_map.get(label, label) for label in card.labels.names]
    return tuple(dict.fromkeys(label for label in found if label))


def mapping(card: Card, settings: DataSettings, labels: LabelSet) -> Map:
    """Return what each label of a card becomes; "" is left out.

    A label keeps its name where the scheme has it. Where the scheme asks the pooled question (two
    labels, one of them hateful) and the recipe does not map the data set, its hateful labels become
    the hateful one and all others the other.

    Raises:
        DataError: a label becomes nothing.
    """
    given = settings.label_map.get(card.name)
    for label in given or ():
        if label not in card.labels.names:
            raise DataError(unknown(f"label of {card.name}", label, card.labels.names))
    known = all(label in labels.names for label in card.labels.names)
    if given is None and not known and card.labels.hateful and _is_pooled(labels):
        other = next(name for name in labels.names if not labels.is_hateful(name))
        return {
            name: labels.hateful[0] if card.labels.is_hateful(name) else other
            for name in card.labels.names
        }
    found = {name: (given or {}).get(name, name) for name in card.labels.names}
    for name, become in found.items():
        if become and any(part not in labels.names for part in parts(become)):
            do = f"Say what {name!r} of {card.name} becomes in data.label_map; '' leaves it out."
            raise DataError(unknown("label to learn", become, labels.names, do=do))
    return found


def parts(label: str) -> tuple[str, ...]:
    """Return the labels that may be true: one, or several of a partial label (``a|b``)."""
    return tuple(label.split(OR))


def _is_pooled(labels: LabelSet) -> bool:
    return len(labels) == 2 and len(labels.hateful) == 1


def mapped(
    example: Example, card: Card, label_map: Map, labels: LabelSet, *, soft_labels: bool
) -> Example | None:
    """Bring an example into the scheme.

    Args:
        example: in the scheme of its card.
        card: its card.
        label_map: what each label of the card becomes.
        labels: the scheme.
        soft_labels: whether votes are kept; they never are where the card says that they only
            measure.

    Returns:
        The example with label and votes of the scheme; None where its label is left out.
    """
    label = label_map.get(example.label or "", "")
    if not label:
        return None
    votes: tuple[float, ...] = ()
    if soft_labels and card.soft_labels and example.votes:
        votes = _votes(example, card, label_map, labels)
    return replace(example, label=label, votes=votes)


def _votes(example: Example, card: Card, label_map: Map, labels: LabelSet) -> tuple[float, ...]:
    """Add up the votes of labels that become one; votes for left-out labels do not count."""
    if any(OR in become for become in label_map.values()):
        return ()  # a share of a partial label is no share of its parts
    sums = dict.fromkeys(labels.names, 0.0)
    for name, share in zip(card.labels.names, example.votes, strict=True):
        if label_map[name]:
            sums[label_map[name]] += share
    return tuple(normalise(list(sums.values())).tolist()) if any(sums.values()) else ()
