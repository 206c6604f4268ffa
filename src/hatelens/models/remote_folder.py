"""Makes a model folder for a model that a server holds, after one question to it."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from hatelens.errors import ModelError, unknown
from hatelens.labels import LabelSet
from hatelens.models import folder as folders
from hatelens.models import openai_api, prompt, published, remote
from hatelens.models.manifest import Manifest
from hatelens.models.openai_api import Api, NoLogprobsError
from hatelens.models.prompt import Prompt
from hatelens.models.server_client import ServerClient

Decode = Literal["auto", "probability", "generate"]
DECODES: tuple[Decode, ...] = ("auto", "probability", "generate")
TRIAL = "Good morning, how are you today?"
TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)


@dataclass(frozen=True)
class Wishes:
    """What a person says of a model behind a server.

    Attributes:
        model: its name there; empty where the server has one only.
        labels: the classes, in order.
        hateful: which of them count as hateful; empty to go by their names.
        answers: words that stand for each label, in order; empty for the labels themselves.
        prompt: name of a prompt, or a text file; empty to send the text alone, where the server
            has the prompt (a Modelfile's ``TEMPLATE``).
        chat: ask as the user of a chat; False sends the prompt as it is.
        decode: ``probability`` of the words, ``generate`` an answer, or ``auto``: the first where
            the server gives probabilities.
        top: tokens that are asked for at each place.
        samples: answers per text where they are generated.
        window: bytes of a text that are read at once.
        tokenizer: folder with the model's tokenizer, to send token ids; None to send words.
        max_length: tokens of a prompt with its text, where token ids are sent.
        key: name of the environment variable that holds the key; empty without one.
        like: a ``decoder`` folder whose export the server holds: labels, answers, prompt,
            tokenizer, calibration and thresholds are taken from it; empty without one.
        templated: the server has that folder's prompt as its template, so send texts alone.
    """

    model: str = ""
    labels: tuple[str, ...] = ()
    hateful: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    prompt: str = ""
    chat: bool = True
    decode: Decode = "auto"
    top: int = openai_api.TOP
    samples: int = 1
    window: int = remote.WINDOW
    tokenizer: Path | None = None
    max_length: int = 512
    key: str = ""
    like: str = ""
    templated: bool = False


def make(url: str, out: Path, wishes: Wishes) -> Manifest:
    """Write the folder of a model behind a server and return its manifest.

    Args:
        url: of the server, as in ``http://localhost:11434``.
        out: folder to write; must not exist.
        wishes: which model, which question.

    Raises:
        UnavailableError: the server does not answer.
        ModelError: it has no such model, or the labels are not clear.
    """
    folders.check_free(out)
    original = _original(wishes.like)
    wishes = _as_original(wishes, original) if original else wishes
    labels = original.labels if original else _labels(wishes)
    api = Api(ServerClient(url, key=wishes.key), wishes.model, wishes.top)
    if not wishes.model:
        api.model = _only(api)
    with folders.writing(out) as work:
        template = _prompt(wishes)
        (work / prompt.FILE).write_text(template.template, encoding="utf-8", newline="")
        files = [prompt.FILE, *_tokenizer(wishes.tokenizer, work)]
        settings = _settings(api, wishes, labels)
        settings["prompt"] = template.name  # never a path: the folder holds the prompt itself
        if original and settings["tokens"]:
            taken = original.architecture
            settings |= {"prompt": taken["prompt"], "shots": taken.get("shots")}
        settings["decode"] = _decode(api, work, settings)
        manifest = Manifest(
            name=api.model,
            kind="remote",
            runtime=remote.RUNTIME,
            labels=labels,
            architecture=settings,
            files=folders.hashes(work, files),
            package=importlib.metadata.version("hatelens"),
        )
        if original:
            manifest = _fitted(manifest, original)
        folders.write_manifest(work, manifest)
    return manifest


def decode(name: str) -> Decode:
    """Read the name of a way to decode.

    Raises:
        ModelError: there is none of that name.
    """
    for known in DECODES:
        if name == known:
            return known
    raise ModelError(unknown("way to decode", name, DECODES))


def _original(like: str) -> Manifest | None:
    """Read the folder that the server's model was exported from."""
    if not like:
        return None
    manifest = folders.read(folders.find(like))
    if manifest.kind != "decoder" or manifest.architecture["head"] != "labels":
        raise ModelError(
            f"{like} is a {manifest.kind} model; --like takes the folder of a decoder that answers "
            "in words."
        )
    return manifest


def _as_original(wishes: Wishes, original: Manifest) -> Wishes:
    place, settings = folders.find(wishes.like), original.architecture
    answers = tuple(settings["answers"][label] for label in original.labels.names)
    alike = replace(wishes, labels=original.labels.names, answers=answers)
    if wishes.templated:
        return alike
    return replace(
        alike,
        prompt=str(place / prompt.FILE),
        chat=settings["chat"],
        decode="probability",
        tokenizer=place,
        max_length=settings["max_length"],
    )


def _fitted(manifest: Manifest, original: Manifest) -> Manifest:
    """Take over what was fitted to the original's scores."""
    return replace(
        manifest,
        calibration=original.calibration,
        thresholds=original.thresholds,
        cleaning=original.cleaning,
        languages=original.languages,
        data=original.data,
    )


def _labels(wishes: Wishes) -> LabelSet:
    if len(wishes.labels) < 2:
        raise ModelError("A model behind a server needs at least two labels; give --label twice.")
    if wishes.answers and len(wishes.answers) != len(wishes.labels):
        raise ModelError(
            f"There are {len(wishes.answers)} answers for {len(wishes.labels)} labels; give one "
            "--answer per label, in their order."
        )
    remote.check_words(wishes.answers or wishes.labels)
    hateful = wishes.hateful or published.by_name(wishes.labels)
    if not hateful:
        raise ModelError(
            f"Nothing says which of {', '.join(wishes.labels)} count as hateful; say it with "
            "--hateful LABEL."
        )
    return LabelSet(wishes.labels, hateful)


def _prompt(wishes: Wishes) -> Prompt:
    if not wishes.prompt:
        return Prompt("", "{{ text }}", wishes.chat)
    return prompt.load(wishes.prompt, chat=wishes.chat)


def _only(api: Api) -> str:
    names = api.names()
    if len(names) != 1:
        raise ModelError(
            f"The server {api.client.url} has {len(names)} models ({', '.join(names) or 'none'}); "
            "name one with --model."
        )
    return names[0]


def _tokenizer(source: Path | None, work: Path) -> list[str]:
    """Copy a tokenizer into the folder and return its files."""
    if source is None:
        return []
    there = [name for name in TOKENIZER if (source / name).is_file()]
    if TOKENIZER[0] not in there:
        raise ModelError(f"{source} holds no {TOKENIZER[0]}; name the folder of the model.")
    for name in there:
        shutil.copyfile(source / name, work / name)
    return there


def _settings(api: Api, wishes: Wishes, labels: LabelSet) -> dict[str, Any]:
    return {
        "kind": "remote",
        "server": api.client.url,
        "model": api.model,
        "digest": api.digest(),
        "prompt": wishes.prompt,
        "chat": wishes.chat,
        "answers": dict(zip(labels.names, wishes.answers or labels.names, strict=True)),
        "top": wishes.top,
        "samples": wishes.samples,
        "window": wishes.window,
        "tokens": wishes.tokenizer is not None,
        "max_length": wishes.max_length,
        "key": wishes.key,
        "decode": wishes.decode,
    }


def _decode(api: Api, work: Path, settings: Mapping[str, Any]) -> Decode:
    """Ask one question, so that what cannot work is said now; find out what the server gives."""
    wanted: Decode = settings["decode"]
    if wanted != "generate":
        try:
            _trial(api, work, dict(settings) | {"decode": "probability"})
        except NoLogprobsError:
            if wanted == "probability":
                raise
        else:
            return "probability"
    _trial(api, work, dict(settings) | {"decode": "generate"})
    return "generate"


def _trial(api: Api, work: Path, settings: Mapping[str, Any]) -> None:
    words: Sequence[str] = list(settings["answers"].values())
    asks = remote.questions(work, settings, words)
    remote.RemoteScorer(api, asks, words, settings).logits([TRIAL])
