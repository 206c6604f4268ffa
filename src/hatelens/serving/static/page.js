// The try-it page: asks POST /infer and shows the record. Texts only ever become text nodes.
"use strict";

const at = (id) => document.getElementById(id);
const answer = at("answer");
const hatefulLabels = JSON.parse(answer.dataset.hateful);
const named = JSON.parse(answer.dataset.named);
const percent = (score) => `${(100 * score).toFixed(1)} %`;
const points = (score) => `${(100 * score).toFixed(1)} points`;
const languages = new Intl.DisplayNames(["en"], { type: "language" });
const within = (score) => Math.min(Math.max(score, 0), 1);
const DECISIONS = {
  flag: "Flagged",
  clear: "Clear",
  unsure: "Unsure: a person should look",
};

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Offsets count Unicode code points, as in Python; JavaScript strings count UTF-16 units.
function marked(text, spans, weight) {
  const letters = Array.from(text);
  const strongest = Math.max(...spans.map((span) => span.score), 1e-9);
  const parts = [];
  let done = 0;
  for (const span of [...spans].sort((a, b) => a.begin - b.begin)) {
    if (span.begin < done) continue;
    parts.push(document.createTextNode(letters.slice(done, span.begin).join("")));
    const mark = element("mark", "", letters.slice(span.begin, span.end).join(""));
    mark.style.setProperty("--strength", within(span.score / strongest));
    mark.title = weight(span.score);
    parts.push(mark);
    done = span.end;
  }
  parts.push(document.createTextNode(letters.slice(done).join("")));
  return parts;
}

// Pairs of words and what is said of each, the first ones of a list.
function chips(pairs, write) {
  const list = element("ol", "words");
  for (const [words, score] of pairs.sort((a, b) => b[1] - a[1]).slice(0, 8)) {
    const item = element("li");
    item.append(element("bdi", "", words), element("span", "number", ` ${write(score)}`));
    list.append(item);
  }
  return list;
}

function words(record, weight) {
  if (!record.spans.length) return [element("p", "hint", "No single word carried the score.")];
  const letters = Array.from(record.text);
  const title = record.explanation ? "Without the word the score falls by:" : "The model marks:";
  const pairs = record.spans.map(({ begin, end, score }) => [letters.slice(begin, end).join(""), score]);
  return [element("p", "hint", title), chips(pairs, weight)];
}

// What reaches its threshold; whom a text attacks is no question where it attacks nobody.
function said(record) {
  const targets = record.decision === "clear" ? {} : record.targets;
  const kinds = [["Who is attacked", targets], ["What else it is", record.attributes]];
  return kinds.flatMap(([title, scores]) => {
    const sure = Object.entries(scores).filter(([name, score]) => score >= (named[name] ?? 0.5));
    return sure.length ? [element("h3", "", title), chips(sure, percent)] : [];
  });
}

function write(id, line) {
  at(id).textContent = line;
  at(id).hidden = !line;
}

function scores(record) {
  return Object.entries(record.scores).flatMap(([name, score]) => {
    const bar = element("span", hatefulLabels.includes(name) ? "fill hateful" : "fill");
    bar.style.setProperty("--score", within(score));
    const value = element("dd");
    value.append(bar, element("span", "number", percent(score)));
    return [element("dt", "", name), value];
  });
}

function limits() {
  const { clear, flag } = answer.dataset;
  if (flag === undefined) return "This model has no thresholds of its own.";
  if (clear === flag) return `Flagged from ${percent(flag)}.`;
  return `Clear below ${percent(clear)}, flagged from ${percent(flag)}; between the two a person should look.`;
}

function show(record) {
  const decision = DECISIONS[record.decision];
  at("decision").textContent = decision;
  answer.dataset.decision = record.decision;
  at("label").textContent = record.label;
  at("hateful").textContent = percent(record.hateful);
  const bar = at("bar");
  bar.style.setProperty("--score", within(record.hateful));
  bar.style.setProperty("--clear-at", within(answer.dataset.clear ?? 0.5));
  bar.style.setProperty("--flag-at", within(answer.dataset.flag ?? 0.5));
  at("limits").textContent = limits();
  write("note", record.note);
  write("language", record.language && `Language: ${languages.of(record.language)}.`);
  const weight = record.explanation ? points : percent;
  at("marked").replaceChildren(...marked(record.text, record.spans, weight));
  at("words").replaceChildren(...words(record, weight));
  at("said").replaceChildren(...said(record));
  at("scores").replaceChildren(...scores(record));
  answer.hidden = false;
  answer.scrollIntoView({ block: "nearest" });
  at("status").textContent =
    `${decision}. Labelled ${record.label}, ${percent(record.hateful)} hateful. ${record.note}`;
}

function fail(line) {
  answer.hidden = true;
  at("status").textContent = "";
  at("error").textContent = line;
  at("error").hidden = false;
  at("error").scrollIntoView({ block: "nearest" });
}

async function infer(text, explain) {
  const response = await fetch("/infer", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text, explain }),
  });
  const content = await response.json();
  if (!response.ok) throw new Error(content.error);
  return content;
}

async function ask() {
  const text = at("text").value;
  if (at("go").disabled) return;
  if (!text) return fail("Type a text first.");
  at("error").hidden = true;
  at("go").disabled = true;
  at("status").textContent = "Checking the text.";
  try {
    // A model that marks words by itself needs no explanation, which is slower.
    const record = await infer(text, false);
    show(record.spans.length ? record : await infer(text, true));
  } catch (error) {
    const offline = error instanceof TypeError;
    fail(offline ? "The server does not answer. Is it still running?" : error.message);
  } finally {
    at("go").disabled = false;
  }
}

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask();
});
for (const example of document.querySelectorAll(".example")) {
  example.addEventListener("click", () => {
    at("text").value = example.textContent;
    ask();
  });
}
