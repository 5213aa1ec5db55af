// The feed: frames of events from the server, for as long as it takes.

// Milliseconds to the next try, after a server that is gone or takes no more watchers.
const AGAIN = 2000;

export function watch(address, {onFrame, onState}) {
  const source = new EventSource(address);
  source.onopen = () => onState("watching");
  source.onmessage = (message) => onFrame(JSON.parse(message.data));
  source.onerror = () => {
    onState("broken");
    if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
    setTimeout(() => watch(address, {onFrame, onState}), AGAIN);
  };
}
