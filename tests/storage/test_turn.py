"""Turns at writing."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from hatelens.errors import StorageError
from hatelens.storage.turn import turn

HOLD = """
import sys, time
from hatelens.storage.turn import turn
with turn(sys.argv[1], 5):
    print("held", flush=True)
    time.sleep(60)
"""


def test_nobody_writes_while_another_has_the_turn_and_it_ends_with_its_process(tmp_path):
    path = str(tmp_path / "record.db")
    holder = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(StorageError, match="database is busy"), turn(path, 0.05):
        raise AssertionError
    holder.kill()
    holder.wait(30)
    with turn(path, 1):
        assert sorted(one.name for one in tmp_path.iterdir()) == [
            "record.db-next",
            "record.db-turn",
        ]


def test_who_wants_to_write_all_the_time_lets_another_in_between(tmp_path):
    path = str(tmp_path / "record.db")
    written, begun = [], threading.Event()

    def write(name, times):
        for _ in range(times):
            with turn(path, 30):
                written.append(name)
                begun.set()
                time.sleep(0.005)  # the other one stands behind by now

    busy = threading.Thread(target=write, args=("busy", 60))
    busy.start()
    begun.wait(30)
    other = threading.Thread(target=write, args=("other", 3))
    other.start()
    other.join(60)
    turns = len(written)
    busy.join(60)
    assert written.count("other") == 3
    assert turns < 30


def test_a_folder_that_is_gone_is_one_line(tmp_path):
    with (
        pytest.raises(StorageError, match=r"cannot be written: .*: No such file or directory"),
        turn(str(tmp_path / "gone" / "record.db"), 1),
    ):
        raise AssertionError
