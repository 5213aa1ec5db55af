// Budgets and holds of the providers, in words that change only when they have something new to say.

import {count, named} from "./words.js";

export function showProviders(list, hello, standing) {
  for (const {name, on, reason, rate} of hello) {
    const item = list.querySelector(`[data-name="${name}"]`) ?? list.appendChild(newItem(name, rate));
    const now = standing[name];
    const waiting = Object.values(now?.waiting ?? {}).reduce((total, each) => total + each, 0);
    item.classList.toggle("held", Boolean(now?.hold));
    write(item.querySelector("p"), words({on, reason, rate, now, waiting}));
    if (rate && now) item.querySelector("meter").value = Math.max(0, Math.min(1, now.budget));
  }
}

function newItem(name, rate) {
  const item = document.createElement("li");
  item.dataset.name = name;
  item.append(
    Object.assign(document.createElement("b"), {textContent: named(name)}),
    document.createElement("p"),
  );
  if (rate) {
    const meter = Object.assign(document.createElement("meter"), {min: 0, max: 1, value: 1});
    meter.setAttribute("aria-label", `the next permit of ${named(name)}`);
    item.append(meter);
  }
  return item;
}

function words({on, reason, rate, now, waiting}) {
  if (!on) return `off: ${reason}`;
  const pace = rate ? `${count(rate, "call")} a second` : "no rate set";
  const held = now?.hold ? `, held for ${Math.ceil(now.hold)} s` : "";
  return `${pace}${held}${waiting ? `, ${count(waiting, "key waits", "keys wait")}` : ""}`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
