"""Texts that wait in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest

from hatelens.serving import backlog
from hatelens.serving.backlog import Backlog


@dataclass(frozen=True)
class Text:
    text: str
    place: str = ""


def test_the_oldest_come_first_and_those_of_one_place_together() -> None:
    line: Backlog[Text] = Backlog()
    items = [Text("a", "x"), Text("b", "x"), Text("c", "y"), Text("d", "x")]
    assert line.add(items) == 4
    assert line.take(1) == items[:1]
    assert line.take(8, alike=lambda item: item.place) == items[1:2]
    assert line.take() == items[2:]
    assert line.take() == []
    assert not line


def test_there_is_room_for_so_many_texts_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "ROOM", 3)
    line: Backlog[Text] = Backlog()
    assert line.add([Text("a"), Text("b")]) == 2
    assert line.add([Text("c"), Text("d")]) == 1
    assert [one.text for one in line.take()] == ["a", "b", "c"]
    assert line.add([Text("d")]) == 1


def test_there_is_room_for_so_many_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "ROOM_CHARS", 10)
    line: Backlog[Text] = Backlog()
    assert line.add([Text("12345"), Text("123456"), Text("1")]) == 1
    assert line.add([Text("12345")]) == 1
    assert line.add([Text("1")]) == 0
    line.take(1)
    assert line.add([Text("1")]) == 1


def test_threads_lose_nothing_and_get_nothing_twice() -> None:
    line: Backlog[Text] = Backlog()
    got: list[Text] = []
    let_in = [0] * 4

    def bring(number: int) -> None:
        for index in range(500):
            let_in[number] += line.add([Text(f"{number} {index}")])

    threads = [threading.Thread(target=bring, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        got += line.take(7)
    got += line.take()
    assert len(set(got)) == len(got) == sum(let_in)
