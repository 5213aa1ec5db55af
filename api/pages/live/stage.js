// The stage: keys fly from their request into the batch of their loader, the batch fills and leaves as a
// bar, the bar is as long as its call takes. The tape on which bars lie moves on only while something does.

import {Bars} from "./bars.js";
import {CAPTIONS, Layout} from "./layout.js";
import {Paint} from "./paint.js";
import {duration} from "./words.js";

const SPEED = 110; // pixels a second that the tape moves, where each operation is shown by itself
const BUSY_SPEED = 330;
const FLIGHT = 0.42; // seconds from a request to its batch
const FADE = 1.1; // seconds that a batch is still seen where it filled
const MOST_FLYING = 260; // keys in motion; of more, some fly for the others
const REST = 1.4; // seconds that the tape moves on after the last thing happened
const MOST_BARS = 400;

export class Stage {
  constructor(canvas) {
    this.canvas = canvas;
    this.paint = new Paint(canvas);
    this.barPaint = new Bars(this.paint);
    this.layout = new Layout();
    this.isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.clear();
  }

  clear() {
    this.tape = 0; // pixels that it has moved
    this.speed = SPEED;
    this.moved = -Infinity;
    this.requests = []; // the last ones, newest last
    this.flying = [];
    this.falling = [];
    this.bars = [];
    this.ledger = null;
    this.now = 0;
  }

  // What the ledger tells.

  began(request) {
    this.requests = [...this.requests.filter((other) => other !== request), request].slice(-6);
    this.moved = this.now;
  }

  asked(lane, request, fates) {
    if (!this.requests.includes(request)) this.began(request);
    this.moved = this.now;
    this.layout.fit(this.ledger.lanes);
    const named = fates.fresh.length + fates.joined.length + fates.remembered.length;
    const fly = (text, fate, index, count) => {
      const key = lane.waiting.get(text);
      const starts = this.now + (0.25 * index) / count;
      if (key && fate === "fresh") key.arrives = this.isStill ? 0 : starts + FLIGHT;
      if (this.isStill || this.flying.length >= MOST_FLYING) return;
      this.flying.push({
        lane,
        request,
        fate,
        starts,
        ends: starts + FLIGHT,
        slot: key ? [...lane.waiting.keys()].indexOf(text) : 0,
        bend: Math.random(),
      });
    };
    const all = Object.entries(fates).flatMap(([fate, texts]) => texts.map((text) => [text, fate]));
    const every = Math.max(1, Math.ceil(all.length / 120));
    all.forEach(([text, fate], index) => {
      if (index % every === 0) fly(text, fate, index, all.length);
      else if (lane.waiting.has(text))
        lane.waiting.get(text).arrives ??= this.isStill ? 0 : this.now + FLIGHT + (0.25 * index) / all.length;
    });
    if (!named) fly("", "fresh", 0, 1);
    lane.joined = (lane.joined ?? 0) + fates.joined.length;
    lane.remembered = (lane.remembered ?? 0) + fates.remembered.length;
  }

  left(flight) {
    this.moved = this.now;
    const taken = new Set(
      this.bars.filter((bar) => bar.lane === flight.lane && bar.ended === null).map((bar) => bar.slot),
    );
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    flight.bar = {lane: flight.lane, flight, slot, started: this.tape, ended: null};
    this.bars.push(flight.bar);
    flight.lane.last = {keys: [...flight.keys.values()].slice(0, flight.size), left: this.now};
    if (this.bars.length > MOST_BARS) this.bars.shift();
  }

  landed(flight) {
    this.moved = this.now;
    if (flight.bar) flight.bar.ended = this.tape;
  }

  failed(lane, flight, _text, error) {
    this.moved = this.now;
    if (flight?.bar) flight.bar.error = error;
    if (this.isStill || this.falling.length > 80) return;
    const {x, y} = flight?.bar ? this.place(flight.bar) : this.layout.cell(lane, lane.waiting.size);
    const spread = Math.random();
    this.falling.push({
      x: x + 6 + spread * 40,
      y: y + 10,
      began: this.now + spread * 0.2,
      drift: spread - 0.3,
    });
  }

  answered(request) {
    this.moved = this.now;
    request.isAnswered = true;
  }

  // Frames. Returns whether the next one would look different.

  draw(now, passed, {standing, isPlaying, isBusy}) {
    this.now = now;
    const isMoving = isPlaying || now - this.moved < REST;
    this.speed += ((isBusy ? BUSY_SPEED : SPEED) - this.speed) * Math.min(1, 2 * passed);
    if (isMoving && !this.isStill) this.tape += passed * this.speed;
    this.forgetWhatIsOver(now);
    this.layout.fit(this.ledger?.lanes ?? new Map());
    this.layout.measure(this.paint.resize(this.layout.height));
    this.paint.begin();
    this.paint.beats(this.layout, this.tape);
    for (const key of this.flying) this.drawFlying(key, now);
    this.paint.captions(this.layout, CAPTIONS);
    this.drawLanes(standing);
    for (const bar of this.bars) this.barPaint.draw(bar, this.place(bar), this.hue);
    this.drawRequests();
    for (const key of this.falling) this.paint.falling(key, now - key.began);
    return isMoving || this.flying.length > 0 || this.falling.length > 0;
  }

  hue(number) {
    return number % 6;
  }

  forgetWhatIsOver(now) {
    this.flying = this.flying.filter((key) => key.ends > now);
    this.falling = this.falling.filter((key) => now - key.began < 1.1);
    this.bars = this.bars.filter((bar) => bar.ended === null || this.tape - bar.ended < this.layout.width);
    for (const lane of this.layout.lanes) lane.slots = 1;
    for (const {lane, slot} of this.bars) lane.slots = Math.max(lane.slots, slot + 1);
  }

  // Where a bar lies: what is in the air grows out of its batch, what has landed moves on.
  place(bar) {
    const {left, top, height} = this.layout.tape(bar.lane, bar.slot);
    if (this.isStill) return this.placeStill(bar, left, top, height);
    const end = bar.ended ?? this.tape;
    return {x: left + this.tape - end, y: top, width: Math.max(5, end - bar.started), height};
  }

  // Nothing is to move: bars lie side by side, the newest first.
  placeStill(bar, left, top, height) {
    const newer = this.bars.filter(
      (other) => other.lane === bar.lane && this.bars.indexOf(other) > this.bars.indexOf(bar),
    ).length;
    return {x: left + 6 + newer * 150, y: this.layout.tape(bar.lane, 0).top, width: 140, height};
  }

  drawLanes(standing) {
    for (const {provider, y} of this.layout.providers)
      this.paint.provider(provider, y, standing?.[provider], this.layout);
    for (const lane of this.layout.lanes) {
      const waiting = [...lane.waiting.values()].filter((key) => (key.arrives ?? 0) <= this.now);
      const all = waiting.length + lane.unnamed;
      this.paint.lane(lane, this.layout, {
        waiting: all,
        why: all ? whyItWaits(lane, standing?.[lane.provider]) : "",
      });
      const gone = lane.last ? 1 - (this.now - lane.last.left) / FADE : 0;
      this.paint.batch(lane, this.layout, waiting, this.hue, gone > 0 ? gone : 0);
    }
  }

  drawRequests() {
    this.layout
      .place(this.requests)
      .forEach(({request, x, y}) => this.paint.request(request, x, y, this.hue(request.number), this.layout));
  }

  drawFlying(key, now) {
    if (now < key.starts) return;
    const from = this.layout.origin(this.requests, key.request);
    const to = key.fate === "remembered" ? {x: from.x + 44, y: from.y} : this.layout.cell(key.lane, key.slot);
    this.paint.flying(from, to, (now - key.starts) / FLIGHT, key, this.hue(key.request.number));
  }
}

function whyItWaits(lane, standing) {
  if (standing?.hold > 0) return `held for ${duration(standing.hold)}`;
  const isFull = lane.waiting.size + lane.unnamed >= lane.size;
  if (lane.rate && (isFull || standing?.budget < 1)) return "waits for a permit";
  if (lane.window) return `window of ${duration(lane.window)}`;
  return isFull ? "full" : "fills";
}
