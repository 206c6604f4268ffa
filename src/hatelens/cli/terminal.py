"""Predictions as a person reads them on a terminal: a word for the decision, marks in colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from hatelens.cli.records import printable
from hatelens.models.detector import Prediction, Span

WORDS = {"flag": "hateful", "clear": "not hateful", "unsure": "unsure"}
COLOURS = {"flag": "red", "unsure": "yellow", "clear": "green"}
STRENGTHS = ("red", "bold red", "bold white on red")
"""Styles of marked words, from the weakest third of the text's highest score to the strongest."""

LONGEST = 600
"""Characters up to which a text is shown whole."""
AROUND = 80
"""Characters shown on either side of what is marked in a longer text."""
STRONGEST = 8
"""Marks that are shown of a longer text."""
_INDENT = " " * 17

NOBODY: Mapping[str, float] = {}

Range = tuple[int, int]


class Terminal:
    """Writes predictions in colour; rich leaves the colours out where ``NO_COLOR`` asks for it.

    Args:
        file: the terminal.
        named: per attribute and target, the probability from which on it is said.
    """

    def __init__(self, file: TextIO, named: Mapping[str, float]) -> None:
        self._console = Console(file=file, highlight=False, soft_wrap=True)
        self._named = named

    def write(self, text: str, prediction: Prediction) -> None:
        """Write a line with the text, and one for each further thing to say of it."""
        self._console.print(_verdict(prediction), _marked(text, prediction.spans))
        for what, said in self._details(prediction):
            self._console.print(Text(f"{_INDENT}{what}: {printable(said)}", "dim"))

    def line(self, text: str) -> None:
        """Write a line as it is."""
        self._console.print(Text(text))

    def _details(self, prediction: Prediction) -> Iterator[tuple[str, str]]:
        # Whom a text attacks is no question where it attacks nobody.
        attacks = prediction.decision != "clear"
        for what, scores in (
            ("targets", prediction.targets if attacks else NOBODY),
            ("attributes", prediction.attributes),
        ):
            if said := sure(scores, self._named):
                yield what, ", ".join(f"{name} {score(value)}" for name, value in said.items())
        if prediction.note:
            yield "note", prediction.note


def sure(scores: Mapping[str, float], named: Mapping[str, float]) -> dict[str, float]:
    """Return the scores that reach their thresholds, the highest first."""
    high = {name: value for name, value in scores.items() if value >= named.get(name, 0.5)}
    return dict(sorted(high.items(), key=lambda pair: -pair[1]))


def score(value: float) -> str:
    """Write a probability with two digits and without the zero before the point."""
    return f"{value:.2f}".removeprefix("0")


def _verdict(prediction: Prediction) -> Text:
    words = f"{WORDS[prediction.decision]} {score(prediction.hateful)}"
    verdict = Text(f"{words:<15}", f"bold {COLOURS[prediction.decision]}")
    return verdict.append(f"  {printable(prediction.label)} ", "not bold default")


def _marked(text: str, spans: Sequence[Span]) -> Text:
    """Return a text with its marked words in colour, shortened around them if it is long."""
    highest = max((span.score for span in spans), default=0.0) or 1.0
    shown, position = Text(), 0
    for begin, end in excerpts(text, spans):
        shown.append(" ... " if begin > position else "", "dim")
        position = begin
        for span in (span for span in spans if begin <= span.begin < end):
            shown.append(printable(text[position : span.begin]))
            position = min(span.end, end)
            strength = min(2, int(3 * span.score / highest))
            shown.append(printable(text[span.begin : position]), STRENGTHS[strength])
        shown.append(printable(text[position:end]))
        position = end
    if position < len(text) or len(text) > LONGEST:
        shown.append(f" ... ({len(text):,} characters)", "dim")
    return shown


def excerpts(text: str, spans: Sequence[Span]) -> list[Range]:
    """Return what is shown of a text: all of it, its beginning, or what surrounds its marks."""
    if len(text) <= LONGEST or not spans:
        return [(0, min(len(text), LONGEST))]
    ranges: list[Range] = []
    strongest = sorted(spans, key=lambda span: -span.score)[:STRONGEST]
    for span in sorted(strongest, key=lambda span: span.begin):
        begin = max(0, span.begin - AROUND)
        end = min(len(text), min(span.end, span.begin + LONGEST) + AROUND)
        if ranges and begin <= ranges[-1][1]:
            begin, end = ranges[-1][0], max(end, ranges[-1][1])
            ranges.pop()
        ranges.append((begin, end))
    return ranges
