/**
 * Numbers in the text that Prometheus reads. What the numbers are is in `metrics.ts` and
 * `rest_metrics.ts`.
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
