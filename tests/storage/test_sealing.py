"""Keyed hashes, and texts that only the holder of the secret can read."""

from __future__ import annotations

import hashlib
import string

import pytest
from sqlalchemy import select

from hatelens.errors import ConfigError, StorageError
from hatelens.storage.sealing import sealer
from hatelens.storage.tables import facts

SECRET = "a secret of the tests, and of nothing else"
TEXTS = ["", "The Zorblaxians sang.", "a\x00b\ud800", "żółw 🐢", "x" * 1_000_000]


@pytest.mark.parametrize("text", TEXTS, ids=["empty", "plain", "broken", "wide", "long"])
def test_a_text_is_opened_as_it_was_sealed(database, text):
    found = sealer(database, SECRET)
    sealed = found.seal(text)
    assert found.open(sealed) == text
    assert len(text) < 2 or text.encode("utf-8", "surrogatepass") not in sealed


def test_a_hash_says_nothing_without_the_key_and_is_the_same_every_time(database):
    one, again = sealer(database, SECRET), sealer(database, SECRET)
    found = [one.hash(text) for text in TEXTS]
    assert found == [again.hash(text) for text in TEXTS]
    assert len(set(found)) == len(TEXTS)
    assert all(len(each) == 64 and set(each) <= set(string.hexdigits) for each in found)
    assert one.hash("The Zorblaxians sang.") != hashlib.sha256(b"The Zorblaxians sang.").hexdigest()


def test_two_databases_hash_differently(database, tmp_path):
    from hatelens.storage import database as databases

    other = databases.opened(f"sqlite:///{tmp_path}/other.db")
    assert sealer(other, SECRET).hash("a text") != sealer(database, SECRET).hash("a text")
    other.close()


def test_without_a_secret_there_are_hashes_but_nothing_can_be_sealed(database):
    found = sealer(database)
    assert not found.seals
    assert found.hash("a text") == sealer(database).hash("a text")
    for call in (lambda: found.seal("a text"), lambda: found.open(b"")):
        with pytest.raises(ConfigError, match="set HATELENS_SECRET"):
            call()


def test_a_secret_can_come_later_and_hashes_stay_while_their_key_disappears(database):
    without = sealer(database)
    with database.read() as connection:
        plain = connection.execute(select(facts.c.value)).scalar_one()
    later = sealer(database, SECRET)
    assert later.seals
    assert later.hash("a text") == without.hash("a text")
    with database.read() as connection:
        (stored,) = connection.execute(select(facts.c.value)).scalars()
    assert stored.startswith("sealed:")
    assert plain not in stored


@pytest.mark.parametrize("wrong", [SECRET + "!", SECRET.upper()])
def test_another_secret_is_refused(database, wrong):
    sealer(database, SECRET)
    with pytest.raises(ConfigError, match="HATELENS_SECRET is not the one") as raised:
        sealer(database, wrong)
    assert wrong not in str(raised.value)


def test_a_database_that_knows_a_secret_is_not_opened_without_one(database):
    sealer(database, SECRET)
    with pytest.raises(ConfigError, match="was used with a secret"):
        sealer(database)


def test_a_short_secret_is_refused_without_showing_it(database):
    with pytest.raises(ConfigError, match="has 6 characters; it must have 32 or more") as raised:
        sealer(database, "turtle")
    assert "turtle" not in str(raised.value)


def test_bytes_of_the_environment_that_are_no_utf8_may_be_a_secret(database):
    strange = "\udcff" * 32
    assert sealer(database, strange).open(sealer(database, strange).seal("a text")) == "a text"


def test_a_sealed_text_that_was_changed_is_not_opened(database):
    found = sealer(database, SECRET)
    sealed = bytearray(found.seal("The Zorblaxians sang."))
    sealed[-9] ^= 1
    with pytest.raises(StorageError, match="cannot be opened"):
        found.open(bytes(sealed))
