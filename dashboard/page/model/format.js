/**
 * Figures as people read them.
 *
 * @module
 */

/** What stands for a figure that is not known. */
export const UNKNOWN = "–";

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });

/**
 * `12,345`.
 *
 * @param {number | null | undefined} value
 */
export function count(value) {
  return value === null || value === undefined ? UNKNOWN : WHOLE.format(value);
}

/**
 * `12.3K`: where there is little room.
 *
 * @param {number | null | undefined} value
 */
export function short(value) {
  if (value === null || value === undefined) return UNKNOWN;
  return value < 10_000 ? WHOLE.format(value) : SHORT.format(value);
}

/**
 * `0`, `0.4`, `47`: one place after the point as long as it says something.
 *
 * @param {number | null | undefined} value Per second.
 */
export function rate(value) {
  if (value === null || value === undefined) return UNKNOWN;
  return value > 0 && value < 9.95 ? value.toFixed(1) : short(Math.round(value));
}

/**
 * `84 ms`, `1.8 s`.
 *
 * @param {number | null | undefined} ms
 */
export function latency(ms) {
  if (ms === null || ms === undefined) return UNKNOWN;
  return ms < 1_000 ? `${Math.round(ms)} ms` : span(ms);
}

/**
 * A length of time in its two largest units at most: `4.2 s`, `48 s`, `12 min`, `2 h 5 min`, `3 d 4 h`.
 *
 * @param {number | null | undefined} ms
 */
export function span(ms) {
  if (ms === null || ms === undefined) return UNKNOWN;
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 9.95) return `${seconds < 0.05 ? 0 : seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return both(hours, "h", minutes % 60, "min");
  const all = Math.round(minutes / 60);
  return both(Math.floor(all / 24), "d", all % 24, "h");
}

/**
 * How long ago: `now`, `12 s ago`.
 *
 * @param {number | null | undefined} atMs
 * @param {number} nowMs
 */
export function ago(atMs, nowMs) {
  if (atMs === null || atMs === undefined) return UNKNOWN;
  const ms = nowMs - atMs;
  return ms < 1_500 ? "now" : `${span(Math.round(ms / 1_000) * 1_000).replace(".0 s", " s")} ago`;
}

/**
 * `214 MB`.
 *
 * @param {number | null | undefined} value
 */
export function bytes(value) {
  if (value === null || value === undefined) return UNKNOWN;
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} GB`;
  return value >= 1e6 ? `${Math.round(value / 1e6)} MB` : `${Math.round(value / 1e3)} kB`;
}

/**
 * `4.1 %`.
 *
 * @param {number | null | undefined} value
 */
export function percent(value) {
  if (value === null || value === undefined) return UNKNOWN;
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} %`;
}

/**
 * The time of day: `14:03:27`.
 *
 * @param {number} atMs
 */
export function clock(atMs) {
  return new Date(atMs).toLocaleTimeString("en-GB");
}

/**
 * `1 shard`, `2 shards`.
 *
 * @param {number} value
 * @param {string} one
 * @param {string} [many]
 */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/**
 * @param {number} large
 * @param {string} of
 * @param {number} small
 * @param {string} ofSmall
 */
function both(large, of, small, ofSmall) {
  return small === 0 ? `${large} ${of}` : `${large} ${of} ${small} ${ofSmall}`;
}
