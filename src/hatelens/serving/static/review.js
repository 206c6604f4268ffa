// The review page: keys, the blur, what is read out, and keeping the text while somebody is there.
"use strict";

const at = (id) => document.getElementById(id);
const table = at("table");
const lease = 1000 * Number(table.dataset.seconds);
const KEYS_OFF = "hatelens-keys-off";
let active = Date.now();
let until = Date.now() + lease;

const shown = () => at("veil")?.classList.contains("off");
const answer = () => at("card")?.dataset.answer;

function show(on) {
  at("veil").classList.toggle("off", on);
  at("text").setAttribute("aria-hidden", String(!on));
  // A long text is scrolled with the arrow keys.
  if (on) at("text").tabIndex = 0;
  else at("text").removeAttribute("tabindex");
  at("show").setAttribute("aria-pressed", String(on));
  at("show").firstChild.textContent = on ? "Blur the text " : "Show the text ";
}

function say(line) {
  at("status").textContent = line.trim();
}

function fail(line) {
  at("error").textContent = line;
  at("error").hidden = !line;
}

function settle() {
  until = Date.now() + lease;
  fail("");
  const card = at("card");
  if (!card) return;
  if (card.hasAttribute("data-explained")) show(true);
  card.focus({ preventScroll: true });
  say(card.dataset.said ?? "");
}

function press(key) {
  const target = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  if (!target) return false;
  if (target.tagName === "INPUT") target.focus();
  else target.click();
  return true;
}

function leave() {
  table.replaceChildren(at("away").content.cloneNode(true));
  settle();
}

// Kept only for somebody who is there: who has touched nothing for a whole lease is away.
async function renew() {
  if (!answer() || document.visibilityState !== "visible" || Date.now() - active > lease) return;
  const body = new URLSearchParams({ csrf: table.dataset.csrf, answer: answer() });
  try {
    const response = await fetch("/review/renew", { method: "POST", body });
    if (response.ok) until = Date.now() + lease;
    else if (response.status === 409) leave();
    else if (response.status === 401) location.assign("/login");
  } catch {
    // The next time will do; until then the lease still runs.
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.id === "show") show(!shown());
  if (button?.id === "helped") at("help").showModal();
});
document.addEventListener("pointermove", () => (active = Date.now()), { passive: true });
document.addEventListener("keydown", (event) => {
  active = Date.now();
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || at("help").open) return;
  if (event.target.id === "note") {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    at("card").focus();
    return;
  }
  if (event.target.closest("input, textarea, select") || !at("keys-on").checked) return;
  // Enter presses what has the focus; only on the card it goes on.
  if (event.key === "Enter" && event.target.closest("a, button")) return;
  if (press(event.key)) event.preventDefault();
});
document.addEventListener("htmx:afterSettle", settle);
document.addEventListener("htmx:responseError", (event) => {
  const { status, responseText } = event.detail.xhr;
  if (status === 401) return location.assign("/login");
  try {
    fail(JSON.parse(responseText).error);
  } catch {
    fail(`The server answered ${status}; try again.`);
  }
});
document.addEventListener("htmx:sendError", () => fail("The server does not answer. Is it still running?"));

at("keys-on").checked = localStorage.getItem(KEYS_OFF) === null;
at("keys-on").addEventListener("change", (event) => {
  if (event.target.checked) localStorage.removeItem(KEYS_OFF);
  else localStorage.setItem(KEYS_OFF, "1");
});
setInterval(renew, Math.min(60000, lease / 3));
setInterval(() => answer() && Date.now() > until && leave(), 1000);
settle();
