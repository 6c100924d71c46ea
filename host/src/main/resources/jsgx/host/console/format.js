// Numbers and times for people, as the command line writes them.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A size with its unit: 1.5 MiB. */
export function size(bytes) {
  if (bytes === null || bytes === undefined) {
    return "no limit";
  }
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || Number.isInteger(value) ? value : value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`;
}

/** A size for a command: exact, in the largest unit that has no fraction. */
export function sizeWord(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && value % 1024 === 0 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${value}` : `${value}${UNITS[unit]}`;
}

/** The bytes of a text such as 64KiB, 1.5 MiB or 4096; NaN for anything else. */
export function parseSize(word) {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:([KMGT]i?B?)|B)?\s*$/i.exec(word);
  if (!match) {
    return NaN;
  }
  const unit = match[2] ? "KMGT".indexOf(match[2][0].toUpperCase()) + 1 : 0;
  return Math.round(Number(match[1]) * 1024 ** unit);
}

/** A time of day, to the second; with the day where it is not today. */
export function clock(iso) {
  if (!iso) {
    return "";
  }
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) {
    return iso;
  }
  const two = (n) => String(n).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const of = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return time.toDateString() === new Date().toDateString() ? of : `${day} ${of}`;
}

export function micros(value) {
  if (value === null || value === undefined) {
    return "";
  }
  if (value < 1000) {
    return `${Math.round(value)} µs`;
  }
  return value < 1e6 ? `${(value / 1000).toFixed(value < 1e4 ? 2 : 1)} ms` : `${(value / 1e6).toFixed(2)} s`;
}

export const percent = (ratio) => (ratio === null || ratio === undefined ? "none" : `${(ratio * 100).toFixed(ratio > 0.1 && ratio < 1 ? 1 : 0)} %`);

export function rate(value) {
  return value === 0 || value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

export const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** A word for a shell, quoted where it needs it. */
export const shell = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${String(word).replaceAll("'", "'\\''")}'`);
