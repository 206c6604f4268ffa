"""Cards: what a data set is, where it comes from and how its rows become examples.

How a card is read from its YAML file is in ``card_file``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hatelens.data.files import PLAIN, Layout
from hatelens.labels import LabelSet

Kind = Literal["folder", "package", "url", "hub"]
NONE = LabelSet((), ())
KINDS: tuple[Kind, ...] = ("folder", "package", "url", "hub")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    Attributes:
        path: below the source.
        split: the official split that it holds; None where a column tells or there is none.
        sha256: of its bytes; None where it is not known.
    """

    path: str
    split: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Source:
    """One place that a data set can be had from.

    Attributes:
        kind: ``folder`` (below the data folder), ``package`` (below this package), ``url`` or
            ``hub`` (a data set repository of the Hugging Face hub).
        where: the folder, the address that the files' paths are added to, or the hub id.
        files: what it holds.
        revision: commit of the hub repository; None where none is pinned.
    """

    kind: Kind
    where: str
    files: tuple[SourceFile, ...]
    revision: str | None = None


@dataclass(frozen=True)
class Columns:
    """Which column plays which role.

    Attributes:
        text: the text.
        label: the label; None where a rule makes it of other columns.
        id: what is unique; None to make an id of the text.
        group: what must not be torn apart; several columns are sorted and joined.
        split: the official split.
        spans: list of character offsets, or of [begin, end] pairs.
        targets: attacked groups, as a list or separated by commas.
    """

    text: str = "text"
    label: str | None = None
    id: str | None = None
    group: tuple[str, ...] = ()
    split: str | None = None
    spans: str | None = None
    targets: str | None = None


@dataclass(frozen=True)
class LabelRule:
    """How a label is made where no column simply holds it; the first rule that fits wins.

    Attributes:
        flags: label to columns of which one must be set (1 or true).
        score: the column that the bounds below are about.
        above: label to the number that the score must be greater than.
        at_least: label to the number that the score must reach.
        below: label to the number that the score must be less than.
        separator: between several labels in the label column.
        precedence: of several labels, the one that is named first here.
        marked: the label of a text in which somebody marked a span.
        otherwise: the label where nothing above fits.
    """

    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    score: str | None = None
    above: Mapping[str, float] = field(default_factory=dict)
    at_least: Mapping[str, float] = field(default_factory=dict)
    below: Mapping[str, float] = field(default_factory=dict)
    separator: str | None = None
    precedence: tuple[str, ...] = ()
    marked: str | None = None
    otherwise: str | None = None


@dataclass(frozen=True)
class Seeded:
    """Shares of a seeded split, for a data set without official splits."""

    validation: float = 0.0
    test: float = 0.0


@dataclass(frozen=True)
class Extract:
    """A value of ``meta`` that is found in a column by a regular expression's first group."""

    column: str
    pattern: str


@dataclass(frozen=True)
class Card:
    """A data set's description, as its YAML file holds it.

    Attributes:
        name: what it is called in recipes and on the command line.
        title: what its authors call it.
        licence: of the labels and texts, with what it asks for.
        citation: the paper to cite.
        url: its home page.
        language: ISO 639-1 code, or ``multilingual``.
        warning: what a reader should be ready for.
        notes: what else one should know, such as which labels count as hateful and why.
        rows: how many examples it gives; None where that was not measured.
        labels: its own label scheme.
        sources: where it can be had from, in the order in which they are looked at.
        test_only: whether it must never be trained on.
        reader: how rows become examples: ``table``, or a reader for an unusual shape.
        layout: form of its files.
        columns: which column plays which role.
        label_map: value of the label column to label; a value that maps to "" is left out.
        rule: how labels are made where no column simply holds them.
        votes: label to the column with its votes (counts or shares).
        votes_rest: the label that gets what the shares of the others leave of 1.
        soft_labels: whether training may use the votes; else they only measure.
        attributes: attribute to the column with its share, 0-1.
        target_flags: group to the column that says, from 0.5 on, that it is a target.
        meta: name to column, kept for evaluation.
        extract: further values of ``meta``, found by a pattern.
        replace: what stands in the files for something else, as ``[linebreak]``.
        unique: the column by which several rows (annotations) are one text.
        split_map: value of the split column to ``train``, ``validation``, ``test`` or "".
        seeded: shares of the seeded split.
        digest: sha256 of all of this.
    """

    name: str
    title: str = ""
    licence: str = "unknown"
    citation: str = ""
    url: str = ""
    language: str = "en"
    warning: str = ""
    notes: str = ""
    rows: int | None = None
    labels: LabelSet = NONE
    sources: tuple[Source, ...] = ()
    test_only: bool = False
    reader: str = "table"
    layout: Layout = PLAIN
    columns: Columns = Columns()
    label_map: Mapping[str, str] = field(default_factory=dict)
    rule: LabelRule = LabelRule()
    votes: Mapping[str, str] = field(default_factory=dict)
    votes_rest: str | None = None
    soft_labels: bool = True
    attributes: Mapping[str, str] = field(default_factory=dict)
    target_flags: Mapping[str, str] = field(default_factory=dict)
    meta: Mapping[str, str] = field(default_factory=dict)
    extract: Mapping[str, Extract] = field(default_factory=dict)
    replace: Mapping[str, str] = field(default_factory=dict)
    unique: str | None = None
    split_map: Mapping[str, str] = field(default_factory=dict)
    seeded: Seeded | None = None
    digest: str = ""
