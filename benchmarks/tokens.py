"""Measures how fast a recipe tunes a language model, next to a plain Trainer script.

    python -m benchmarks.tokens recipe=llm_small_hatexplain --steps 20 --out benchmarks/results

The same texts are learned from in one pass: by the recipe with packed rows, by the recipe with
batches grouped by length, and by a script as one writes it with Transformers alone, whose batches
are padded to their longest row. Each runs in a process of its own, so that its peak memory is its
own. Tokens are those of the texts with prompt and answer, the same number for all; the first step
is not timed. Writes a table (Markdown, JSON) without any text. Needs the recipe's data.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from benchmarks.machine import processor
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed

from hatelens.config.compose import compose
from hatelens.config.decoder import DecoderModel, DecoderTraining, spoken
from hatelens.config.schema import Recipe
from hatelens.data import corpus as corpora
from hatelens.data.splits import sample
from hatelens.models import decoder as kind
from hatelens.models.base import BaseModel, resolve
from hatelens.models.prompt_tokens import PromptTokenizer
from hatelens.training import decoder
from hatelens.training.answering import AnswerTuner
from hatelens.training.finetune import arguments
from hatelens.training.trained import Lesson, Material, lesson
from hatelens.training.turns import Collator, Turns

PLAIN = "plain Trainer, padded batches"
GROUPED = "hatelens, grouped by length"
PACKED = "hatelens, packed"


@dataclass(frozen=True)
class Speed:
    """How one way of training did.

    Attributes:
        name: of the way.
        tokens: of the texts with prompt and answer, in the timed steps.
        computed: tokens that the model was really given there, padding and all.
        seconds: of the timed steps.
        peak_mb: memory of the process at its highest, or of the GPU where there is one.
    """

    name: str
    tokens: int
    computed: int
    seconds: float
    peak_mb: float

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.tokens / self.seconds


@dataclass(frozen=True)
class Task:
    """What is learned, the same for all ways."""

    recipe: Recipe
    base: BaseModel
    tokens: PromptTokenizer
    words: dict[str, str]
    texts: Lesson
    material: Material

    @property
    def model(self) -> DecoderModel:
        """The settings of the model."""
        assert isinstance(self.recipe.model, DecoderModel)
        return self.recipe.model

    @property
    def training(self) -> DecoderTraining:
        """The settings of the training."""
        assert isinstance(self.recipe.training, DecoderTraining)
        return self.recipe.training

    @property
    def batch(self) -> int:
        """Texts of a batch."""
        return self.training.per_device_train_batch_size

    def rows(self) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Return prompt and answer of each text."""
        said = [self.tokens.answer(each, end=True) for each in self.words.values()]
        true = self.texts.classes.argmax(axis=1).tolist()
        prompts = map(self.tokens.encode, self.texts.texts)
        return [(prompt, said[i]) for prompt, i in zip(prompts, true, strict=True)]


def task(overrides: Sequence[str], steps: int, work: Path) -> Task:
    """Take as many texts of the recipe's data as the steps need."""
    recipe = compose(overrides)
    model, training = recipe.model, recipe.training
    assert isinstance(model, DecoderModel)
    assert isinstance(training, DecoderTraining)
    corpus = corpora.assemble(recipe.data, recipe.seed)
    words = spoken(model.answers, corpus.labels.names)
    base = resolve(model.base, model.revision)
    settings = model.model_dump(mode="json") | {"answers": words}
    tokens = kind.prompted(base.folder, settings)
    each = int((training.model_extra or {}).get("gradient_accumulation_steps", 1))
    size = training.per_device_train_batch_size * each * steps
    chosen = sample(corpus.train, size, recipe.seed)
    texts = lesson(chosen, corpus.labels, model.cleaning, soft=recipe.data.soft_labels)
    nothing = lesson((), corpus.labels, model.cleaning, soft=False)
    material = Material(texts, nothing, nothing.classes, corpus.labels, work, work / "resume")
    return Task(recipe, base, tokens, words, texts, material)


class Watch(TrainerCallback):
    """Times the steps after the first and counts what the model is given in all of them."""

    def __init__(self) -> None:
        self.begun = 0.0
        self.seconds = 0.0
        self.computed = 0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Note the time."""
        del args, control
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        if state.global_step == 1:
            self.begun = time.perf_counter()
        self.seconds = time.perf_counter() - self.begun

    def counting(self, collate: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Count the tokens of each batch as it is made."""

        def counted(rows: Any) -> Any:
            batch = collate(rows)
            self.computed += batch["input_ids"].numel()
            return batch

        return counted


def ours(name: str, given: Task, steps: int) -> Speed:
    """Train as the recipe does, packed or grouped by length."""
    values: dict[str, Any] = given.training.model_dump()
    values |= {"packing": name == PACKED, "num_train_epochs": 1.0, "save_steps": 10**6}
    if name == GROUPED:
        values["train_sampling_strategy"] = "group_by_length"
    training = DecoderTraining(**values)
    turns = decoder.lessons(given.model, training, given.material, given.tokens, given.words)
    set_seed(given.recipe.seed)
    labels, pad = given.material.labels, given.tokens.pad
    watch = Watch()
    tuner = AnswerTuner(
        model=decoder.opened(given.base, given.model, labels, pad, training.gradient_checkpointing),
        args=arguments(training, given.material.resume, given.recipe.seed, measures=False),
        turns=Turns(turns),
        collator=Collator(pad, packing=training.packing),
        training=training,
        measure=dict,
    )
    tuner.data_collator = watch.counting(tuner.data_collator)
    tuner.add_callback(watch)
    tuner.train()
    return _speed(name, given, watch, steps)


def plain(name: str, given: Task, steps: int) -> Speed:
    """Train as a script does that one writes with Transformers alone."""
    training = given.training
    rows: Any = [  # a list will do, which the Trainer's types do not know
        {"input_ids": [*prompt, *said], "labels": [-100] * len(prompt) + list(said)}
        for prompt, said in given.rows()
    ]
    usual = {"learning_rate", "weight_decay", "lr_scheduler_type", "gradient_checkpointing"}
    extra = {"max_grad_norm", "gradient_accumulation_steps", "bf16", "fp16"}
    values = training.model_dump(include=usual | extra)
    set_seed(given.recipe.seed)
    watch = Watch()
    Trainer(
        model=decoder.opened(given.base, given.model, given.material.labels, given.tokens.pad),
        args=TrainingArguments(
            output_dir=str(given.material.resume),
            num_train_epochs=1,
            per_device_train_batch_size=given.batch,
            save_strategy="no",
            report_to="none",
            use_cpu=not torch.cuda.is_available(),
            disable_tqdm=True,
            **values,
        ),
        train_dataset=rows,
        data_collator=watch.counting(lambda some: _padded(some, given.tokens.pad)),
        callbacks=[watch],
    ).train()
    return _speed(name, given, watch, steps)


def _padded(rows: Sequence[Any], pad: int) -> dict[str, torch.Tensor]:
    width = max(len(row["input_ids"]) for row in rows)
    fill = {"input_ids": pad, "labels": -100}
    batch = {
        name: torch.tensor([row[name] + [value] * (width - len(row[name])) for row in rows])
        for name, value in fill.items()
    }
    lengths = torch.tensor([len(row["input_ids"]) for row in rows])
    return batch | {"attention_mask": (torch.arange(width) < lengths[:, None]).long()}


def _speed(name: str, given: Task, watch: Watch, steps: int) -> Speed:
    total = sum(len(prompt) + len(said) for prompt, said in given.rows())
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = torch.cuda.max_memory_allocated() / 1024 if torch.cuda.is_available() else kilobytes
    timed, computed = (count * (steps - 1) // steps for count in (total, watch.computed))
    return Speed(name, timed, computed, round(watch.seconds, 2), round(peak / 1024, 1))


def _apart(name: str, args: argparse.Namespace) -> Speed:
    """Measure one way in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "speed.json"
        again = [sys.executable, "-m", "benchmarks.tokens", *args.overrides]
        command = [*again, "--steps", str(args.steps)]
        subprocess.run([*command, "--way", name, "--out", str(out)], check=True, stdout=sys.stderr)
        return Speed(**json.loads(out.read_text(encoding="utf-8")))


def table(speeds: Sequence[Speed], title: str) -> str:
    """Return the figures as Markdown."""
    base = next(each for each in speeds if each.name == PLAIN)
    threads = f"{processor()}, {torch.get_num_threads()} threads"
    machine = torch.cuda.get_device_name() if torch.cuda.is_available() else threads
    lines = [
        f"# {title}",
        "",
        f"{machine}; torch {torch.__version__}, Python {platform.python_version()}.",
        "",
        "| way | tokens/s | ratio | tokens computed per token learned | peak memory (MB) |",
        "|--|--|--|--|--|",
    ]
    lines += [
        f"| {each.name} | {each.rate:.0f} | {each.rate / base.rate:.2f} | "
        f"{each.computed / each.tokens:.2f} | {each.peak_mb:.0f} |"
        for each in speeds
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure all ways and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("overrides", nargs="+", help="recipe=NAME and key=value")
    parser.add_argument("--steps", type=int, default=20, help="steps of each way; 2 or more")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--name", default="tokens", help="of the files that are written")
    parser.add_argument("--way", choices=(PLAIN, GROUPED, PACKED), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        with tempfile.TemporaryDirectory() as work:
            given = task(args.overrides, args.steps, Path(work))
            found = (plain if args.way == PLAIN else ours)(args.way, given, args.steps)
        args.out.write_text(json.dumps(asdict(found)), encoding="utf-8")
        return
    speeds = [_apart(name, args) for name in (PLAIN, GROUPED, PACKED)]
    title = f"Tuning speed: {' '.join(args.overrides)}, {args.steps} steps"
    made = table(speeds, title)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / f"{args.name}.md").write_text(made, encoding="utf-8")
    values = [asdict(each) | {"tokens_per_second": each.rate} for each in speeds]
    written = json.dumps(values, indent=1) + "\n"
    (args.out / f"{args.name}.json").write_text(written, encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()
