// The chart of one operation: its batches under each other, or a call for each of its keys.

import {count, duration, isGood, statuses} from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST_ROWS = 60;
const MOST_LINES = 400;

export function chart(operation, width) {
  const isNarrow = width < 560;
  const left = isNarrow ? 0 : 172;
  const right = isNarrow ? 0 : 190;
  const row = isNarrow ? 40 : 26;
  const shown = operation.batches.slice(0, MOST_ROWS);
  const height = shown.length * row + 26;
  const svg = frame(width, height);
  const x = scale(operation.seconds, left, width - right);
  grid(svg, operation.seconds, x, height - 20);
  shown.forEach((batch, index) => {
    const top = index * row + (isNarrow ? 18 : 5);
    const from = batch.left - operation.began;
    const until = batch.at - operation.began;
    add(svg, "text", {class: "row-name", x: 0, y: isNarrow ? top - 5 : top + 12}, batch.loader);
    if (batch.wait > 0)
      add(svg, "line", {
        class: "wait",
        x1: x(Math.max(0, from - batch.wait)),
        x2: x(from),
        y1: top + 8,
        y2: top + 8,
      });
    add(svg, "rect", {
      class: "air",
      x: x(from),
      y: top,
      width: Math.max(2, x(until) - x(from)),
      height: 16,
      rx: 3,
    });
    for (const call of batch.calls) {
      const at = call.at - operation.began;
      const rect = add(svg, "rect", {
        class: `call${isGood(call) ? "" : " bad"}`,
        x: x(at),
        y: top,
        width: Math.max(2, x(at + call.seconds) - x(at)),
        height: 16,
        rx: 3,
      });
      rect.style.setProperty("--request", `var(--request-${operation.number % 6})`);
      add(rect, "title", {}, `${call.route}: ${call.status ?? "no answer"}, ${duration(call.seconds)}`);
    }
    if (batch.failed) add(svg, "circle", {class: "bad", cx: x(until) + 9, cy: top + 8, r: 4});
    add(
      svg,
      "text",
      {class: "row-words", x: width, y: isNarrow ? top - 5 : top + 12, "text-anchor": "end"},
      words(batch),
    );
  });
  return svg;
}

// A call for each key; the whole of what it was is a mark at the left, on the same scale.
export function singleChart(operation, {calls, seconds}, width) {
  const shown = calls.filter((_, index) => index % Math.ceil(calls.length / MOST_LINES) === 0);
  const line = Math.max(1.2, Math.min(6, 240 / Math.max(1, shown.length)));
  const top = 34;
  const height = top + shown.length * line + 26;
  const svg = frame(width, height);
  const x = scale(seconds, 0, width);
  grid(svg, seconds, x, height - 20);
  add(svg, "rect", {class: "then", x: 0, y: 4, width: Math.max(3, x(operation.seconds)), height: 12, rx: 3});
  const then = x(operation.seconds);
  const isLong = then > width / 2;
  add(
    svg,
    "text",
    {class: "row-words", x: isLong ? 4 : then + 8, y: isLong ? 28 : 14},
    `as it was: ${count(operation.calls, "call")}, ${duration(operation.seconds)}`,
  );
  shown.forEach((call, index) => {
    const rect = add(svg, "rect", {
      class: "call",
      x: x(call.at),
      y: top + index * line,
      width: Math.max(1.5, x(call.at + call.seconds) - x(call.at)),
      height: Math.max(0.9, line - 0.5),
    });
    rect.style.setProperty("--request", `var(--request-${operation.number % 6})`);
  });
  return svg;
}

function words(batch) {
  if (!batch.calls.length) return `${count(batch.size, "key")} · no call`;
  const calls = batch.calls.length > 1 ? ` · ${count(batch.calls.length, "call")}` : "";
  return `${count(batch.size, "key")} · ${statuses(batch.calls)}${calls} · ${duration(batch.seconds)}`;
}

function scale(seconds, left, right) {
  // What began before the operation did is shown from its beginning.
  return (at) => left + ((right - left) * Math.max(0, at)) / (seconds || 1);
}

function grid(svg, seconds, x, bottom) {
  const step = nice(seconds / 4);
  for (let at = 0; at <= seconds; at += step) {
    add(svg, "line", {class: "grid", x1: x(at), x2: x(at), y1: 0, y2: bottom});
    if (x(at) < x(seconds) - 20)
      add(svg, "text", {class: "tick", x: x(at) + 4, y: bottom + 14}, at ? duration(at) : "0");
  }
}

function nice(rough) {
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  return power * [1, 2, 2.5, 5, 10].find((step) => step * power >= rough);
}

function frame(width, height) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-hidden", "true"); // the words and the table say the same
  return svg;
}

function add(parent, name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}
