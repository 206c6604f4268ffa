"""What the settings of every fine-tuning share."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hatelens.config.decoder import DecoderTraining
from hatelens.config.encoder import EncoderTraining
from hatelens.config.trainer import OWN, TrainerSettings


@pytest.mark.parametrize("settings", [EncoderTraining, DecoderTraining])
def test_every_fine_tuning_takes_the_same_keys(settings):
    assert TrainerSettings.model_fields.keys() <= settings.model_fields.keys()
    assert settings(max_grad_norm=0.5).model_extra == {"max_grad_norm": 0.5}
    for name in sorted(OWN):
        with pytest.raises(ValidationError, match="No key of training named"):
            settings(**{name: 1})
