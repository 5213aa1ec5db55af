// Words: how numbers, times and names are written, everywhere on the page.

const NAMES = {musicbrainz: "MusicBrainz", listenbrainz: "ListenBrainz", coverart: "Cover Art Archive"};

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function duration(seconds) {
  if (seconds >= 1) return `${Number(seconds.toFixed(1))} s`;
  const milliseconds = seconds * 1000;
  if (milliseconds < 0.95 && milliseconds > 0) return "<1 ms";
  return `${milliseconds < 10 ? Number(milliseconds.toFixed(1)) : Math.round(milliseconds)} ms`;
}

export function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export function named(provider) {
  return NAMES[provider] ?? provider[0].toUpperCase() + provider.slice(1);
}

// What the answers of a batch's calls said, each thing once.
export function statuses(calls) {
  return [...new Set(calls.map((call) => call.status ?? "no answer"))].join(", ");
}

// An answer that something is unknown is one like any other.
export function isGood({status}) {
  return status !== null && (status < 400 || status === 404);
}
