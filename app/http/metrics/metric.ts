/**
 * What a metric is, and how metrics are written in the text that Prometheus reads.
 * See the [text format](https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * @module
 */

/** One number with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** What comes after the metric's name: the parts of a histogram have one each. Default: nothing. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
}

/** One metric: what it counts and how it is read off what is known. */
export interface Metric<Known> {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  samples(known: Known): readonly Sample[];
}

/** All `metrics` of what is known, as text. */
export function renderText<Known>(metrics: readonly Metric<Known>[], known: Known): string {
  return metrics.map((metric) =>
    `# HELP ${metric.name} ${metric.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n` +
    `# TYPE ${metric.name} ${metric.type}\n` +
    metric.samples(known).map((sample) => line(metric.name, sample)).join("")
  ).join("");
}

function line(name: string, { labels, value, suffix }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) =>
    `${label}="${escaped(String(text))}"`
  );
  return `${name}${suffix ?? ""}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
}

function escaped(label: string): string {
  return label.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** A counter, by its name, or a gauge. */
export function metric<Known>(
  name: string,
  help: string,
  samples: Metric<Known>["samples"],
): Metric<Known> {
  return { name, type: name.endsWith("_total") ? "counter" : "gauge", help, samples };
}

/** One number of the whole. */
export function one<Known>(
  name: string,
  help: string,
  value: (known: Known) => number,
): Metric<Known> {
  return metric(name, help, (known) => [{ labels: {}, value: value(known) }]);
}

/** Counts by name, each name as a label. */
export function labelled(
  counts: Readonly<Record<string, number>>,
  labels: (name: string) => Sample["labels"],
): Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: labels(name), value }));
}
