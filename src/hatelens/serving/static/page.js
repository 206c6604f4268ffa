// The try-it page: asks POST /infer and shows the record. Texts only ever become text nodes.
"use strict";

const at = (id) => document.getElementById(id);
const answer = at("answer");
const hatefulLabels = JSON.parse(answer.dataset.hateful);
const percent = (score) => `${(100 * score).toFixed(1)} %`;
const points = (score) => `${(100 * score).toFixed(1)} points`;
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
function marked(text, spans) {
  const letters = Array.from(text);
  const strongest = Math.max(...spans.map((span) => span.score), 1e-9);
  const parts = [];
  let done = 0;
  for (const span of [...spans].sort((a, b) => a.begin - b.begin)) {
    if (span.begin < done) continue;
    parts.push(document.createTextNode(letters.slice(done, span.begin).join("")));
    const mark = element("mark", "", letters.slice(span.begin, span.end).join(""));
    mark.style.setProperty("--strength", within(span.score / strongest));
    mark.title = `carried ${points(span.score)}`;
    parts.push(mark);
    done = span.end;
  }
  parts.push(document.createTextNode(letters.slice(done).join("")));
  return parts;
}

function words(text, spans) {
  if (!spans.length) return [element("p", "hint", "No single word carried the score.")];
  const letters = Array.from(text);
  const list = element("ol", "words");
  for (const span of [...spans].sort((a, b) => b.score - a.score).slice(0, 8)) {
    const item = element("li");
    item.append(element("bdi", "", letters.slice(span.begin, span.end).join("")));
    item.append(element("span", "number", ` ${points(span.score)}`));
    list.append(item);
  }
  const title = element("p", "hint", "Without the word the score falls by:");
  return [title, list];
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
  at("marked").replaceChildren(...marked(record.text, record.spans));
  at("words").replaceChildren(...words(record.text, record.spans));
  at("scores").replaceChildren(...scores(record));
  answer.hidden = false;
  answer.scrollIntoView({ block: "nearest" });
  at("status").textContent =
    `${decision}. Labelled ${record.label}, ${percent(record.hateful)} hateful.`;
}

function fail(line) {
  answer.hidden = true;
  at("status").textContent = "";
  at("error").textContent = line;
  at("error").hidden = false;
  at("error").scrollIntoView({ block: "nearest" });
}

async function infer(text) {
  const response = await fetch("/infer", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text, explain: true }),
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
    show(await infer(text));
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
