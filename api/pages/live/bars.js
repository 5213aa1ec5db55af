// Bars: a batch that has left, as long as its call takes.

import {count, duration, isGood, statuses} from "./words.js";

export class Bars {
  constructor(paint) {
    this.paint = paint;
  }

  // A batch that has left: a ribbon of its keys over what became of its call.
  draw(bar, {x, y, width, height}, hue) {
    const {context} = this.paint;
    const {flight} = bar;
    const isTall = height >= 16;
    const isBad = flight.landed && (flight.landed.gone || !flight.landed.calls.every(isGood));
    const ribbon = height >= 24 ? 9 : isTall ? 6 : height;
    context.save();
    this.paint.rounded(x, y, width, height, 4);
    context.fillStyle = this.paint.cell;
    context.fill();
    context.clip();
    this.ribbon(flight, x, y, width, ribbon, hue);
    this.notches(x, y, width, ribbon, flight.size);
    context.restore();
    this.paint.rounded(x, y, width, height, 4);
    context.strokeStyle = isBad ? this.paint.bad : this.paint.line;
    context.stroke();
    if (isTall) this.words(bar, x, y + ribbon, width, height - ribbon, isBad);
  }

  // The keys in the colours of whoever asked for them: side by side, or above each other where they share
  // them; those that failed are red.
  ribbon({keys, failed}, x, y, width, height, hue) {
    const {context} = this.paint;
    const owners = new Map();
    let asked = 0;
    for (const [text, key] of keys) {
      for (const owner of failed.has(text) ? [] : key.owners) {
        owners.set(owner, (owners.get(owner) ?? 0) + 1);
        asked += 1;
      }
    }
    const good = keys.size - failed.size;
    const isShared = asked > good && width > 24;
    const rows = isShared ? owners.size : 1;
    let at = x;
    let top = y;
    for (const [owner, count] of owners) {
      context.fillStyle = this.paint.hues[hue(owner)];
      const part = (width * count) / (isShared ? keys.size : asked + failed.size);
      context.fillRect(at, top, part, height / rows);
      if (isShared) top += height / rows;
      else at += part;
    }
    context.fillStyle = this.paint.bad;
    context.fillRect(
      x + (width * good) / (keys.size || 1),
      y,
      (width * failed.size) / (keys.size || 1),
      height,
    );
    context.fillStyle = this.paint.faint;
    if (!asked && !failed.size) context.fillRect(x, y, width, height);
  }

  // One notch between two keys, where there is room for it.
  notches(x, y, width, height, size) {
    if (width / size < 3) return;
    this.paint.context.fillStyle = this.paint.box;
    for (let n = 1; n < size; n += 1) this.paint.context.fillRect(x + (n * width) / size - 0.5, y, 1, height);
  }

  words({flight}, x, y, width, height, isBad) {
    const words = inWords(flight);
    const fits = words.find((each) => each.length * 6.1 + 12 < width);
    if (!fits) return;
    this.paint.text(fits, x + 7, y + height / 2, {
      size: height >= 15 ? 11 : 10,
      colour: isBad ? this.paint.bad : this.paint.ink,
    });
  }
}

function inWords({size, landed}) {
  const keys = count(size, "key");
  if (!landed) return [`${keys} in the air`, keys, String(size)];
  if (landed.gone) return ["given up"];
  if (!landed.calls.length) return [`${keys}, no call`, "no call"];
  const status = statuses(landed.calls);
  const took = duration(landed.seconds);
  const again = landed.retries ? `, ${landed.retries} again` : "";
  return [
    `${keys} · ${status} · ${took}${again}`,
    `${size} · ${status} · ${took}`,
    `${status} · ${took}`,
    status,
  ];
}
