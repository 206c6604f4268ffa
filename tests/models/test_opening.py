"""The opening: what tells it apart, how probable it is, and that its threshold decides."""

from __future__ import annotations

import pytest
import torch

from hatelens.models.conversation import ask
from hatelens.models.opening import Opening, probabilities, told_apart
from hatelens.models.responder import Responder, Sampling, opened
from tests import tiny_chat

SHORT = Sampling(max_new_tokens=6)
POSTS = ("Hello", "What is a haiku?", "Why is the sky blue? " * 4)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_chat.write(tmp_path_factory.mktemp("chat"))


@pytest.fixture(scope="module")
def responder(base):
    return opened(str(base), sampling=SHORT)


def words(responder, text="I won"):
    return responder.tokens.answer(text)[: -len(responder.tokens.end)]


def decided(responder, threshold):
    opening = Opening(words(responder), threshold)
    return Responder(
        responder.model, responder.tokens, responder.system, responder.sampling, opening
    )


def rows(responder):
    return [responder.tokens.encode(ask(post), 500, system=responder.system) for post in POSTS]


def test_the_shortest_beginning_that_tells_lines_from_other_answers_is_found():
    lines = [(1, 2, 3, 4), (1, 2, 3, 5), (1, 2, 3, 4, 6)]
    assert told_apart(lines, [(1, 7), (8, 2)]) == (1, 2)
    assert told_apart(lines, [(7, 7), (8, 2)]) == (1,)
    assert told_apart(lines, [(1, 2, 3, 9)]) == ()
    assert told_apart([(1, 2), (2, 2)], [(3,)]) == ()
    assert told_apart([], [(3,)]) == ()


def test_a_beginning_that_few_others_share_still_tells_apart():
    others = [(1, 2), *[(5, 5)] * 199]
    assert told_apart([(1, 2, 3)], others) == (1,)
    assert told_apart([(1, 2, 3)], others, rare=0.0) == (1, 2, 3)


def test_the_probability_is_the_product_over_the_tokens_and_padding_changes_nothing(responder):
    opening = words(responder)
    found = probabilities(responder.model, rows(responder), opening, responder.tokens.pad)
    for row, probability in zip(rows(responder), found, strict=True):
        with torch.inference_mode():
            logits = responder.model(input_ids=torch.tensor([[*row, *opening]])).logits[0]
        steps = torch.softmax(logits.float(), dim=-1)
        expected = 1.0
        for place, token in enumerate(opening):
            expected *= float(steps[len(row) + place - 1, token])
        assert probability == pytest.approx(expected, rel=1e-3)


def test_from_the_threshold_on_a_reply_begins_with_the_opening(responder):
    for reply in decided(responder, 0.0).replies([ask(post) for post in POSTS]):
        assert reply.text.startswith("I won")


def test_below_the_threshold_no_reply_begins_so(responder):
    with torch.inference_mode():
        row = torch.tensor([rows(responder)[0]])
        likeliest = int(responder.model(input_ids=row).logits[0, -1].argmax())
    never = Opening((likeliest,), 1.1)
    other = Responder(responder.model, responder.tokens, responder.system, SHORT, never)
    plain = responder.tokens.decode((likeliest,))
    assert responder.respond(ask(POSTS[0])).text.startswith(plain)
    assert not other.respond(ask(POSTS[0])).text.startswith(plain)


def test_each_conversation_of_a_batch_is_decided_on_its_own(responder):
    found = probabilities(responder.model, rows(responder), words(responder), responder.tokens.pad)
    between = decided(responder, sorted(found)[1])
    said = between.replies([ask(post) for post in POSTS])
    begun = [reply.text.startswith("I won") for reply in said]
    assert begun == [one >= sorted(found)[1] for one in found]
    assert begun.count(True) == 2
    alone = [between.respond(ask(post)).text for post in POSTS]
    assert [reply.text for reply in said] == alone


def test_an_opening_survives_the_manifest():
    opening = Opening((3, 4), 0.25)
    assert Opening.from_dict(opening.to_dict()) == opening
