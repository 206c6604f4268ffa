"""How the words of data sets are read for a model: whose label and whose group is which of its own.

A label of a data set becomes one of the model's, several of which one is true (``a|b``), or
nothing (an empty text).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hatelens.data.scheme import parts
from hatelens.errors import ConfigError, DataError, ModelError, unknown
from hatelens.labels import LabelSet
from hatelens.models import folder
from hatelens.models.heads import HeadType
from hatelens.models.manifest import Manifest

Map = Mapping[str, str]


@dataclass(frozen=True)
class Maps:
    """What a model's recipe says of the data sets that it was trained on, and what a person adds.

    Attributes:
        labels: data set to its label to that of the model.
        given: label to that of the model, for every data set; goes before ``labels``.
        heads: type of a head to data set to its name of an output (of a label: ``label=NAME``) to
            that of the model.
        thresholds: type of a head to the probability from which on each of its outputs is said.
    """

    labels: Mapping[str, Map] = field(default_factory=dict)
    given: Map = field(default_factory=dict)
    heads: Mapping[HeadType, Mapping[str, Map]] = field(default_factory=dict)
    thresholds: Mapping[HeadType, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, manifest: Manifest) -> Maps:
        """Read what the manifest of a model says."""
        feeds = manifest.training.get("head_maps", {})
        return cls(
            labels=manifest.training.get("label_maps", {}),
            heads={head.type: feeds.get(head.name, {}) for head in manifest.heads},
            thresholds={
                head.type: {name: head.threshold(k) for k, name in enumerate(head.names)}
                for head in manifest.heads
            },
        )

    @classmethod
    def of_model(cls, name: str) -> Maps:
        """Read what the folder of a model says; nothing where it says nothing of itself."""
        try:
            return cls.of(folder.read(folder.find(name)))
        except ModelError:
            return cls()

    def adding(self, given: Map) -> Maps:
        """Return the same with labels that a person maps by hand."""
        return replace(self, given={**self.given, **given})

    def of_labels(self, data: str, names: Sequence[str]) -> dict[str, str]:
        """Return what labels of a data set become; only those that are mapped."""
        known = {**self.labels.get(data, {}), **self.given}
        return {name: known[name] for name in names if name in known}

    def of_head(self, kind: HeadType, data: str, outputs: Sequence[str]) -> Map:
        """Return what a data set's names become; the outputs themselves where nothing is said."""
        found = self.heads.get(kind, {}).get(data) or {name: name for name in outputs}
        return {their: our for their, our in found.items() if our in outputs}

    def threshold(self, kind: HeadType, output: str) -> float:
        """Return the probability from which on an output is said; 0.5 where nothing is said."""
        return self.thresholds.get(kind, {}).get(output, 0.5)

    def check(self, labels: Mapping[str, Sequence[str]], model: LabelSet) -> None:
        """Check what a person mapped by hand.

        Args:
            labels: of each data set that is measured.
            model: its classes.

        Raises:
            DataError: no data set has a label, or the model has no such class.
        """
        theirs = list(dict.fromkeys(name for names in labels.values() for name in names))
        for their, our in self.given.items():
            if their not in theirs:
                raise DataError(unknown(f"label of {' or '.join(labels)}", their, theirs))
            for name in parts(our) if our else ():
                if name not in model.names:
                    raise DataError(unknown("label of the model", name, model.names))


def parse(given: Sequence[str] | None) -> dict[str, str]:
    """Read ``LABEL=OURS`` options; ``LABEL=`` leaves the label out.

    Raises:
        ConfigError: one has no ``=``.
    """
    pairs = [one.partition("=") for one in given or ()]
    for their, sign, _ in pairs:
        if not (their and sign):
            raise ConfigError(f"--map takes LABEL=OURS, as in neither=normal; found {their!r}.")
    return {their: our for their, _, our in pairs}
