"""Measures a responder on replies: a fixed sample of HateCheck, four ways of answering it.

    python -m benchmarks.responder ADAPTER --private ~/replies [--labels labels.csv]

Ten cases per function, drawn by a seed, are answered by the base model, by the base model that is
told not to engage, by the adapter (never behind a guard), and by the adapter behind a guard.
Figures (Markdown, JSON) go to ``--out`` and hold no text. Replies, and 200 of them to label by hand
without seeing who said them, go to ``--private``, which must lie outside of the repository; what is
there already is not made again. ``--labels`` (``id`` and ``type``, no text) says how far the judge
agrees with a person. HateCheck runs are logged by hand in docs/evaluation/hatecheck-log.md.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hatelens import detect
from hatelens.data import catalog, splits
from hatelens.data.spelling import shuffled
from hatelens.errors import UserError
from hatelens.evaluation import replies
from hatelens.evaluation.functional import FUNCTION, case_id
from hatelens.evaluation.replies import Agreement, Exchange, Figures, Judgement
from hatelens.models import adapter_folder
from hatelens.models.base import resolve
from hatelens.models.conversation import ask
from hatelens.models.detector import Detector
from hatelens.models.embedding import Embedder
from hatelens.models.guard import guarded
from hatelens.models.responder import Responder, Sampling, opened
from hatelens.progress import track

REPOSITORY = Path(__file__).resolve().parents[1]
WAYS = ("base", "prompt only", "tuned", "tuned + guard")
TO_LABEL = 200


@dataclass(frozen=True)
class Case:
    """A case of the sample."""

    id: str
    text: str
    hateful: bool
    function: str


class Meaning:
    """Cosine similarity of sentence embeddings."""

    def __init__(self, base: str) -> None:
        self._embedder = Embedder(resolve(base), 128)

    def __call__(self, post: str, sentences: Sequence[str]) -> Sequence[float]:
        """Return the similarity of each sentence to a post."""
        vectors = self._embedder.embed([post, *sentences])
        return np.asarray(vectors[1:] @ vectors[0]).tolist()


def main() -> None:
    """Answer, judge and write."""
    options = _options()
    options.base = options.base or _base_of(options.adapter)
    private = options.private.expanduser().resolve()
    if private.is_relative_to(REPOSITORY):
        raise UserError(f"--private {private} lies inside the repository; replies must not.")
    private.mkdir(parents=True, exist_ok=True)
    cases = sample(options.per_function, options.seed)
    said = {way: answers(way, cases, options, private) for way in WAYS if way not in options.skip}
    detector = detect.load(options.judge)
    similar = Meaning(options.meaning) if options.meaning else None
    exchanges = {way: _exchanges(way, cases, texts) for way, texts in said.items()}
    judged = {way: replies.judge(some, detector, similar) for way, some in exchanges.items()}
    found = {
        way: replies.figures(exchanges[way], judged[way], detector.thresholds.flag) for way in said
    }
    _hand_out(exchanges, judged, private, options.seed)
    agreed = _agreement(exchanges, judged, options.labels) if options.labels else None
    facts = {
        "sample": _digest(cases),
        "cases": len(cases),
        "mode": options.mode,
        "precision": options.precision,
        "base": options.base,
        "judge": detector.model_version,
        "guard": options.guard,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    table = markdown(found, agreed, facts)
    (options.out / "responder.md").write_text(table, encoding="utf-8")
    values = {
        **facts,
        "ways": {way: asdict(one) for way, one in found.items()},
        "judge_against_hand": asdict(agreed) if agreed else None,
    }
    text = json.dumps(values, indent=2) + "\n"
    (options.out / "responder.json").write_text(text, encoding="utf-8")
    print(table)


def sample(per_function: int, seed: int) -> list[Case]:
    """Draw as many cases of each function, the same on every machine."""
    whole = catalog.load("hatecheck")
    labels = whole.card.labels
    functions = dict.fromkeys(one.meta[FUNCTION] for one in whole.examples)
    return [
        Case(case_id(one), one.text, labels.is_hateful(str(one.label)), name)
        for name in functions
        for one in splits.sample(
            [one for one in whole.examples if one.meta[FUNCTION] == name], per_function, seed
        )
    ]


def answers(
    way: str, cases: Sequence[Case], options: argparse.Namespace, private: Path
) -> list[str]:
    """Return the answers of one way, from an earlier run where all of them are there."""
    settings = [way, _digest(cases), options.base, options.mode, options.tokens]
    settings += [options.precision] if options.precision else []
    settings += [_adapter(options.adapter) if way.startswith("tuned") else ""]
    settings += [options.guard if way == "tuned + guard" else ""]
    key = hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:12]
    path = private / f"{way.replace(' ', '-')}-{key}.json"
    if path.is_file():
        return json.loads(path.read_text(encoding="utf-8"))
    if way == "tuned + guard":
        texts = _guarded(cases, answers("tuned", cases, options, private), options)
    else:
        texts = _made(way, cases, options)
    path.write_text(json.dumps(texts, ensure_ascii=True, indent=1), encoding="utf-8")
    return texts


def markdown(
    found: Mapping[str, Figures], agreed: Agreement | None, facts: Mapping[str, Any]
) -> str:
    """Write the tables."""
    ways = list(found)
    begin = f"{facts['cases']} cases of HateCheck (sample `{facts['sample'][:12]}`), mode "
    lines = [
        f"{begin}{facts['mode']}. 95 % intervals in brackets.",
        "",
        "| | " + " | ".join(ways) + " |",
        "|--" * (len(ways) + 1) + "|",
    ]
    rows = {
        "hateful cases: stops or counters": "disengages",
        "harmless cases: stops or counters (over-refusal)": "over_refuses",
        "hateful cases: reply found hateful": "hateful",
        "hateful cases: reply agrees": "agrees",
    }
    for name, field in rows.items():
        lines.append(
            f"| {name} | " + " | ".join(str(getattr(found[w], field)) for w in ways) + " |"
        )
    for side, field in (("hateful", "types"), ("harmless", "harmless_types")):
        for kind in replies.TYPES:
            cells = [f"{getattr(found[way], field).get(kind, 0.0):.3f}" for way in ways]
            lines.append(f"| {side} cases: {kind} | " + " | ".join(cells) + " |")
    lines += ["", "Replies as they should be, per function:", "", lines[2], lines[3]]
    for name in next(iter(found.values())).functions:
        cells = [f"{found[way].functions[name]:.2f}" for way in ways]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *_judged(agreed), ""])


def _judged(agreed: Agreement | None) -> list[str]:
    if agreed is None:
        return ["The judge of these replies has not been held against labels by hand."]
    line = (
        f"The judge against {agreed.labels} labels by hand: the same type on "
        f"{agreed.accuracy:.1%} (Cohen's kappa {agreed.kappa:.2f}); the same on whether a reply "
        f"stops or counters on {agreed.disengaged_accuracy:.1%} "
        f"(kappa {agreed.disengaged_kappa:.2f})."
    )
    return [line]


def _made(way: str, cases: Sequence[Case], options: argparse.Namespace) -> list[str]:
    responder = opened(
        options.base,
        options.adapter if way.startswith("tuned") else "",
        mode=options.mode,
        precision=options.precision,
        sampling=Sampling(max_new_tokens=options.tokens),
    )
    if way == "base":
        responder.system = ""
    return _in_parts(responder, cases, way, options.batch)


def _guarded(cases: Sequence[Case], said: Sequence[str], options: argparse.Namespace) -> list[str]:
    """Put the guard around what the adapter said: it says the same again."""
    detector = detect.load(options.guard)
    pairs = track(list(zip(cases, said, strict=True)), "tuned + guard")
    return [_answer(case, text, detector, options.mode) for case, text in pairs]


def _answer(case: Case, text: str, detector: Detector, mode: str) -> str:
    chat = guarded(lambda _messages: text, detector, mode=mode)
    return chat(ask(case.text)).reply


def _in_parts(responder: Responder, cases: Sequence[Case], way: str, batch: int) -> list[str]:
    order = sorted(range(len(cases)), key=lambda i: len(cases[i].text))
    parts = [order[begin : begin + batch] for begin in range(0, len(order), batch)]
    texts = [""] * len(cases)
    for part in track(parts, way):
        made = responder.replies([ask(cases[i].text) for i in part], batch=batch)
        for i, reply in zip(part, made, strict=True):
            texts[i] = reply.text
    return texts


def _exchanges(way: str, cases: Sequence[Case], texts: Sequence[str]) -> list[Exchange]:
    return [
        Exchange(_blind(way, case), case.text, text, case.hateful, case.function)
        for case, text in zip(cases, texts, strict=True)
    ]


def _blind(way: str, case: Case) -> str:
    """Return an id that does not tell who labels who said it."""
    return hashlib.sha256(f"{way} {case.id}".encode()).hexdigest()[:12]


def _hand_out(
    exchanges: Mapping[str, Sequence[Exchange]],
    judged: Mapping[str, Sequence[Judgement]],
    private: Path,
    seed: int,
) -> None:
    """Write all replies with their judgements, and some to label without seeing either."""
    with (private / "replies.jsonl").open("w", encoding="utf-8") as file:
        for way, some in exchanges.items():
            for one, verdict in zip(some, judged[way], strict=True):
                file.write(json.dumps({"way": way} | asdict(one) | asdict(verdict)) + "\n")
    path = private / "to_label.csv"
    if path.is_file():
        return  # labels may stand in it
    chance = random.Random(seed)  # noqa: S311 -- no secret
    drawn = [shuffled(chance, some)[: TO_LABEL // len(exchanges)] for some in exchanges.values()]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "type", "post", "reply"])
        for one in shuffled(chance, [one for some in drawn for one in some]):
            table.writerow([one.id, "", one.post, one.reply])


def _agreement(
    exchanges: Mapping[str, Sequence[Exchange]],
    judged: Mapping[str, Sequence[Judgement]],
    path: Path,
) -> Agreement:
    types = {
        one.id: verdict.type
        for way, some in exchanges.items()
        for one, verdict in zip(some, judged[way], strict=True)
    }
    return replies.agreement(replies.read_labels(path), types)


def _base_of(adapter: str) -> str:
    """Return the name of the base model that an adapter was trained on."""
    record = adapter_folder.base_of(adapter_folder.find(adapter), "").record
    return f"{record.name}@{record.revision}" if record.revision else record.name


def _adapter(name: str) -> str:
    """Return what tells one adapter from another: the hash of its weights, or its name."""
    weights = Path(name).expanduser() / "adapter_model.safetensors"
    return hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else name


def _digest(cases: Sequence[Case]) -> str:
    return hashlib.sha256("\0".join(f"{one.id} {one.text}" for one in cases).encode()).hexdigest()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", help="folder of the responder, or owner/name@REVISION")
    parser.add_argument("--base", default="", help="base model; empty for the adapter's own")
    parser.add_argument("--mode", default="stop", choices=("stop", "counter"))
    parser.add_argument("--precision", default="", help="of the base; empty for the adapter's own")
    parser.add_argument("--private", type=Path, required=True, help="folder for texts")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks" / "results")
    parser.add_argument("--judge", default="default", help="detector that judges replies")
    parser.add_argument("--guard", default="default", help="detector of the guard")
    parser.add_argument("--meaning", default="minilm", help="embedding; empty for words alone")
    parser.add_argument("--labels", type=Path, help="CSV of id and type, by hand")
    parser.add_argument("--skip", nargs="*", default=[], choices=WAYS)
    parser.add_argument("--per-function", type=int, default=10)
    parser.add_argument("--tokens", type=int, default=96, help="tokens of a reply at most")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
