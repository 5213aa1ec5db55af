// The player: when each event is shown.
//
// An operation is over in milliseconds, which nobody can see. While little happens, it is shown in slow
// motion, in the order in which one thing led to another. When much happens, events are shown as they come.

const CALM = 2.6; // seconds that an operation's events are stretched to
const FLY = 0.5; // seconds for keys to reach their batch, before it leaves
const AIR = 1.35; // seconds for a call to be seen, less where many follow
const AIR_OF_ALL = 6;
const READ = 0.3; // seconds after a call before what its answer made others ask
const SLOWEST = 1 / 5000;
const BUSY_OPERATIONS = 3; // more of them at once are shown as they come
const BUSY_EVENTS = 150;

export class Player {
  constructor(ledger) {
    this.ledger = ledger;
    this.queue = [];
    this.position = null; // the loop time that is shown
    this.rate = 1;
    this.isBusy = false;
    this.notBefore = {asked: 0, left: new Map(), landed: new Map()};
  }

  add(events) {
    if (this.position === null && events.length) this.begin(events[0].at);
    this.queue.push(...events);
  }

  begin(at) {
    this.position = at;
    this.rate = SLOWEST;
  }

  get isIdle() {
    return !this.queue.length && this.ledger.isIdle;
  }

  // How much slower than it was: 1 is as it was.
  get slowness() {
    return this.position === null || this.isBusy ? 1 : 1 / this.rate;
  }

  // Show what is due; `now` and `passed` are seconds.
  tick(now, passed) {
    if (this.position === null) return;
    const begun = this.queue.reduce((count, event) => count + (event.event === "began"), 0);
    if (begun > BUSY_OPERATIONS || this.queue.length > BUSY_EVENTS) this.isBusy = true;
    if (this.isBusy) {
      while (this.queue.length) this.show(this.queue.shift(), now);
      if (this.ledger.isIdle) this.end();
      return;
    }
    const last = this.queue.at(-1);
    if (last) this.rate = Math.max(this.rate, (last.at - this.position) / CALM);
    this.position += passed * this.rate;
    while (this.queue.length && this.queue[0].at <= this.position) {
      if (last.at - this.position < CALM && !this.mayShow(this.queue[0], now)) {
        this.position = this.queue[0].at; // time stands still until then
        break;
      }
      this.show(this.queue.shift(), now);
    }
    if (this.isIdle) this.end();
  }

  end() {
    this.position = null;
    this.isBusy = false;
  }

  mayShow(event, now) {
    if (event.event === "asked") return now >= this.notBefore.asked;
    if (event.event === "left") return now >= (this.notBefore.left.get(event.loader) ?? 0);
    if (event.event === "landed") return now >= (this.notBefore.landed.get(event.batch) ?? 0);
    return true;
  }

  show(event, now) {
    if (event.event === "asked") this.notBefore.left.set(event.loader, now + FLY);
    if (event.event === "left") {
      const landings = this.queue.reduce((count, each) => count + (each.event === "landed"), 1);
      this.notBefore.landed.set(event.batch, now + Math.min(AIR, AIR_OF_ALL / landings));
    }
    if (event.event === "landed") {
      this.notBefore.landed.delete(event.batch);
      this.notBefore.asked = now + READ;
    }
    this.ledger.apply(event);
  }
}
