"""The texts of a training run: several data sets in one label scheme, clean of every test."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hatelens.config.schema import DataSettings
from hatelens.data import augment, catalog, feed, splits
from hatelens.data.dataset import Dataset
from hatelens.data.duplicates import clusters
from hatelens.data.example import Example
from hatelens.data.guard import Guard, guard
from hatelens.data.scheme import mapped, mapping, target
from hatelens.errors import DataError
from hatelens.labels import LabelSet

UNLABELLED = "no label, or one that the recipe leaves out"
LIMITED = "beyond data.limit"
HELD_OUT = "kept for the test split"
LEAK = "near-duplicate of a validation text"
REPEAT = "near-duplicate of a text of an earlier data set"


@dataclass(frozen=True)
class SourceRecord:
    """What a data set gave to a corpus.

    Attributes:
        name: of its card or file.
        digest: sha256 over all of its ids, texts and labels.
        licence: of its card.
        rows_train: examples that are trained on.
        rows_validation: examples that are validated on.
        card_digest: sha256 of its card.
    """

    name: str
    digest: str
    licence: str
    rows_train: int
    rows_validation: int
    card_digest: str = ""


@dataclass(frozen=True)
class Corpus:
    """The texts of a training run.

    Attributes:
        train: examples whose labels and votes are in the scheme of ``labels``.
        validation: likewise; never a near-duplicate of a training text.
        labels: what is learned.
        sources: the data sets, in the order of the recipe.
        dropped: why examples are not in, and how many.
        train_digest: sha256 of the sorted ids of the training part.
        validation_digest: sha256 of the sorted ids of the validation part.
        languages: ISO 639-1 codes of the data sets; empty where one is not known.
    """

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    labels: LabelSet
    sources: tuple[SourceRecord, ...]
    dropped: Mapping[str, int]
    train_digest: str
    validation_digest: str
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Share:
    """What one data set gives, while the corpus is being made."""

    whole: Dataset
    train: tuple[Example, ...]
    validation: tuple[Example, ...]


def assemble(settings: DataSettings, seed: int, heads: feed.Heads | None = None) -> Corpus:
    """Gather what a recipe trains on.

    Of each data set the training split is taken, and its official validation split or a seeded part
    of the training split. Dropped are: what has no label or one that the recipe leaves out, every
    near-duplicate of the test split of any data set at hand, what an earlier data set of the recipe
    holds already, and training texts that are near-duplicates of validation texts.

    Args:
        settings: the recipe's data.
        seed: of sampling and of the validation split.
        heads: further heads of the model; an example that only they learn from has no label.

    Raises:
        DataError: a data set is test only or not at hand, labels do not fit, or nothing is left.
    """
    heads = heads or {}
    wholes = [
        _trainable(name, settings) for name in dict.fromkeys((*settings.train, *feed.names(heads)))
    ]
    for whole in wholes:
        feed.check(heads, whole.card)
    classed = wholes[: len(dict.fromkeys(settings.train))]
    labels = target(settings, [whole.card for whole in classed])
    tests = guard(whole for whole in wholes if whole.name not in catalog.names())
    dropped: Counter[str] = Counter()
    shares = [
        _carved(
            _clean(
                _share(
                    whole,
                    _mapper(whole, whole in classed, settings, labels, heads),
                    settings,
                    seed,
                    dropped,
                ),
                tests,
                settings,
                dropped,
            ),
            settings,
            seed,
        )
        for whole in wholes
    ]
    return _corpus(
        _untangled(shares, settings.near_duplicate, dropped), labels, dropped, settings, seed
    )


def _trainable(name: str, settings: DataSettings) -> Dataset:
    if catalog.is_file(name):
        return catalog.load(name, columns=settings.columns)
    if catalog.card(name).test_only:
        raise DataError(
            f"{name} is for testing only and must never be trained on; take it out of data.train "
            f"and measure with: hatelens evaluate MODEL --data {name}"
        )
    return catalog.load(name)


Mapper = Callable[[Example], Example | None]


def _mapper(
    whole: Dataset, classed: bool, settings: DataSettings, labels: LabelSet, heads: feed.Heads
) -> Mapper:
    """Return what brings an example of a data set into the scheme, or leaves it out."""
    label_map = mapping(whole.card, settings, labels) if classed else {}
    fed = whole.name in feed.names(heads)

    def into(example: Example) -> Example | None:
        kept = feed.remembered(example, heads, whole.card)
        one = mapped(kept, whole.card, label_map, labels, soft_labels=settings.soft_labels)
        return one or (replace(kept, label=None, votes=()) if fed else None)

    return into


def _share(
    whole: Dataset, into: Mapper, settings: DataSettings, seed: int, dropped: Counter[str]
) -> Share:
    """Take the training and validation splits of a data set in the scheme of the recipe."""
    parts = catalog.parts(whole)
    dropped[HELD_OUT] += len(parts["test"])
    found: dict[str, tuple[Example, ...]] = {}
    for name in ("train", "validation"):
        kept = [one for example in parts[name] if (one := into(example))]
        dropped[UNLABELLED] += len(parts[name]) - len(kept)
        found[name] = splits.sample(kept, _limit(whole.name, settings) or len(kept), seed)
        dropped[LIMITED] += len(kept) - len(found[name])
    return Share(whole, found["train"], found["validation"])


def _limit(name: str, settings: DataSettings) -> int | None:
    return settings.limit.get(name) if isinstance(settings.limit, Mapping) else settings.limit


def _clean(share: Share, tests: Guard, settings: DataSettings, dropped: Counter[str]) -> Share:
    return replace(
        share,
        train=_outside(share.train, tests, settings, dropped),
        validation=_outside(share.validation, tests, settings, dropped),
    )


def _outside(
    examples: Sequence[Example], tests: Guard, settings: DataSettings, dropped: Counter[str]
) -> tuple[Example, ...]:
    """Keep what is no near-duplicate of a test; the first test that forbids a text is counted."""
    inside = tests.trespassers(examples, settings.near_duplicate)
    dropped.update(f"near-duplicate of a test of {name}" for name in inside.values())
    return tuple(one for index, one in enumerate(examples) if index not in inside)


def _carved(share: Share, settings: DataSettings, seed: int) -> Share:
    """Split a validation part off where the data set has none."""
    if share.validation:
        return share
    made = splits.split(
        share.train,
        validation=settings.validation,
        test=0.0,
        seed=seed,
        near_duplicate=settings.near_duplicate,
    )
    return replace(share, train=made.train, validation=made.validation)


@dataclass(frozen=True)
class Member:
    """Where an example stands: in which share, and whether it is for validation."""

    share: int
    validation: bool
    example: Example


def _untangled(
    shares: Sequence[Share], near_duplicate: float, dropped: Counter[str]
) -> list[Share]:
    """Keep near-duplicates in one data set (the earliest) and on one side (validation)."""
    members = [
        Member(number, validation, example)
        for number, share in enumerate(shares)
        for validation, examples in ((False, share.train), (True, share.validation))
        for example in examples
    ]
    together: defaultdict[int, list[Member]] = defaultdict(list)
    for member, leader in zip(
        members, clusters([one.example.text for one in members], near_duplicate), strict=True
    ):
        together[leader].append(member)
    kept: set[int] = set()
    for group in together.values():
        kept |= {id(member) for member in _survivors(group, dropped)}
    left = [member for member in members if id(member) in kept]
    return [
        replace(share, train=_of(left, number, False), validation=_of(left, number, True))
        for number, share in enumerate(shares)
    ]


def _survivors(group: Sequence[Member], dropped: Counter[str]) -> list[Member]:
    earliest = min(member.share for member in group)
    here = [member for member in group if member.share == earliest]
    validation = any(member.validation for member in here)
    kept = [member for member in here if member.validation or not validation]
    dropped[REPEAT] += len(group) - len(here)
    dropped[LEAK] += len(here) - len(kept)
    return kept


def _of(members: Iterable[Member], share: int, validation: bool) -> tuple[Example, ...]:
    return tuple(
        one.example for one in members if one.share == share and one.validation == validation
    )


def _corpus(
    shares: Sequence[Share],
    labels: LabelSet,
    dropped: Counter[str],
    settings: DataSettings,
    seed: int,
) -> Corpus:
    train = tuple(
        one for share in shares for one in share.train * settings.repeat.get(share.whole.name, 1)
    )
    train += augment.disguised(train, settings.disguise, seed)
    validation = tuple(one for share in shares for one in share.validation)
    counts = {why: count for why, count in dropped.most_common() if count}
    for name, part in (("train", train), ("validate", validation)):
        if not part:
            raise DataError(f"Nothing is left to {name} on; dropped: {counts or 'nothing'}.")
    return Corpus(
        train=train,
        validation=validation,
        labels=labels,
        sources=tuple(_record(share) for share in shares),
        dropped=counts,
        train_digest=splits.ids_digest(train),
        validation_digest=splits.ids_digest(validation),
        languages=tuple(sorted({share.whole.card.language for share in shares} - {"multilingual"})),
    )


def _record(share: Share) -> SourceRecord:
    whole = share.whole
    return SourceRecord(
        name=whole.name,
        digest=whole.digest,
        licence=whole.card.licence,
        rows_train=len(share.train),
        rows_validation=len(share.validation),
        card_digest=whole.card.digest,
    )
