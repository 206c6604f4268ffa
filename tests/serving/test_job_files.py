"""Files of a job: only the server's user reads them, and a torn result is mended."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hatelens.serving.job_files import ABANDONED, MADE, NOTED, JobFiles, Note, abandoned
from hatelens.storage import clock


@pytest.fixture
def files(tmp_path: Path) -> JobFiles:
    made = JobFiles(tmp_path / "jobs", "one")
    with made.receiving() as file:
        file.write(b"text\na\n")
    return made


def test_nobody_else_can_read_them(files: JobFiles) -> None:
    files.add(b"x", Note())
    assert files.folder.stat().st_mode & 0o777 == 0o700
    assert files.folder.parent.stat().st_mode & 0o777 == 0o700
    names = sorted(one.name for one in files.folder.iterdir())
    assert names == [NOTED, MADE, "upload"]
    assert all(one.stat().st_mode & 0o777 == 0o600 for one in files.folder.iterdir())


def test_an_upload_that_fails_leaves_nothing(tmp_path: Path) -> None:
    files = JobFiles(tmp_path, "one")

    def broken() -> None:
        with files.receiving() as file:
            file.write(b"half")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        broken()
    assert not files.folder.exists()


def test_a_folder_is_not_taken_twice(files: JobFiles) -> None:
    with pytest.raises(FileExistsError), files.receiving():
        pass
    assert files.size() == 7


def test_the_note_says_how_far_it_is(files: JobFiles) -> None:
    assert files.note() == Note()
    noted = files.add(b"one\n", Note(rows=1, bad=1, parts=1, read=3))
    assert noted == files.note() == Note(1, 1, 1, 3, 4, noted.time)
    assert abs(clock.now() - noted.time) < 60 * clock.SECOND
    assert files.add(b"two\n", Note(2, 1, 2, 7)).written == 8
    assert files.made.read_bytes() == b"one\ntwo\n"


def test_what_was_written_and_not_noted_is_cut_off(files: JobFiles) -> None:
    files.add(b"one\n", Note(1, 0, 1, 3))
    with files.made.open("ab") as file:
        file.write(b"a torn row that is longer than the next")
    again = JobFiles(files.folder.parent, "one")
    again.add(b"two\n", Note(2, 0, 2, 7))
    assert files.made.read_bytes() == b"one\ntwo\n"


def test_a_removed_job_is_not_written_again(files: JobFiles) -> None:
    files.remove()
    with pytest.raises(FileNotFoundError):
        files.add(b"x", Note())
    assert not files.folder.exists()
    assert files.size() == 0
    files.remove()


def test_folders_that_nobody_writes_to_are_found(files: JobFiles, tmp_path: Path) -> None:
    root = files.folder.parent
    assert abandoned(tmp_path / "none") == []
    assert abandoned(root) == []
    assert abandoned(root, time.time() + ABANDONED + 5) == ["one"]
    old = time.time() - ABANDONED - 5
    os.utime(files.folder, (old, old))
    assert abandoned(root) == []  # its upload still grows
    os.utime(files.sent, (old, old))
    assert abandoned(root) == ["one"]
