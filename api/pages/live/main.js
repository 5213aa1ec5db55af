// The page: frames go to the player and to the recorder, the player's ledger to the stage.

import {ask, examples, variablesOf} from "../examples.js";
import {watch} from "./feed.js";
import {Last, inWords} from "./last.js";
import {Ledger} from "./ledger.js";
import {Recorder} from "./operation.js";
import {Player} from "./player.js";
import {showProviders} from "./providers.js";
import {Stage} from "./stage.js";

const MOST_STEP = 0.1; // seconds; a page in the background gets few frames

const at = (id) => document.getElementById(id);
const stage = new Stage(at("stage"));
const last = new Last();
const recorder = new Recorder((operation) => {
  last.show(operation);
  at("replay").disabled = false;
  say(inWords(operation));
});

let hello = [];
let standing = {};
let player = begin();
let isReplay = false; // what happens meanwhile is counted, not drawn
let earlier = {asked: 0, calls: 0, failed: 0};
let figures = {asked: 0, calls: 0, failed: 0, lost: 0};
let before = 0;
let isDrawing = false;

function begin() {
  const ledger = new Ledger(stage);
  ledger.hello(hello);
  stage.clear();
  stage.ledger = ledger;
  return new Player(ledger);
}

function onFrame(frame) {
  if (frame.hello) {
    hello = last.providers = frame.hello;
    earlier = {asked: 0, calls: 0, failed: 0};
    recorder.forget();
    player = begin();
    isReplay = false;
  }
  if (frame.lost) {
    figures.lost += frame.lost;
    recorder.forget();
    if (!isReplay) player.ledger.forget();
  }
  if (frame.events) {
    for (const event of frame.events) recorder.add(event);
    if (!isReplay) player.add(frame.events);
    for (const name of Object.keys(earlier)) figures[name] += frame.totals[name] - earlier[name];
    earlier = frame.totals;
    standing = frame.standing;
    showFigures();
    showProviders(at("providers"), hello, standing);
  }
  draw();
}

function showFigures() {
  at("empty").hidden = figures.asked > 0;
  at("asked").textContent = figures.asked.toLocaleString("en");
  at("calls").textContent = figures.calls.toLocaleString("en");
  at("saved").textContent = Math.max(0, figures.asked - figures.calls).toLocaleString("en");
  for (const name of ["failed", "lost"]) {
    at(name).textContent = figures[name].toLocaleString("en");
    at(name).parentElement.hidden = !figures[name];
  }
}

// Words for those who do not see: one sentence, not more often than it can be read out.
let saying = null;
function say(words) {
  clearTimeout(saying);
  saying = setTimeout(() => (at("said").textContent = words), 800);
}

function replay() {
  if (!last.operation) return;
  player = begin();
  isReplay = true;
  player.add(last.operation.events);
  at("stage").scrollIntoView({block: "nearest", behavior: stage.isStill ? "auto" : "smooth"});
  draw();
}

function showPace() {
  const slow = player.slowness > 1.5 ? "slow motion" : "";
  at("pace").textContent = [isReplay ? "replay" : "", slow].filter(Boolean).join(", ");
  at("pace").hidden = !at("pace").textContent;
}

function draw() {
  if (isDrawing) return;
  isDrawing = true;
  before = performance.now() / 1000;
  requestAnimationFrame(step);
}

function step(milliseconds) {
  const now = milliseconds / 1000;
  const passed = Math.max(0, Math.min(MOST_STEP, now - before));
  before = now;
  stage.now = now;
  player.tick(now, passed);
  if (player.isIdle) isReplay = false;
  const isMoving = stage.draw(now, passed, {standing, isPlaying: !player.isIdle, isBusy: player.isBusy});
  showPace();
  at("stage").dataset.air = player.ledger.flights.size; // for whoever has to wait until there is something to see
  if (isMoving) requestAnimationFrame(step);
  else isDrawing = false;
}

async function run() {
  const button = at("run");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const asks = examples[at("example").selectedIndex].asks;
    const ready = await Promise.all(asks.map(async (each) => [each.query, await variablesOf(each)]));
    await Promise.all(ready.map(([query, variables]) => ask(query, variables)));
  } catch (error) {
    say(`No answer: ${error.message}`);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

for (const {title} of examples) at("example").add(new Option(title));
at("run").addEventListener("click", run);
at("replay").addEventListener("click", replay);
new ResizeObserver(draw).observe(at("stage").parentElement);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
watch("live/events", {
  onFrame,
  onState: (state) => {
    at("state").dataset.state = state;
    at("state").textContent = state === "watching" ? "watching" : "not connected; trying again";
  },
});
draw();
