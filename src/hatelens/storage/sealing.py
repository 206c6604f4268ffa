"""Keyed hashes of texts, and texts that only the holder of the secret can read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, insert, select, update

from hatelens.errors import ConfigError, StorageError
from hatelens.storage import chain
from hatelens.storage.database import Database
from hatelens.storage.tables import facts

SHORTEST = 32
SEALED = "sealed:"
NAME = "hash key"
STORED = select(facts.c.value).where(facts.c.name == NAME)
# A text may hold lone surrogates, and an environment variable bytes that are no UTF-8.
ESCAPE = "surrogatepass"


class Sealer:
    """Hashes texts and, where there is a secret, seals them.

    Args:
        hash_key: key of the hashes.
        seal: key of what is sealed; None where nothing can be.
    """

    def __init__(self, hash_key: bytes, seal: Fernet | None) -> None:
        self._hash_key = hash_key
        self._seal = seal

    @property
    def seals(self) -> bool:
        """Whether texts can be sealed."""
        return self._seal is not None

    def hash(self, text: str) -> str:
        """Return the keyed hash of a text: HMAC-SHA256, in hex."""
        data = text.encode("utf-8", ESCAPE)
        return hmac.new(self._hash_key, data, hashlib.sha256).hexdigest()

    def seal(self, text: str) -> bytes:
        """Encrypt a text.

        Raises:
            ConfigError: there is no secret.
        """
        return self._box().encrypt(text.encode("utf-8", ESCAPE))

    def open(self, sealed: bytes) -> str:
        """Decrypt a text.

        Raises:
            ConfigError: there is no secret.
            StorageError: it was sealed with another one, or changed since.
        """
        try:
            return self._box().decrypt(sealed).decode("utf-8", ESCAPE)
        except InvalidToken:
            raise StorageError(
                "A stored text cannot be opened: it was sealed with another secret, or changed."
            ) from None

    def _box(self) -> Fernet:
        if self._seal is None:
            raise ConfigError("Texts cannot be stored without a secret; set HATELENS_SECRET.")
        return self._seal


def sealer(database: Database, secret: str = "") -> Sealer:
    """Return the sealer of a database.

    The key of the hashes is random and stays the same for as long as the database lives. It lies
    there openly until there is a secret, and sealed from then on.

    Args:
        database: the record.
        secret: of at least 32 characters; empty for none.

    Raises:
        ConfigError: the secret is too short, or not the one that the database knows.
        StorageError: the database cannot be used.
    """
    seal = _derived(secret) if secret else None
    with database.read() as connection:
        stored = connection.execute(STORED).scalar()
    if stored is None or (seal and not stored.startswith(SEALED)):
        with database.begin() as connection:
            stored = _begun(connection, seal)
    return Sealer(_hash_key(stored, seal), seal)


def _derived(secret: str) -> Fernet:
    """Derive the key by HKDF (RFC 5869): no salt, for the secret is to be as good as random."""
    if len(secret) < SHORTEST:
        raise ConfigError(
            f"The secret has {len(secret)} characters; it must have {SHORTEST} or more. "
            "Set HATELENS_SECRET to a long random one."
        )
    derivation = HKDF(SHA256(), length=32, salt=None, info=b"hatelens: stored texts")
    return Fernet(base64.urlsafe_b64encode(derivation.derive(secret.encode("utf-8", ESCAPE))))


def _begun(connection: Connection, seal: Fernet | None) -> str:
    """Store the key of the hashes, if no other process has done so meanwhile."""
    chain.lock(connection)
    stored = connection.execute(STORED).scalar()
    key = secrets.token_hex(32) if stored is None else stored
    if key.startswith(SEALED):
        return key
    kept = SEALED + seal.encrypt(key.encode("ascii")).decode("ascii") if seal else key
    if stored is None:
        connection.execute(insert(facts).values(name=NAME, value=kept))
    else:
        connection.execute(update(facts).where(facts.c.name == NAME).values(value=kept))
    return kept


def _hash_key(stored: str, seal: Fernet | None) -> bytes:
    if not stored.startswith(SEALED):
        return bytes.fromhex(stored)
    if seal is None:
        raise ConfigError(
            "This database was used with a secret; set HATELENS_SECRET to the same one."
        )
    try:
        return bytes.fromhex(seal.decrypt(stored.removeprefix(SEALED)).decode("ascii"))
    except InvalidToken:
        raise ConfigError(
            "HATELENS_SECRET is not the one that this database was used with; set it to that one."
        ) from None
