// Now, as the installation has it: the stream's time where that is the clock, whatever the browser's clock says.

let asOf = 0;
let heard = 0;
let follows = false;
const listeners = new Set();

/** Say whether the clock is the stream: then it stands still between answers. */
export function setStreamClock(stream) {
  follows = stream;
}

/** Take over how far an answer says the installation has come. */
export function tellAsOf(instant) {
  const at = Date.parse(instant);
  if (!(at > asOf)) return;
  asOf = at;
  heard = performance.now();
  for (const listener of listeners) listener();
}

/** Return now in ms since 1970; 0 as long as nothing is known. */
export function now() {
  return asOf && !follows ? asOf + performance.now() - heard : asOf;
}

/** Call whenever the clock was set. */
export function onClock(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
