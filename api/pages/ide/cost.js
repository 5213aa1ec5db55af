// What the last answer cost: keys, calls and calls saved of each loader.

import {createElement as h, useSyncExternalStore} from "../graphiql/graphiql.js";

const COLUMNS = [
  ["asked", "keys asked"],
  ["distinct", "different"],
  ["joined", "joined"],
  ["batches", "batches"],
  ["calls", "calls"],
  ["callsSaved", "saved"],
  ["milliseconds", "ms"],
];

// The last answer's cost, for whoever draws it.
export const costs = {
  last: null,
  listeners: new Set(),
  show(cost) {
    this.last = cost;
    for (const each of this.listeners) each();
  },
};

function subscribe(listener) {
  costs.listeners.add(listener);
  return () => costs.listeners.delete(listener);
}

export function Cost() {
  const cost = useSyncExternalStore(subscribe, () => costs.last);
  if (!cost) return h("p", {className: "cost", role: "status"}, "What an answer cost stands here.");
  const {rows} = cost;
  return h(
    "div",
    {className: "cost"},
    h("p", {role: "status", className: cost.errors ? "bad" : ""}, inWords(cost)),
    rows.length > 0 &&
      h(
        "table",
        null,
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            h("th", {scope: "col"}, "loader"),
            COLUMNS.map(([name, title]) => h("th", {key: name, scope: "col"}, title)),
            h("th", {scope: "col"}, "asked by"),
          ),
        ),
        h(
          "tbody",
          null,
          rows.map((row) => h(Row, {key: row.loader, row})),
        ),
      ),
  );
}

function Row({row}) {
  const fields = Object.keys(row.fields ?? {}).join(", ");
  return h(
    "tr",
    null,
    h("th", {scope: "row"}, row.loader),
    COLUMNS.map(([name]) => h("td", {key: name}, row[name])),
    h("td", null, fields),
  );
}

function inWords({rows, errors, milliseconds}) {
  const sum = (name) => rows.reduce((total, row) => total + row[name], 0);
  const failed = errors ? ` · ${errors} ${errors === 1 ? "error" : "errors"}` : "";
  return `${sum("asked")} keys → ${sum("calls")} calls, ${sum("callsSaved")} saved · ${Math.round(milliseconds)} ms${failed}`;
}
