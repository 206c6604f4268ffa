"""Training a responder on a tiny chat model: what it learns from, and the folder it becomes."""

from __future__ import annotations

import json
import shutil

import pytest
import torch

from hatelens.config.compose import compose
from hatelens.config.responder import ResponderModel, ResponderTraining
from hatelens.data.example import Example
from hatelens.data.replies import Posts, questions
from hatelens.errors import ModelError
from hatelens.models import folder as folders
from hatelens.models.chat_tokens import ChatTokens
from hatelens.models.conversation import ASSISTANT, ask
from hatelens.models.manifest import read
from hatelens.models.opening import probabilities
from hatelens.models.reply_type import COUNTER, STOP, TYPES, reply_type
from hatelens.models.responder import Sampling, opened
from hatelens.training import conversations, opening
from hatelens.training.opening import Told
from hatelens.training.own_replies import OwnReplies
from hatelens.training.run import run
from tests import tiny_chat

HATE = tuple(Example(f"h{n}", f"Zorblaxians are worthless, part {n}", "hateful") for n in range(10))
CALM = tuple(Example(f"c{n}", f"Zorblaxians sang in part {n}", "normal") for n in range(10))
POSTS = Posts(HATE, CALM)
MODEL = ResponderModel()
TRAINING = ResponderTraining(hateful=6, harmless=4, context=0.5)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_chat.write(tmp_path_factory.mktemp("chat"))


def own(posts, said="Music is a fine thing to do on a Sunday."):
    return dict.fromkeys([*questions(), *(post.text for post in posts.harmless)], said)


def test_hate_is_answered_by_our_lines_and_all_else_by_the_models_own_words():
    found = conversations.learned(POSTS, own(POSTS), MODEL, TRAINING, seed=0).conversations
    kinds = {"stop": STOP, "counter": COUNTER}
    for one in found:
        if one.kind == "hateful":
            assert reply_type(one.answer) == kinds[one.mode]
        else:
            assert one.answer == "Music is a fine thing to do on a Sunday."
    assert {one.mode for one in found} == {"stop", "counter"}
    begun = [one for one in found if len(one.messages) == 3]
    assert 0.3 < len(begun) / len(found) < 0.7
    assert all(one.messages[1].role == ASSISTANT for one in begun)


def test_own_replies_that_refuse_or_reproach_are_left_out_and_counted():
    said = own(POSTS) | {
        CALM[0].text: "I can't help with that.",
        CALM[1].text: " ",
        CALM[2].text: "It is a",
    }
    found = conversations.learned(POSTS, said, MODEL, TRAINING, seed=0)
    assert found.counts == {
        "hateful": 10,
        "harmless": 7,
        "question": len(questions()),
        "own replies left out": 3,
    }


def test_the_same_seed_makes_the_same_conversations():
    def made(seed):
        return conversations.learned(POSTS, own(POSTS), MODEL, TRAINING, seed)

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_the_models_own_words_are_learned_as_far_as_is_asked_and_our_lines_to_their_end(base):
    tokens = ChatTokens(base)
    found = conversations.learned(POSTS, own(POSTS), MODEL, TRAINING, seed=0).conversations
    whole = conversations.turns(found, tokens, 200)
    begun = conversations.turns(found, tokens, 200, own=3)
    for one, all_of_it, part in zip(found, whole, begun, strict=True):
        answer = all_of_it.answers[0]
        assert part.answers == ((answer if one.kind == "hateful" else answer[:3]),)
        assert part.prompt == all_of_it.prompt


def test_the_end_of_the_models_own_words_is_not_learned_where_their_beginning_is(base):
    tokens = ChatTokens(base)
    found = conversations.learned(POSTS, own(POSTS, "Yes."), MODEL, TRAINING, seed=0).conversations
    for one, turn in zip(found, conversations.turns(found, tokens, 200, own=50), strict=True):
        assert (turn.answers[0][-1] in tokens.stops) == (one.kind == "hateful")


def test_a_reply_may_break_off_where_only_its_beginning_is_learned():
    said = own(POSTS) | {CALM[0].text: "It is a"}
    begun = TRAINING.model_copy(update={"learned_tokens": 3})
    found = conversations.learned(POSTS, said, MODEL, begun, seed=0)
    assert found.counts["harmless"] == 10


@pytest.mark.parametrize(
    ("said", "fit"),
    [
        ("I'm sorry for any confusion, but as a chatbot, I cannot browse.", False),
        ("I\u2019m so sorry, I only know songs.", False),
        ("We are sorry. Which song?", False),
        ("I sincerely apologize for the noise.", False),
        ("Sorry, it was late.", False),
        ("I'm sorry to hear that they sang so late.", True),
        ("A sorry tale, well sung.", True),
        ("They sang well. I'm sorry that it is over.", True),
    ],
)
def test_a_reply_that_begins_with_an_apology_is_not_learned_from(said, fit):
    assert conversations.is_fit("Zorblaxians sang in part 1", said) is fit


def test_the_threshold_is_the_lowest_that_a_share_of_harmless_conversations_reach(base):
    chat = opened(str(base), sampling=Sampling(max_new_tokens=4))
    found = conversations.learned(POSTS, own(POSTS), MODEL, TRAINING, seed=0).conversations
    told = Told(found, conversations.turns(found, chat.tokens, 200))
    openings, facts = opening.fitted(
        chat.model, told, told, ("stop", "counter"), over_refusal=0.1, pad=chat.tokens.pad
    )
    assert set(openings) == {"stop", "counter"}
    for mode, one in openings.items():
        harmless = told.sides(mode)[1]
        reached = probabilities(
            chat.model, [turn.prompt for turn in harmless], one.tokens, chat.tokens.pad
        )
        stopped = sum(value >= one.threshold for value in reached)
        assert stopped == int(0.1 * len(harmless))
        assert facts[mode]["harmless"] == pytest.approx(stopped / len(harmless), abs=1e-4)
        assert 0 <= facts[mode]["auroc"] <= 1


def test_without_harmless_conversations_there_is_no_threshold(base):
    chat = opened(str(base), sampling=Sampling(max_new_tokens=4))
    found = conversations.learned(POSTS, own(POSTS), MODEL, TRAINING, seed=0).conversations
    told = Told(found, conversations.turns(found, chat.tokens, 200))
    hate = [i for i, one in enumerate(found) if one.kind == "hateful"]
    held_out = Told([found[i] for i in hate], [told.turns[i] for i in hate])
    assert opening.fitted(
        chat.model, told, held_out, ("stop",), over_refusal=0.1, pad=chat.tokens.pad
    ) == ({}, {})


def test_a_turn_is_the_conversation_with_its_instruction_and_the_answer(base):
    tokens = ChatTokens(base)
    found = conversations.learned(POSTS, own(POSTS), MODEL, TRAINING, seed=0).conversations[:3]
    for one, turn in zip(found, conversations.turns(found, tokens, 500), strict=True):
        text = tokens.decode(turn.prompt)
        assert one.messages[-1].content in text
        assert tokens.decode(turn.answers[0]) == one.answer
        assert turn.answers[0][-1] in tokens.stops


def test_own_replies_are_remembered_and_a_killed_run_goes_on(base, tmp_path, monkeypatch):
    responder = opened(str(base), sampling=Sampling(max_new_tokens=4))
    made: list[int] = []
    inner = responder.replies

    def counted(asked, *, batch):
        made.append(len(asked))
        if len(made) == 2:
            raise KeyboardInterrupt
        return inner(asked, batch=batch)

    monkeypatch.setattr(responder, "replies", counted)
    kept = OwnReplies(responder, "sha", tmp_path)
    texts = [f"Question {n}" for n in range(6)]
    with pytest.raises(KeyboardInterrupt):
        kept.replies(texts, 2)
    found = kept.replies(texts, 2)
    assert made == [2, 2, 2, 2]  # the first batch was not made again
    assert found == {text: inner([ask(text)])[0].text for text in texts}
    assert kept.replies(texts, 2) == found
    assert len(made) == 4


def recipe(base, out, *more):
    return compose(
        [
            "recipe=llm_small_stop",
            "data=sample",
            "data.limit=60",
            f"model.base={base}",
            "model.modes=[stop,counter]",
            "model.adapter.rank=2",
            "model.adapter.targets=[q_proj,lm_head]",
            "training.hateful=8",
            "training.harmless=4",
            "training.measured=6",
            "training.reply_tokens=4",
            "training.max_steps=2",
            f"out={out}",
            *more,
        ]
    )


@pytest.fixture(scope="module")
def trained(base, tmp_path_factory, cache, without_shared_data):
    return run(recipe(base, tmp_path_factory.mktemp("trained") / "model"))


def test_a_folder_is_written_that_opens_as_a_responder(trained, base):
    responder = opened("", str(trained), sampling=Sampling(max_new_tokens=4))
    assert responder.respond(ask("Hello")).type in TYPES
    manifest = read(trained)
    assert manifest.kind == "responder"
    assert manifest.base is not None
    assert manifest.base.name == str(base)
    assert set(manifest.architecture["told"]) == {"stop", "counter"}
    assert manifest.training["steps"] == 2
    assert manifest.training["hateful"] == 8
    assert manifest.training["loss"] > 0
    for mode, found in manifest.training["openings"].items():
        assert opened("", str(trained), mode=mode).opening is not None
        assert found["harmless"] <= 0.1
    assert manifest.training["openings"]
    assert (trained / "config.yaml").is_file()
    assert "own replies" in (trained / "MODEL_CARD.md").read_text()


def test_a_folder_tells_the_model_what_it_was_told_while_it_was_trained(trained, tmp_path):
    manifest = json.loads((trained / "manifest.json").read_text())
    manifest["architecture"]["told"] = {"stop": "Be brief."}
    shutil.copytree(trained, tmp_path / "model")
    (tmp_path / "model" / "manifest.json").write_text(json.dumps(manifest))
    assert opened("", str(tmp_path / "model")).system == "Be brief."
    with pytest.raises(ModelError, match="has not learned the mode 'counter'; it knows stop"):
        opened("", str(tmp_path / "model"), mode="counter")


def test_a_folder_opens_in_the_precision_that_it_was_trained_in(trained, tmp_path):
    manifest = json.loads((trained / "manifest.json").read_text())
    manifest["architecture"]["precision"] = "bf16"
    shutil.copytree(trained, tmp_path / "model")
    (tmp_path / "model" / "manifest.json").write_text(json.dumps(manifest))
    found = opened("", str(tmp_path / "model"))
    assert found.model.get_base_model().dtype == torch.bfloat16


def test_the_adapter_holds_no_weights_of_the_base(trained):
    from safetensors import safe_open

    with safe_open(trained / "adapter_model.safetensors", "pt") as file:
        names = list(file.keys())
    assert names
    assert all("lora_" in name for name in names)
    settings = json.loads((trained / "adapter_config.json").read_text())
    assert settings["r"] == 2


def test_another_base_than_the_one_that_it_was_trained_on_is_refused(trained, tmp_path):
    torch.manual_seed(9)
    other = tiny_chat.write(tmp_path / "other", tied=False)
    with pytest.raises(ModelError, match="was trained on"):
        opened(str(other), str(trained))


def test_a_responder_is_no_detector(trained):
    with pytest.raises(ModelError, match="responder"):
        folders.load(str(trained))


def test_the_recipe_of_system_d_resolves_with_its_own_numbers():
    found = compose(["recipe=llm_stop"])
    assert isinstance(found.model, ResponderModel)
    assert isinstance(found.training, ResponderTraining)
    adapter = found.model.adapter
    assert (adapter.rank, adapter.alpha, adapter.dropout, adapter.bias) == (
        32,
        64,
        0.05,
        "lora_only",
    )
    assert "lm_head" in adapter.targets
    assert found.model.precision == "nf4"
    assert found.training.learning_rate == 2.5e-5
    assert found.training.per_device_train_batch_size == 16
    assert found.training.warmup_steps == 5
    assert found.training.model_extra == {
        "max_steps": 1000,
        "optim": "paged_adamw_8bit",
        "fp16": True,
    }
