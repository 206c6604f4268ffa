"""Opens a base language model for ``hatelens evaluate --zero-shot``: labels and examples for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatelens.errors import ConfigError, DataError

if TYPE_CHECKING:
    from hatelens.data.dataset import Dataset
    from hatelens.detect import Pipeline
    from hatelens.labels import LabelSet


@dataclass(frozen=True)
class Asked:
    """What the command line says of an untrained model.

    Attributes:
        prompt: name of a prompt, or a file.
        shots: examples of each label before the text.
        shots_from: data set whose train split they are taken from; None for the measured one.
        precision: of the base.
        decode: how a label is read off.
        split: that is measured.
        seed: of the choice of examples.
    """

    prompt: str
    shots: int
    shots_from: str | None
    precision: str
    decode: str
    split: str
    seed: int


def opened(base: str, sets: Sequence[Dataset], given: Mapping[str, str], asked: Asked) -> Pipeline:
    """Open a base model that answers with the labels of the first data set.

    Args:
        base: a base model's name, folder or hub id.
        sets: the data sets that are measured.
        given: labels of the data as those that the model is to answer with.
        asked: the other options.

    Raises:
        ConfigError: examples would be taken from the texts that are measured.
        DataError: there are no labels to answer with, or too few examples.
        ModelError: base or prompt does not exist.
    """
    from hatelens.detect import Pipeline
    from hatelens.errors import require

    require("transformers", "train")
    require("torch", "train")

    from hatelens.models import zero_shot
    from hatelens.models.prompt_turns import Shot

    labels = answers(sets[0], given)
    chosen = _shots(sets, labels, given, asked) if asked.shots else []
    shots = tuple(Shot(text, label) for text, label in chosen)
    question = zero_shot.Question(asked.prompt, labels, shots, asked.decode)
    return Pipeline(zero_shot.detector(base, question, asked.precision))


def answers(data: Dataset, given: Mapping[str, str]) -> LabelSet:
    """Return the labels that a model is to answer with: those of the data, mapped.

    Raises:
        DataError: there are fewer than two.
    """
    from hatelens.data.catalog import HATEFUL
    from hatelens.data.scheme import parts
    from hatelens.labels import LabelSet

    known = data.card.labels
    become = {name: given.get(name, name) for name in known.names}
    names = dict.fromkeys(part for our in become.values() if our for part in parts(our))
    if len(names) < 2:
        raise DataError(f"{data.name} has no labels to answer with; found {', '.join(names)!r}.")
    hateful = {our for their, our in become.items() if known.is_hateful(their)}
    if not known.hateful:
        hateful = {name for name in names if name.lower() in HATEFUL}
    return LabelSet(tuple(names), tuple(name for name in names if name in hateful))


def _shots(
    sets: Sequence[Dataset], labels: LabelSet, given: Mapping[str, str], asked: Asked
) -> list[tuple[str, str]]:
    from hatelens.data import catalog
    from hatelens.evaluation import shots

    source = asked.shots_from or sets[0].name
    if asked.split in {"train", "all"} and source in {one.name for one in sets}:
        raise ConfigError(
            f"Examples come from the train split of {source}, which is measured too; take "
            "--split test, or --shots-from another data set."
        )
    chosen = shots.choose(
        catalog.load(source, "train"), asked.shots, label_map=given, seed=asked.seed
    )
    strange = sorted({label for _, label in chosen} - set(labels.names))
    if strange:
        raise DataError(
            f"{source} has labels that {sets[0].name} does not have ({', '.join(strange)}); say "
            "which is which with --map LABEL=OURS."
        )
    return chosen
