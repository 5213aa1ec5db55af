// Paint: how each thing looks, in the colours of the page.

import {count, named, shortened} from "./words.js";

const BEAT = 110; // pixels
const COLOURS = ["paper", "box", "ink", "soft", "faint", "line", "cell", "accent", "saved", "bad"];

export class Paint {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.read();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.read());
  }

  read() {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(`--${name}`).trim();
    for (const name of COLOURS) this[name] = value(name);
    this.hues = [0, 1, 2, 3, 4, 5].map((n) => value(`request-${n}`));
    this.sans = value("sans");
    this.serif = value("serif");
  }

  // Fit the canvas to its place; returns its width.
  resize(height) {
    const ratio = Math.min(3, devicePixelRatio || 1);
    const width = this.canvas.clientWidth;
    this.canvas.style.height = `${height}px`;
    if (
      this.canvas.width !== Math.round(width * ratio) ||
      this.canvas.height !== Math.round(height * ratio)
    ) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.width = width;
    this.height = height;
    return width;
  }

  begin() {
    this.context.clearRect(0, 0, this.width, this.height);
  }

  text(
    text,
    x,
    y,
    {colour = this.ink, size = 12, weight = "", family = this.sans, align = "left", style = ""} = {},
  ) {
    const {context} = this;
    context.font = `${style} ${weight} ${size}px ${family}`;
    context.fillStyle = colour;
    context.textAlign = align;
    context.textBaseline = "middle";
    context.fillText(text, x, y);
    return context.measureText(text).width;
  }

  rounded(x, y, width, height, radius) {
    this.context.beginPath();
    this.context.roundRect(x, y, width, height, Math.min(radius, width / 2, height / 2));
  }

  // The beats of the tape, which move on with it.
  beats(layout, moved) {
    const {context} = this;
    context.fillStyle = this.line;
    context.globalAlpha = 0.45;
    for (let x = layout.tapeLeft + (moved % BEAT); x < this.width; x += BEAT)
      context.fillRect(Math.round(x), 0, 1, this.height);
    context.globalAlpha = 1;
  }

  captions(layout, y) {
    if (layout.isNarrow) return;
    const words = [
      ["who asks", 14],
      ["batches, as they fill", layout.nameLeft],
      ["calls, from their departure to their answer", layout.tapeLeft],
    ];
    for (const [text, x] of words) this.text(text, x, y, {colour: this.faint, size: 11});
  }

  provider(name, y, standing, layout) {
    const {context} = this;
    const left = layout.nameLeft;
    const width = this.text(named(name), left, y + 16, {size: 14, weight: 600, family: this.serif});
    if (standing?.budget !== undefined && standing?.budget !== null) {
      this.text(
        standing.hold > 0
          ? `held for ${standing.hold.toFixed(1)} s`
          : `${standing.budget < 1 ? "no permit" : `${Math.floor(standing.budget)} permit`} left`,
        left + width + 12,
        y + 16,
        {colour: standing.hold > 0 ? this.bad : this.soft, size: 11},
      );
    } else if (standing?.hold > 0) {
      this.text(`held for ${standing.hold.toFixed(1)} s`, left + width + 12, y + 16, {
        colour: this.bad,
        size: 11,
      });
    }
    context.strokeStyle = this.line;
    context.beginPath();
    context.moveTo(left, y + 28.5);
    context.lineTo(this.width, y + 28.5);
    context.stroke();
  }

  lane(lane, layout, {waiting, why}) {
    const {context} = this;
    const middle = Math.round(layout.middle(lane)) + 0.5;
    context.strokeStyle = this.line;
    context.beginPath();
    context.moveTo(layout.tapeLeft, middle);
    context.lineTo(this.width, middle);
    context.stroke();
    const name = lane.resource.replaceAll("_", " ");
    const saved = [
      [lane.joined, "joined"],
      [lane.remembered, "remembered"],
      [lane.cached, "cached"],
    ]
      .filter(([number]) => number)
      .map((each) => each.join(" "));
    const full = waiting > lane.size ? `${waiting} wait` : `${waiting} of ${lane.size}`;
    const state = waiting ? `${full} · ${why}` : saved.join(", ");
    const colour = waiting ? this.soft : this.saved;
    if (layout.isNarrow) {
      const width = this.text(name, 14, lane.y + 6, {size: 11});
      this.text(state, 22 + width, lane.y + 6, {colour, size: 10.5});
      return;
    }
    const right = layout.boxLeft - 14;
    this.text(name, right, layout.middle(lane) - (state ? 7 : 0), {align: "right", size: 13});
    if (state) this.text(state, right, layout.middle(lane) + 9, {align: "right", colour, size: 10.5});
  }

  // The batch that fills: a cell for each key that it can take.
  batch(lane, layout, waiting, hue, fading) {
    const {context} = this;
    const {x, y, width, height} = layout.box(lane);
    this.rounded(x - 4, y - 4, width + 6.5, height + 6.5, 6);
    context.fillStyle = this.paper;
    context.fill();
    context.strokeStyle = waiting.length || lane.unnamed ? this.soft : this.line;
    context.stroke();
    context.fillStyle = this.cell;
    const cells = Math.min(lane.size, 120);
    for (let index = 0; index < cells; index += 1) this.dot(layout.cell(lane, index));
    if (fading) {
      context.globalAlpha = 0.6 * fading;
      this.cells(lane, layout, lane.last.keys, hue);
      context.globalAlpha = 1;
    }
    this.cells(lane, layout, waiting, hue);
    if (lane.unnamed) {
      context.fillStyle = this.faint;
      for (let index = waiting.length; index < Math.min(lane.size, waiting.length + lane.unnamed); index += 1)
        this.dot(layout.cell(lane, index));
    }
  }

  cells(lane, layout, keys, hue) {
    const {context} = this;
    keys.slice(0, lane.size).forEach((key, index) => {
      const place = layout.cell(lane, index);
      key.owners.slice(0, 3).forEach((owner, nth, owners) => {
        context.fillStyle = this.hues[hue(owner)];
        const part = place.size / owners.length;
        if (owners.length === 1) this.dot(place);
        else context.fillRect(place.x + nth * part, place.y, part, place.size);
      });
    });
  }

  dot({x, y, size}) {
    this.rounded(x, y, size, size, size * 0.35);
    this.context.fill();
  }

  request(request, x, y, hue, layout) {
    const {context} = this;
    context.globalAlpha = request.isAnswered ? 0.75 : 1;
    context.fillStyle = this.hues[hue];
    this.rounded(x, y + 2, 12, 12, 4);
    context.fill();
    const most = layout.isNarrow ? 14 : 16;
    this.text(shortened(request.name || "query", most), x + 20, y + 8, {weight: 600, size: 13});
    const {answer} = request;
    const calls = answer?.counts.reduce((total, row) => total + row.calls, 0);
    const words = answer ? ` · ${count(calls, "call")}` : "";
    this.text(`${count(request.asked, "key")}${words}`, x + 20, y + 25, {colour: this.soft, size: 11});
    context.globalAlpha = 1;
  }

  flying(from, to, progress, {fate, bend}, hue) {
    const {context} = this;
    const t = Math.min(1, progress);
    const eased = t * t * (3 - 2 * t);
    const x = from.x + (to.x - from.x) * eased;
    const arc = Math.sin(Math.PI * t) * (bend - 0.5) * 46;
    const y = from.y + (to.y - from.y) * (t * t * (2 - t)) + arc;
    context.fillStyle = context.strokeStyle = this.hues[hue];
    context.globalAlpha = fate === "fresh" ? 1 : 1 - 0.7 * t;
    context.beginPath();
    context.arc(x, y, fate === "fresh" ? 3 : 3 + 2 * t, 0, 7);
    if (fate === "fresh") context.fill();
    else context.stroke(); // a key that is saved needs no place of its own
    context.globalAlpha = 1;
  }

  falling({x, y, drift}, age) {
    if (age < 0) return;
    const {context} = this;
    context.globalAlpha = Math.max(0, 1 - age);
    context.fillStyle = this.bad;
    context.beginPath();
    context.arc(x + drift * age * 60, y - 18 * age + 90 * age * age, 3.5, 0, 7);
    context.fill();
    context.globalAlpha = 1;
  }
}
