// The ledger: which keys wait, which batches are in the air, and whose keys they are.
//
// Events say what happened to keys, not what became of each: whether a key that is asked is new, was
// remembered by its request or joins another's is told by what the ledger knows. Whoever draws is told
// of every change: `drawing.asked`, `left`, `landed`, `failed`, `answered`.

const MOST_REQUESTS = 200;
const MOST_FLOWN = 4000; // keys whose batch is known, for those that turn out to have failed

export class Ledger {
  constructor(drawing) {
    this.drawing = drawing;
    this.lanes = new Map(); // by loader, in the order of providers and then of use
    this.requests = new Map(); // by number
    this.flights = new Map(); // by batch
  }

  hello(providers) {
    for (const provider of providers) {
      for (const [loader, {size, window}] of Object.entries(provider.loaders)) {
        Object.assign(this.lane(loader), {size, window, rate: provider.rate});
      }
    }
  }

  lane(loader) {
    if (!this.lanes.has(loader)) {
      const [provider, resource] = loader.split(".");
      this.lanes.set(loader, {
        loader,
        provider,
        resource,
        size: 1,
        window: 0,
        waiting: new Map(),
        flown: new Map(),
        unnamed: 0,
        used: false,
      });
    }
    return this.lanes.get(loader);
  }

  request(number) {
    if (!this.requests.has(number)) {
      this.requests.set(number, {
        number,
        name: "",
        asked: 0,
        saved: 0,
        failed: 0,
        running: 0,
        known: new Set(),
      });
      if (this.requests.size > MOST_REQUESTS) this.requests.delete(this.requests.keys().next().value);
    }
    return this.requests.get(number);
  }

  apply(event) {
    this[event.event]?.(event);
  }

  began(event) {
    const request = this.request(event.request);
    request.name ||= event.name ?? "";
    request.running += 1;
    this.drawing.began(request);
  }

  asked(event) {
    const lane = this.lane(event.loader);
    const request = this.request(event.request);
    const fates = {fresh: [], joined: [], remembered: []};
    lane.used = true;
    request.asked += event.size;
    for (const text of event.keys ?? []) fates[this.ask(lane, request, text)].push(text);
    if (!event.keys) lane.unnamed += event.size;
    request.saved += fates.joined.length + fates.remembered.length;
    this.drawing.asked(lane, request, fates, event.size);
  }

  // Return what becomes of a key that is asked: fresh, joined or remembered.
  ask(lane, request, text) {
    const name = `${lane.loader} ${text}`;
    const there = lane.waiting.get(text) ?? this.inAir(lane, text);
    if (there) {
      if (there.owners.includes(request.number)) return "remembered";
      there.owners.push(request.number);
      request.known.add(name);
      return "joined";
    }
    if (request.known.has(name)) return "remembered";
    request.known.add(name);
    lane.waiting.set(text, {text, owners: [request.number]});
    return "fresh";
  }

  // Of the keys that were asked just now, the process remembers these.
  cached(event) {
    const lane = this.lane(event.loader);
    const request = this.request(event.request);
    lane.cached = (lane.cached ?? 0) + event.size;
    request.saved += event.size;
    for (const text of event.keys ?? []) this.leave(lane, text, request.number);
    if (!event.keys) this.takeUnnamed(lane, event.size);
  }

  inAir(lane, text) {
    const flight = lane.flown.get(text);
    return flight && !flight.landed ? flight.keys.get(text) : undefined;
  }

  left(event) {
    const lane = this.lane(event.loader);
    const keys = new Map();
    for (const text of event.keys ?? []) {
      const before = lane.flown.get(text)?.keys.get(text);
      keys.set(text, lane.waiting.get(text) ?? {text, owners: before?.owners ?? []});
      lane.waiting.delete(text);
    }
    if (!event.keys) this.takeUnnamed(lane, event.size);
    const flight = {batch: event.batch, lane, size: event.size, keys, failed: new Set(), landed: null};
    lane.used = true;
    for (const text of keys.keys()) {
      lane.flown.delete(text);
      lane.flown.set(text, flight);
    }
    while (lane.flown.size > MOST_FLOWN) lane.flown.delete(lane.flown.keys().next().value);
    this.flights.set(event.batch, flight);
    this.drawing.left(flight);
  }

  takeUnnamed(lane, size) {
    const unnamed = Math.min(size, lane.unnamed);
    lane.unnamed -= unnamed;
    for (const text of [...lane.waiting.keys()].slice(0, size - unnamed)) lane.waiting.delete(text);
  }

  landed(event) {
    const flight = this.flights.get(event.batch);
    if (!flight) return; // it left before somebody watched
    this.flights.delete(event.batch);
    flight.landed = event;
    if (event.retries === flight.size) {
      // they wait anew; of some among others, their next batch tells
      for (const [text, key] of flight.keys) flight.lane.waiting.set(text, key);
    }
    this.drawing.landed(flight);
  }

  gone(event) {
    const flight = this.flights.get(event.batch);
    if (!flight) return;
    this.flights.delete(event.batch);
    flight.landed = {...event, calls: [], seconds: 0, gone: true};
    this.drawing.landed(flight);
  }

  failed(event) {
    const lane = this.lane(event.loader);
    const request = this.request(event.request);
    request.failed += event.size;
    for (const text of event.keys ?? []) {
      request.known.delete(`${lane.loader} ${text}`);
      const flight = lane.flown.get(text);
      flight?.failed.add(text);
      if (!flight || flight.landed) this.leave(lane, text, request.number);
      this.drawing.failed(lane, flight, text, event.error);
    }
  }

  answered(event) {
    const request = this.request(event.request);
    request.running -= 1;
    request.answer = event;
    if (request.running <= 0) {
      request.known.clear();
      // Whoever goes away takes along the keys that nobody else waits for.
      for (const lane of this.lanes.values()) {
        for (const text of lane.waiting.keys()) this.leave(lane, text, request.number);
      }
    }
    this.drawing.answered(request);
  }

  leave(lane, text, number) {
    const key = lane.waiting.get(text);
    if (!key) return;
    key.owners = key.owners.filter((owner) => owner !== number);
    if (!key.owners.length) lane.waiting.delete(text);
  }

  // Events were lost: what is known of keys and batches may be wrong.
  forget() {
    for (const flight of this.flights.values()) {
      flight.landed = {calls: [], seconds: 0, gone: true};
      this.drawing.landed(flight);
    }
    this.flights.clear();
    for (const lane of this.lanes.values()) {
      lane.waiting.clear();
      lane.unnamed = 0;
    }
  }

  get isIdle() {
    if (this.flights.size) return false;
    return ![...this.lanes.values()].some((lane) => lane.waiting.size || lane.unnamed);
  }
}
