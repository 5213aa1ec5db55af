// The layout: where requests, batches and the tape of each loader are, for whatever width there is.

const HEAD = 30; // a provider's own line
const TOP = 30;
export const CAPTIONS = 17;
const NARROW = 620;
const WIDE = {row: 54, box: {width: 88, height: 40}, left: 322};
const PHONE = {row: 64, box: {width: 74, height: 34}, left: 14};
const USUAL = ["tracks", "artists", "albums", "search"]; // shown before anything was asked

export class Layout {
  constructor() {
    this.width = 0;
    this.lanes = [];
    this.providers = [];
    this.height = 200;
  }

  get isNarrow() {
    return this.width < NARROW;
  }

  // Give a row to every loader that was used, and to the usual ones of the first provider.
  fit(lanes) {
    const all = [...lanes.values()];
    const isUsed = all.some((lane) => lane.used);
    const first = all[0]?.provider;
    const shown = all.filter(
      (lane) => lane.used || (lane.provider === first && USUAL.includes(lane.resource)),
    );
    this.lanes = [];
    this.providers = [];
    let y = TOP + (this.isNarrow ? 58 : 0);
    for (const provider of new Set((isUsed || first ? shown : []).map((lane) => lane.provider))) {
      this.providers.push({provider, y});
      y += HEAD;
      for (const lane of shown.filter((each) => each.provider === provider)) {
        lane.y = y;
        y += this.sizes.row;
        this.lanes.push(lane);
      }
      y += 8;
    }
    this.height = Math.max(y + 8, this.isNarrow ? 300 : 280);
  }

  measure(width) {
    this.width = width;
  }

  get sizes() {
    return this.isNarrow ? PHONE : WIDE;
  }

  // Where names of providers begin, batches, and the tape.
  get nameLeft() {
    return this.isNarrow ? PHONE.left : WIDE.left - 96;
  }

  get boxLeft() {
    return this.sizes.left;
  }

  get tapeLeft() {
    return this.boxLeft + this.sizes.box.width + 14;
  }

  middle(lane) {
    return lane.y + this.sizes.row / 2 + (this.isNarrow ? 5 : 0);
  }

  // The outline of a loader's batch, and its grid of cells.
  box(lane) {
    const {row, box} = this.sizes;
    const size = Math.max(1, lane.size);
    const columns = size === 1 ? 1 : Math.ceil(Math.sqrt(size * 2));
    const rows = Math.ceil(size / columns);
    const pitch = Math.min(box.width / columns, box.height / rows, 12);
    const width = columns * pitch;
    const height = rows * pitch;
    const top = lane.y + (this.isNarrow ? 18 : (row - height) / 2);
    return {x: this.boxLeft + box.width - width, y: top, width, height, columns, pitch};
  }

  cell(lane, index) {
    const {x, y, columns, pitch} = this.box(lane);
    const slot = index % Math.max(1, lane.size);
    return {
      x: x + (slot % columns) * pitch,
      y: y + Math.floor(slot / columns) * pitch,
      size: Math.max(2, pitch - 1.5),
    };
  }

  tape(lane, slot) {
    const slots = lane.slots ?? 1;
    const each = Math.min(30, 44 / slots);
    const top = this.middle(lane) - (each * slots) / 2 + each * slot;
    return {left: this.tapeLeft, top, height: each - 2};
  }

  // Requests stand beside the loaders, or above them where it is narrow.
  place(requests) {
    const room = this.isNarrow ? 2 : Math.max(1, Math.floor((this.height - TOP - 10) / 50));
    const shown = requests.slice(-room);
    return shown.map((request, index) => ({
      request,
      x: 14 + (this.isNarrow ? index * ((this.width - 28) / 2) : 0),
      y: TOP + 6 + (this.isNarrow ? 0 : index * 50),
    }));
  }

  origin(requests, request) {
    const there = this.place(requests).find((each) => each.request === request);
    return there ? {x: there.x + 6, y: there.y + 9} : {x: 0, y: TOP};
  }
}
