/**
 * A strict reader of what Prometheus scrapes: it throws where Prometheus would refuse, or count wrongly, what is
 * there. See the [text format](https://prometheus.io/docs/instrumenting/exposition_formats/). Not a test.
 *
 * @module
 */

/** One series at one moment. */
export interface Series {
  /** With what comes after the metric's name: `x_seconds_bucket`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all of its series. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly series: readonly Series[];
}

const NAME = /^[a-z][a-z0-9_]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y;
const VALUE = /^(NaN|[+-]Inf|[+-]?\d+(\.\d+)?(e[+-]?\d+)?)$/;
const PARTS: Readonly<Record<string, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/** Reads all of it. */
export function readExposition(text: string): Family[] {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families: (Family & { series: Series[] })[] = [];
  const seen = new Set<string>();
  const lines = text.slice(0, -1).split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const wrong = (why: string) => new Error(`line ${i + 1}: ${why}: ${line}`);
    const [, name = "", help = ""] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
    if (name !== "") {
      const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(lines[++i] ?? "");
      if (type?.[1] !== name) throw wrong("TYPE does not follow HELP");
      if (!NAME.test(name)) throw wrong("it is no name");
      if (families.some((family) => family.name === name)) throw wrong("it is here twice");
      if ((type[2] === "counter") !== name.endsWith("_total")) {
        throw wrong("a counter ends in _total");
      }
      families.push({ name, type: type[2]!, help, series: [] });
      continue;
    }
    const series = readSeries(line, wrong);
    const family = families.at(-1);
    const part = series.name.slice(family?.name.length ?? 0);
    if (!family || !series.name.startsWith(family.name) || !PARTS[family.type]!.includes(part)) {
      throw wrong("it is not below its HELP");
    }
    const key = `${series.name} ${JSON.stringify(Object.entries(series.labels).sort())}`;
    if (seen.has(key)) throw wrong("it is here twice");
    seen.add(key);
    if (family.type !== "gauge" && !(series.value >= 0)) throw wrong("it counts below 0");
    family.series.push(series);
  }
  for (const family of families) if (family.type === "histogram") checkHistogram(family);
  return families;
}

function readSeries(line: string, wrong: (why: string) => Error): Series {
  const [, name = "", inside = "", text = ""] = SAMPLE.exec(line) ?? [];
  if (name === "") throw wrong("it is no sample");
  if (!VALUE.test(text)) throw wrong(`${text} is no number`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inside.length) {
    const label = LABEL.exec(inside);
    if (!label) throw wrong("its labels cannot be read");
    if (Object.hasOwn(labels, label[1]!)) throw wrong("a label is there twice");
    labels[label[1]!] = label[2]!.replace(/\\(.)/g, (_, it) => it === "n" ? "\n" : it);
  }
  return { name, labels, value: text.endsWith("Inf") ? Infinity : Number(text) };
}

/** Its buckets grow, the last is all. */
function checkHistogram({ name, series }: Family): void {
  const groups = Object.groupBy(series, ({ labels: { le: _, ...rest } }) => JSON.stringify(rest));
  for (const [key, group = []] of Object.entries(groups)) {
    const buckets = group.filter((one) => one.name.endsWith("_bucket"));
    const counts = buckets.map(({ value }) => value);
    const bounds = buckets.map(({ labels }) => Number(labels.le!.replace("+Inf", "Infinity")));
    const rising = (list: number[]) => list.every((one, i) => i === 0 || one >= list[i - 1]!);
    const count = group.find((one) => one.name.endsWith("_count"))?.value;
    const isWhole = rising(counts) && rising(bounds) && bounds.at(-1) === Infinity &&
      counts.at(-1) === count && group.some((one) => one.name.endsWith("_sum"));
    if (!isWhole) throw new Error(`the histogram ${name} of ${key} is not whole`);
  }
}
