// Numbers, dates and names as people read them. Dates are in the policy's zone.

/** The end of a name such as `orders_30d`. */
export const WINDOW = /_(\d+)d\b/g;

let zone = "UTC";
let formats = make();

function make() {
  const of = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
  return {
    date: of({ day: "numeric", month: "short", year: "numeric" }),
    dateTime: of({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }),
    time: of({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    short: of({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
    key: new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }),
  };
}

/** Set the zone in which dates are told; a name that the browser does not know leaves it as it is. */
export function setZone(name) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
  } catch {
    return;
  }
  zone = name;
  formats = make();
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const shares = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const smallShares = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

export const count = (number) => whole.format(number);
export const value = (number) => precise.format(number);

/** Return a change with its sign, and a true minus. */
export function change(number) {
  return number > 0 ? `+${count(number)}` : number < 0 ? `−${count(-number)}` : "0";
}

export function share(part, all) {
  if (!all) return "";
  const ratio = part / all;
  return ratio > 0 && ratio < 0.1 ? smallShares.format(ratio) : shares.format(ratio);
}

export const date = (instant) => formats.date.format(new Date(instant));
export const dateTime = (instant) => formats.dateTime.format(new Date(instant));
export const time = (instant) => formats.time.format(new Date(instant));
/** Return date and time, without the year if it is that of `now`. */
export const shortTime = (instant, now) =>
  (dateKey(instant).slice(0, 4) === dateKey(now).slice(0, 4) ? formats.short : formats.dateTime).format(new Date(instant));

/** Return the date of an instant as in 2026-12-31. */
export const dateKey = (instant) => formats.key.format(new Date(instant));

const calendar = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
const weekday = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" });

/** Return a date such as 2026-12-31, which has no zone, in words. */
export const day = (key) => calendar.format(new Date(`${key}T00:00:00Z`));
export const dayOfWeek = (key) => weekday.format(new Date(`${key}T00:00:00Z`));

/** Return the date that lies so many days after another one. */
export function addDays(key, days) {
  return new Date(Date.parse(`${key}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

const UNITS = [["year", 365 * 86_400], ["month", 30 * 86_400], ["day", 86_400], ["hour", 3600], ["minute", 60]];

/** Return a number of things: "1 day", "2 days". */
export const counted = (number, unit) => `${count(number)} ${unit}${number === 1 ? "" : "s"}`;

/** Return how far an instant lies from now, in one unit: "3 days ago", "in 2 hours". */
export function relative(instant, now) {
  const seconds = (Date.parse(instant) - now) / 1000;
  const [unit, length] = UNITS.find(([, it]) => Math.abs(seconds) >= it) ?? ["second", 1];
  const number = Math.floor(Math.abs(seconds) / length);
  if (unit === "second" && number < 5) return "just now";
  const told = counted(number, unit);
  return seconds < 0 ? `${told} ago` : `in ${told}`;
}

/** Return a name of the policy as people write it. */
export const words = (name) => String(name).replaceAll(WINDOW, " in $1 days").replaceAll("_", " ");
