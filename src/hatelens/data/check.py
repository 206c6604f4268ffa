"""Says what is wrong with a data set before a model learns it or is measured on it."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hatelens.data import catalog
from hatelens.data.dataset import Dataset, reasons
from hatelens.data.duplicates import clusters, key
from hatelens.data.example import Example
from hatelens.data.splits import NEAR_DUPLICATE

LONG = 10_000
"""Characters from which a text counts as very long."""

FEWEST = 10
"""Examples below which a label is too rare to be learned or measured."""


@dataclass(frozen=True)
class Finding:
    """One thing that is worth a look.

    Attributes:
        what: what it is, in words.
        count: how many.
        serious: whether a model learned or measured on this would be misjudged.
        ids: ids of some examples that show it.
    """

    what: str
    count: int
    serious: bool = False
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """What is known of a data set.

    Attributes:
        name: of the data set.
        rows: examples.
        classes: examples by label; "" holds those without one.
        splits: examples by split.
        left_out: why rows are no examples, and how many.
        findings: what is worth a look.
    """

    name: str
    rows: int
    classes: Mapping[str, int]
    splits: Mapping[str, int]
    left_out: Mapping[str, int]
    findings: tuple[Finding, ...] = field(default=())

    @property
    def serious(self) -> bool:
        """Say whether a finding is serious."""
        return any(finding.serious for finding in self.findings)


def check(whole: Dataset, near_duplicate: float = NEAR_DUPLICATE) -> Check:
    """Look over a data set.

    Serious are: no examples, a label without examples, empty texts, most texts being duplicates,
    one text in twenty with different labels, and texts or groups that a training and a test split
    share.

    Args:
        whole: the data set with all of its splits.
        near_duplicate: Jaccard similarity from which two texts count as near-duplicates.
    """
    parts = catalog.parts(whole)
    labels = Counter(one.label or "" for one in whole.examples)
    findings = [
        *_size(whole, labels),
        *_texts(whole.examples),
        *_copies(whole.examples, near_duplicate),
        *_groups(parts),
    ]
    found = [finding for finding in findings if finding.count]
    return Check(
        name=whole.name,
        rows=len(whole),
        classes={name: labels[name] for name in (*whole.card.labels.names, "") if labels[name]},
        splits={name: len(part) for name, part in parts.items() if part},
        left_out=reasons(whole.left_out),
        findings=tuple(found),
    )


def _size(whole: Dataset, labels: Mapping[str, int]) -> Iterable[Finding]:
    names = whole.card.labels.names
    missing = [name for name in names if not labels.get(name)]
    rare = [name for name in names if 0 < labels.get(name, 0) < FEWEST]
    told = whole.card.rows
    yield Finding(
        f"rows where the card names {told}", len(whole) if told not in {None, len(whole)} else 0
    )
    yield Finding("no examples at all", int(len(whole) == 0), serious=True)
    yield Finding(f"labels without examples: {', '.join(missing)}", len(missing), serious=True)
    yield Finding(f"labels with fewer than {FEWEST} examples: {', '.join(rare)}", len(rare))
    yield Finding("examples without a label", labels.get("", 0) if names else 0)


def _texts(examples: Sequence[Example]) -> Iterable[Finding]:
    def those(what: str, found: Iterable[Example], *, serious: bool = False) -> Finding:
        ids = tuple(one.id for one in found)
        return Finding(what, len(ids), serious, ids[:5])

    yield those("empty texts", (one for one in examples if not one.text.strip()), serious=True)
    yield those(
        f"texts of more than {LONG:,} characters",
        (one for one in examples if len(one.text) > LONG),
    )
    yield those(
        "texts with bytes that are not in the file's encoding",
        (one for one in examples if any("\ud800" <= letter <= "\udfff" for letter in one.text)),
    )


def _copies(examples: Sequence[Example], near_duplicate: float) -> Iterable[Finding]:
    """Yield what duplicates and near-duplicates do: repeat, contradict and leak."""
    same: defaultdict[str, list[Example]] = defaultdict(list)
    alike: defaultdict[int, list[Example]] = defaultdict(list)
    leaders = clusters([one.text for one in examples], near_duplicate)
    for one, leader in zip(examples, leaders, strict=True):
        same[key(one.text)].append(one)
        alike[leader].append(one)
    exact = sum(len(several) - 1 for several in same.values())
    close = sum(len(several) - 1 for several in alike.values()) - exact
    crowded = exact > len(examples) / 2
    yield Finding("duplicates (same words)", exact, serious=crowded)
    yield Finding(f"further near-duplicates (similarity from {near_duplicate})", close)
    conflicts = [several for several in same.values() if len({one.label for one in several}) > 1]
    many = len(conflicts) > len(same) / 20
    yield Finding("texts with different labels", len(conflicts), many, _first(conflicts))
    leaks = [several for several in alike.values() if _torn(several)]
    what = "texts that a training and a test split share, or nearly so"
    yield Finding(what, len(leaks), serious=True, ids=_first(leaks))


def _torn(examples: Iterable[Example]) -> bool:
    """Say whether the official splits have texts of one group on both sides."""
    splits = {one.split for one in examples}
    return "test" in splits and bool(splits & {"train", "validation"})


def _groups(parts: Mapping[str, Sequence[Example]]) -> Iterable[Finding]:
    held = {name: {one.group for one in part if one.group} for name, part in parts.items()}
    shared = held["test"] & (held["train"] | held["validation"])
    yield Finding("groups that a training and a test split share", len(shared), serious=True)


def _first(several: Iterable[Sequence[Example]]) -> tuple[str, ...]:
    return tuple(one[0].id for one in itertools.islice(several, 5))
