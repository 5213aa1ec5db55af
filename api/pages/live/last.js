// The last operation: in words, as a chart, and as a table.

import {chart, singleChart} from "./chart.js";
import {singly} from "./operation.js";
import {count, duration} from "./words.js";

const at = (id) => document.getElementById(id);

export class Last {
  constructor() {
    this.operation = null;
    this.providers = [];
    this.isSingle = false;
    at("batched").addEventListener("click", () => this.choose(false));
    at("single").addEventListener("click", () => this.choose(true));
    new ResizeObserver(() => this.draw()).observe(at("chart"));
  }

  show(operation) {
    this.operation = operation;
    document.querySelector(".choice").hidden = false;
    at("table").hidden = false;
    at("last-words").textContent = inWords(operation);
    this.fillTable();
    this.draw();
  }

  choose(isSingle) {
    this.isSingle = isSingle;
    at("batched").setAttribute("aria-pressed", String(!isSingle));
    at("single").setAttribute("aria-pressed", String(isSingle));
    this.draw();
  }

  draw() {
    if (!this.operation) return;
    const width = at("chart").clientWidth;
    if (this.isSingle) {
      const single = singly(this.operation, this.providers);
      at("chart").replaceChildren(singleChart(this.operation, single, width));
      at("chart-words").textContent =
        `A call for each key: ${count(single.calls.length, "call")} in ${duration(single.seconds)}, each as long as those that were made, as many at once and as often as the provider takes them.`;
    } else {
      at("chart").replaceChildren(chart(this.operation, width));
      at("chart-words").textContent =
        "Dotted: keys wait for their batch. Filled: the call. Pale: the rest of the time until they are answered.";
    }
  }

  fillTable() {
    const body = document.querySelector("#table tbody");
    body.replaceChildren();
    for (const batch of this.operation.batches) {
      const line = body.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = batch.loader;
      line.append(head);
      const calls =
        batch.calls
          .map((call) => `${call.route} ${call.status ?? "no answer"} in ${duration(call.seconds)}`)
          .join(", ") || "none";
      for (const text of [
        batch.size,
        duration(batch.wait),
        batch.reason,
        duration(batch.seconds),
        calls,
        batch.failed,
      ])
        line.insertCell().textContent = text;
    }
  }
}

export function inWords({name, asked, calls, saved, seconds, failed, errors}) {
  const bad = failed ? `; ${count(failed, "key")} failed (${errors.join(", ")})` : "";
  return `${name || "A query"}: ${count(asked, "key")} asked, ${count(calls, "call")} made, ${count(saved, "call")} saved, in ${duration(seconds)}${bad}.`;
}
