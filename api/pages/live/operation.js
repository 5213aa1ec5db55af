// One operation: its events from first to last, the batches that carried its keys, and what it would
// have been with a call for each key.

const MOST_EVENTS = 5000;

// Collects events as they come, and tells of each operation that has come to its end.
export class Recorder {
  constructor(onOperation) {
    this.onOperation = onOperation;
    this.running = new Map();
    this.batches = new Map();
  }

  add(event) {
    const own = this.running.get(event.request);
    if (event.event === "began") {
      if (own) own.running += 1;
      else
        this.running.set(event.request, {
          number: event.request,
          running: 1,
          began: event.at,
          events: [],
          batches: new Set(),
          keys: new Set(),
        });
    } else if (event.event === "left") {
      this.batches.set(event.batch, {...event, owners: []});
      for (const each of this.running.values()) {
        if ((event.keys ?? []).some((key) => each.keys.has(`${event.loader} ${key}`)))
          this.join(each, event.batch);
      }
    } else if (event.event === "landed" || event.event === "gone") {
      for (const each of this.batches.get(event.batch)?.owners ?? []) this.keep(each, event);
      this.batches.delete(event.batch);
      return;
    } else if (event.event === "asked" && own) {
      for (const key of event.keys ?? []) own.keys.add(`${event.loader} ${key}`);
      for (const [number, batch] of this.batches) {
        // keys that are in the air already
        if (batch.loader === event.loader && (event.keys ?? []).some((key) => batch.keys?.includes(key)))
          this.join(own, number);
      }
    }
    if (own || event.event === "began") this.keep(this.running.get(event.request), event);
    if (event.event === "answered" && own && (own.running -= 1) === 0) {
      this.running.delete(event.request);
      this.onOperation(finished(own, event));
    }
  }

  join(own, number) {
    const batch = this.batches.get(number);
    if (own.batches.has(number)) return;
    own.batches.add(number);
    batch.owners.push(own);
    const {owners, ...event} = batch;
    this.keep(own, event);
  }

  keep(own, event) {
    if (own.events.length < MOST_EVENTS) own.events.push(event);
  }

  forget() {
    this.running.clear();
    this.batches.clear();
  }
}

function finished(own, answer) {
  const events = own.events.sort((one, other) => one.at - other.at);
  const landed = new Map(
    events.filter((event) => event.event === "landed").map((event) => [event.batch, event]),
  );
  const failures = events.filter((event) => event.event === "failed");
  const failed = new Set(
    failures.flatMap((event) => (event.keys ?? []).map((key) => `${event.loader} ${key}`)),
  );
  const batches = events
    .filter((event) => event.event === "left" && landed.has(event.batch))
    .map((event) => ({
      ...landed.get(event.batch),
      loader: event.loader,
      size: event.size,
      left: event.at,
      failed: landed.get(event.batch).retries
        ? 0
        : (event.keys ?? []).filter((key) => failed.has(`${event.loader} ${key}`)).length,
    }));
  const sum = (name) => answer.counts.reduce((total, row) => total + row[name], 0);
  return {
    number: own.number,
    name: answer.name,
    outcome: answer.outcome,
    began: own.began,
    seconds: Math.max(answer.at - own.began, answer.seconds),
    events,
    batches,
    counts: answer.counts,
    asked: sum("asked"),
    calls: sum("calls"),
    saved: sum("callsSaved"),
    failed: failures.reduce((total, event) => total + event.size, 0),
    errors: [...new Set(failures.map((event) => event.error))],
  };
}

// The calls of an operation if each key had a call of its own: as long as the loader's calls took on
// average, as many at once and as often as its provider takes them, what an answer led to after it.
export function singly(operation, providers) {
  const pace = new Map(
    providers.map(({name, rate, concurrency}) => [
      name,
      {rate, free: Array(concurrency ?? 1).fill(0), next: 0},
    ]),
  );
  const took = new Map();
  for (const {loader, calls} of operation.batches) {
    const all = took.get(loader) ?? [];
    took.set(loader, [...all, ...calls.map((call) => call.seconds)]);
  }
  const asks = operation.events.filter((event) => event.event === "asked");
  const landings = operation.batches.map((batch) => ({loader: batch.loader, at: batch.at}));
  const calls = [];
  const ends = []; // when all that an ask asked for would be there
  for (const ask of asks) {
    // Whatever landed before was what made somebody ask.
    const before = asks
      .slice(0, ends.length)
      .map((other, index) =>
        landings.some(({loader, at}) => loader === other.loader && other.at <= at && at <= ask.at)
          ? ends[index]
          : 0,
      );
    const start = Math.max(0, ...before);
    const own = pace.get(ask.loader.split(".")[0]) ?? {free: [0], next: 0};
    const times = took.get(ask.loader) ?? [];
    const seconds = times.length ? times.reduce((total, each) => total + each, 0) / times.length : 0;
    let last = start;
    for (let n = 0; n < ask.size; n += 1) {
      const slot = own.free.indexOf(Math.min(...own.free));
      const at = Math.max(start, own.free[slot], own.rate ? own.next : 0);
      own.free[slot] = at + seconds;
      if (own.rate) own.next = at + 1 / own.rate;
      last = Math.max(last, at + seconds);
      calls.push({loader: ask.loader, at, seconds});
    }
    ends.push(last);
  }
  return {calls, seconds: Math.max(operation.seconds, ...ends)};
}
