// Draws the charts of the drift page from what stands in the page; the tables hold the same figures.
"use strict";

const HEIGHT = 230;
const LINES = ["--one", "--two", "--three", "--four", "--before"];
const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const percent = (value) => (value === null || value === undefined ? "-" : (100 * value).toFixed(1) + " %");
const plain = (value) => (value === null || value === undefined ? "-" : value.toFixed(3));

function axes(wording) {
  const look = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  return [{ ...look }, { ...look, size: 70, values: (_, ticks) => ticks.map(wording) }];
}

function drawn(place, options, data) {
  const width = () => Math.max(place.clientWidth, 200);
  const chart = new uPlot({ width: width(), height: HEIGHT, ...options }, data, place);
  const title = place.closest("section").querySelector("h2");
  chart.root.querySelector("canvas").setAttribute("aria-hidden", "true");
  place.setAttribute("role", "group");
  place.setAttribute("aria-labelledby", title.id);
  addEventListener("resize", () => chart.setSize({ width: width(), height: HEIGHT }));
}

// Figures over time: one line each, dashed where it is a limit.
function course(place, names, wording, limits) {
  const points = JSON.parse(place.dataset.points);
  const times = points.map((point) => Date.parse(point.time) / 1000);
  const data = [times];
  const series = [{ label: "time", value: (_, seconds) => (seconds ? new Date(1000 * seconds).toLocaleString() : "-") }];
  names.forEach((name, index) => {
    const stroke = colour(LINES[index % LINES.length]);
    data.push(points.map((point) => point.figures[name] ?? null));
    series.push({ label: name.replace("psi.", ""), stroke, width: 2, points: { show: points.length < 40 }, value: (_, value) => wording(value) });
    if (name in limits) {
      data.push(points.map(() => limits[name]));
      series.push({ label: name.replace("psi.", "") + ": limit", stroke, width: 1, dash: [4, 4], points: { show: false }, value: (_, value) => wording(value) });
    }
  });
  drawn(place, { series, axes: axes(wording), scales: { y: { range: (_, low, high) => [0, Math.max(high, 0.01) * 1.05] } } }, data);
}

// Two distributions beside each other, over bins that have names.
function shares(place) {
  const { bins, reference, recent } = JSON.parse(place.dataset.signal);
  const named = (index) => bins[Math.round(index)] ?? "";
  const short = (index) => named(index).replace(/ to .*/, " –").replace("below ", "< ").replace("from ", "≥ ");
  const bars = (align) => uPlot.paths.bars({ size: [0.4, 60], align });
  const bar = (label, name, align) => ({ label, fill: colour(name), stroke: colour(name), width: 0, paths: bars(align), points: { show: false }, value: (_, value) => percent(value) });
  const [across, up] = axes(percent);
  drawn(place, {
    legend: { live: false },
    series: [{ label: "texts with", value: (_, index) => (index === null ? "-" : named(index)) }, bar("when the model was made", "--before", -1), bar("of late", "--after", 1)],
    axes: [{ ...across, splits: () => bins.map((_, index) => index), values: (_, ticks) => ticks.map(short), grid: { show: false } }, up],
    scales: { x: { time: false, range: [-0.6, bins.length - 0.4] }, y: { range: (_, low, high) => [0, Math.max(high, 0.01) * 1.05] } },
  }, [bins.map((_, index) => index), reference, recent]);
}

const psi = document.getElementById("psi");
if (psi) {
  const signals = JSON.parse(psi.dataset.signals);
  const names = Object.keys(signals).map((name) => "psi." + name);
  course(psi, names, plain, Object.fromEntries(Object.entries(signals).map(([name, one]) => ["psi." + name, one.limit])));
}
const performance_ = document.getElementById("performance");
if (performance_) course(performance_, ["flag_rate", "precision", "recall", "f1", "accuracy"], percent, {});
document.querySelectorAll(".shares").forEach(shares);
