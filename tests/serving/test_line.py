from __future__ import annotations

import threading
from asyncio import Future, new_event_loop
from collections.abc import Iterator

import pytest

from hatelens.models.detector import Prediction
from hatelens.serving.line import ClosedError, FullError, Kind, Line, Part, Ticket

PLAIN: Kind = (False, "")
EXPLAINED: Kind = (True, "")


@pytest.fixture
def future() -> Iterator[Future[list[Prediction]]]:
    loop = new_event_loop()
    yield loop.create_future()
    loop.close()


@pytest.fixture
def ticket(future: Future[list[Prediction]]):
    def made(*texts: str, kind: Kind = PLAIN) -> Ticket:
        return Ticket(texts, kind, future)

    return made


def texts(parts: list[Part]) -> list[str]:
    return [text for part in parts for text in part.texts]


def test_a_pass_takes_what_waits_up_to_its_size_in_the_order_of_coming(ticket) -> None:
    line = Line(100, 3)
    for each in (ticket("a"), ticket("b", "c"), ticket("d")):
        line.add(each)
    assert line.waiting == 4
    assert texts(line.take()) == ["a", "b", "c"]
    assert line.waiting == 1
    assert texts(line.take()) == ["d"]


def test_the_rest_of_a_long_request_goes_behind_the_others(ticket) -> None:
    line = Line(100, 2)
    long = ticket(*"abcde")
    line.add(long)
    line.add(ticket("x"))
    assert texts(line.take()) == ["a", "b"]
    line.add(ticket("y"))
    assert [texts(line.take()) for _ in range(3)] == [["x", "c"], ["y", "d"], ["e"]]
    assert long.begun == 5


def test_explanations_and_adapters_take_turns_with_plain_texts(ticket) -> None:
    line = Line(100, 2)
    line.add(ticket("w", "e", kind=EXPLAINED))
    line.add(ticket("v", kind=EXPLAINED))
    line.add(ticket("f", kind=(False, "forum")))
    for text in "abcd":
        line.add(ticket(text))
    order = [texts(line.take()) for _ in range(6)]
    assert order == [["w"], ["f"], ["a", "b"], ["v"], ["c", "d"], ["e"]]


def test_explained_texts_of_two_requests_never_share_a_pass(ticket) -> None:
    line = Line(100, 64, explained=4)
    line.add(ticket("a", "b", kind=EXPLAINED))
    line.add(ticket("c", kind=EXPLAINED))
    assert [texts(line.take()) for _ in range(2)] == [["a", "b"], ["c"]]


def test_a_full_line_lets_nobody_in_but_an_empty_one_takes_any_request(ticket) -> None:
    line = Line(3, 64)
    line.add(ticket(*"abcdefgh"))
    with pytest.raises(FullError):
        line.add(ticket("x"))
    assert line.waiting == 8
    line.take()
    line.add(ticket("x", "y", "z"))
    with pytest.raises(FullError):
        line.add(ticket("w"))


def test_who_leaves_is_not_taken_and_makes_room(ticket) -> None:
    line = Line(3, 2)
    gone, stays = ticket("a", "b"), ticket("c")
    line.add(gone)
    line.add(stays)
    assert line.leave(gone, untouched=True)
    assert not line.leave(gone)
    assert line.waiting == 1
    assert texts(line.take()) == ["c"]


def test_what_was_begun_leaves_only_when_nobody_wants_the_rest(ticket) -> None:
    line = Line(100, 2)
    begun = ticket(*"abc")
    line.add(begun)
    line.take()
    assert not line.leave(begun, untouched=True)
    assert line.waiting == 1
    assert line.leave(begun)
    assert line.waiting == 0
    line.close()
    assert line.take() == []


def test_a_closed_line_gives_out_what_it_has_and_then_nothing(ticket) -> None:
    line = Line(100, 2)
    line.add(ticket("a"))
    line.close()
    with pytest.raises(ClosedError):
        line.add(ticket("b"))
    assert texts(line.take()) == ["a"]
    assert line.take() == []


def test_whoever_waits_for_a_pass_is_woken_by_a_request_and_by_the_end(ticket) -> None:
    line = Line(100, 2)
    taken: list[list[str]] = []

    def work() -> None:
        while parts := line.take():
            taken.append(texts(parts))

    thread = threading.Thread(target=work)
    thread.start()
    line.add(ticket("a"))
    line.close()
    thread.join(10)
    assert not thread.is_alive()
    assert taken == [["a"]]
