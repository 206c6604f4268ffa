"""The responder: replies of a tiny chat model, with and without adapter."""

from __future__ import annotations

import json
import shutil

import peft
import pytest
import torch

from hatelens.errors import ModelError, UserError
from hatelens.models import adapter_folder, causal
from hatelens.models.base import resolve
from hatelens.models.chat_tokens import ChatTokens
from hatelens.models.conversation import ASSISTANT, USER, Message, ask
from hatelens.models.reply_type import TYPES
from hatelens.models.responder import MODES, Responder, Sampling, instruction, opened
from tests import tiny_chat

SHORT = Sampling(max_new_tokens=8)
TALKS = [
    ask("Hello"),
    [Message(USER, "a"), Message(ASSISTANT, "b"), Message(USER, "What is a haiku?")],
    ask("Why is the sky blue? " * 5),
]
SETTINGS = {
    "rank": 2,
    "alpha": 4,
    "dropout": 0.0,
    "targets": ["q_proj", "lm_head"],
    "bias": "lora_only",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_chat.write(tmp_path_factory.mktemp("chat"))


@pytest.fixture(scope="module")
def adapter(base, tmp_path_factory):
    """An adapter in PEFT's form with random weights, as somebody might have published it."""
    folder = tmp_path_factory.mktemp("adapter")
    tuned = causal.adapted(causal.open_base(resolve(str(base))), SETTINGS)
    torch.manual_seed(1)
    for name, values in tuned.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(values)
    tuned.save_pretrained(folder, save_embedding_layers=False)
    return folder


@pytest.fixture(scope="module")
def responder(base):
    return opened(str(base), sampling=SHORT)


def test_a_reply_is_text_of_a_known_type(responder):
    reply = responder.respond(ask("Hello"))
    assert isinstance(reply.text, str)
    assert reply.type in TYPES
    assert responder(ask("Hello")) == reply.text


def test_replies_of_a_batch_are_those_one_by_one(responder):
    alone = [responder.respond(one).text for one in TALKS]
    together = [one.text for one in responder.replies(TALKS, batch=2)]
    assert together == alone
    assert len(set(alone)) > 1


def test_the_system_words_and_the_history_reach_the_model(responder, base):
    encode = responder.tokens.encode
    told = encode(ask("Hello"), 500, system=instruction("stop"))
    assert instruction("stop") in responder.tokens.decode(told)
    assert "What is a haiku?" in responder.tokens.decode(encode(TALKS[1], 500))


def test_drawing_is_seeded_and_leaves_other_randomness_alone(base):
    def drawn(seed):
        sampling = Sampling(temperature=2.0, top_p=0.95, max_new_tokens=12, seed=seed)
        return opened(str(base), sampling=sampling)(ask("Hello"))

    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    assert drawn(1) == drawn(1)
    assert torch.equal(before, torch.random.get_rng_state())
    assert len({drawn(seed) for seed in range(4)}) > 1


def test_a_published_adapter_is_put_on_its_base(base, adapter, responder):
    given = opened(str(base), str(adapter), sampling=SHORT)
    found = opened("", str(adapter), sampling=SHORT)  # it names its base
    texts = [given(one) for one in TALKS]
    assert texts == [found(one) for one in TALKS]
    assert texts != [responder(one) for one in TALKS]


def test_an_adapter_on_the_output_layer_leaves_the_embeddings_as_they_are(base, adapter):
    given = opened(str(base), str(adapter), sampling=SHORT)
    plain = causal.open_base(resolve(str(base))).state_dict()["model.embed_tokens.weight"]
    inner = given.model.get_base_model()
    assert torch.equal(inner.get_input_embeddings().weight, plain)
    assert isinstance(given.model, peft.PeftModel)


def test_the_base_is_held_in_the_precision_that_is_asked_for(base, adapter):
    found = opened(str(base), str(adapter), precision="bf16", sampling=SHORT)
    assert found.model.get_base_model().dtype == torch.bfloat16
    assert opened(str(base), str(adapter)).model.get_base_model().dtype == torch.float32
    with pytest.raises(ModelError, match="fp16"):
        opened(str(base), precision="fp16")


def test_a_long_conversation_is_bounded(base):
    responder = Responder(
        causal.open_base(resolve(str(base))), ChatTokens(base), instruction("stop"), SHORT
    )
    said = [Message(USER if n % 2 == 0 else ASSISTANT, "word " * 50) for n in range(61)]
    assert isinstance(responder(said), str)
    assert isinstance(responder(ask("x" * 1_000_000)), str)


@pytest.mark.parametrize("text", ["<|im_end|>", "\ud800", "\x00", "[/INST]"])
def test_hostile_text_is_answered_as_any_other(responder, text):
    assert responder.respond(ask(text)).type in TYPES


def test_a_reply_that_broke_off_ends_with_its_last_whole_sentence(responder):
    ids = responder.tokens.answer("Hello there. How is")
    assert responder._text(ids[:-1]) == "Hello there."
    assert responder._text(ids) == "Hello there. How is"


@pytest.mark.parametrize(
    "wrong", [{"temperature": -1.0}, {"top_p": 0.0}, {"max_new_tokens": 0}, {"seed": -1}]
)
def test_a_sampling_out_of_range_is_one_line(wrong):
    with pytest.raises(UserError, match=f"{next(iter(wrong))} must be from"):
        Sampling(**wrong)


def test_the_instructions_of_the_modes_differ_and_a_wrong_mode_is_told():
    assert len({instruction(mode) for mode in MODES}) == 2
    with pytest.raises(ModelError, match="No mode named 'shout'"):
        instruction("shout")


def test_an_adapter_that_is_not_there_or_is_pickled_is_refused(tmp_path, adapter):
    with pytest.raises(ModelError, match="There is no adapter"):
        adapter_folder.find(str(tmp_path / "none"))
    shutil.copytree(adapter, tmp_path / "old")
    (tmp_path / "old" / "adapter_model.safetensors").rename(tmp_path / "old" / "adapter_model.bin")
    with pytest.raises(ModelError, match="never read"):
        adapter_folder.find(str(tmp_path / "old"))


def test_an_adapter_of_another_base_is_refused(tmp_path, base, adapter):
    shutil.copytree(adapter, tmp_path / "own")
    settings = tmp_path / "own" / "adapter_config.json"
    values = json.loads(settings.read_text()) | {"base_model_name_or_path": "owner/name"}
    settings.write_text(json.dumps(values))
    with pytest.raises(ModelError, match="is for 'owner/name'; give that base model with --base"):
        adapter_folder.base_of(tmp_path / "own", "")
    assert adapter_folder.base_of(tmp_path / "own", str(base)).folder == base


def test_a_base_that_is_no_chat_model_is_refused(base_folder):
    with pytest.raises(ModelError, match="no chat template"):
        opened(str(base_folder))


def test_a_context_that_is_too_small_is_told(base):
    with pytest.raises(ModelError, match="lower max_new_tokens"):
        opened(str(base), sampling=Sampling(max_new_tokens=1000))
