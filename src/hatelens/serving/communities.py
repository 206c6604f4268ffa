"""How each community decides with a model: by its own thresholds where the policy has them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hatelens.config.policy import Community, Policy
from hatelens.detect import Pipeline
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction
from hatelens.serving.engine import Engine


@dataclass(frozen=True)
class Ruling:
    """What a community has of its own.

    Attributes:
        community: as the policy file has it.
        thresholds: where ``hateful`` becomes a decision.
        version: of the policy.
    """

    community: Community
    thresholds: Thresholds
    version: str


class Communities:
    """Decides for communities; one that the policy file does not name is decided by the model.

    Another model has another one of these: whoever holds it has model and thresholds of one time.

    Args:
        engine: the model, and the adapters that communities have of their own.
        policy: what the policy file says.

    Attributes:
        engine: likewise.
        policy: likewise.
    """

    def __init__(self, engine: Engine, policy: Policy) -> None:
        self.policy = policy
        self.engine = engine
        self._rulings = {
            name: Ruling(
                one,
                Thresholds(one.flag, one.clear),
                one.version(engine.answering(one.adapter).policy_version),
            )
            for name, one in policy.communities.items()
        }

    @property
    def pipeline(self) -> Pipeline:
        """The model."""
        return self.engine.pipeline

    def adapter(self, community: str) -> str:
        """Return the adapter that answers alone; empty for the whole model."""
        found = self._rulings.get(community)
        return found.community.adapter if found else ""

    def thresholds(self, community: str) -> Thresholds:
        """Return where ``hateful`` becomes a decision."""
        found = self._rulings.get(community)
        return found.thresholds if found else self.pipeline.thresholds

    def versions(self, community: str) -> dict[str, str]:
        """Return the headers that say which model and which policy answer."""
        found = self._rulings.get(community)
        pipeline = self.engine.answering(self.adapter(community))
        return {
            "X-Model-Version": pipeline.model_version,
            "X-Policy-Version": found.version if found else pipeline.policy_version,
        }

    def decided(self, prediction: Prediction, community: str) -> Prediction:
        """Return a prediction with the decision of a community.

        What the model left to a person for another reason than its thresholds, as a language that
        it does not know, is left to a person here, too.
        """
        found = self._rulings.get(community)
        if found is None:
            return prediction
        known = self.pipeline.languages
        foreign = known and prediction.language and prediction.language not in known
        decision = "unsure" if foreign else found.thresholds.decide(prediction.hateful)
        return replace(prediction, decision=decision, policy_version=found.version)
