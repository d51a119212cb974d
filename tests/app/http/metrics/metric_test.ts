import assert from "node:assert/strict";
import { type Metric, renderText, type Sample } from "../../../../app/http/metrics/metric.ts";

/** A metric that reads its samples off what is known. */
function metric(changed: Partial<Metric<readonly Sample[]>> = {}): Metric<readonly Sample[]> {
  return { name: "x_total", type: "counter", help: "Help.", samples: (known) => known, ...changed };
}

/** The one line of a sample. */
function lineOf(sample: Sample): string {
  return renderText([metric()], [sample]).split("\n")[2]!;
}

Deno.test("renderText() writes help and type before the samples, and ends each line", () => {
  const text = renderText([
    metric(),
    metric({ name: "y", type: "gauge", help: "More.", samples: () => [] }),
  ], [{ labels: {}, value: 1 }, { labels: { a: 1 }, value: 2 }]);
  assert.equal(
    text,
    "# HELP x_total Help.\n# TYPE x_total counter\nx_total 1\n" +
      'x_total{a="1"} 2\n# HELP y More.\n# TYPE y gauge\n',
  );
});

Deno.test("renderText() writes nothing where there is no metric", () => {
  assert.equal(renderText([], []), "");
});

Deno.test("renderText() writes labels in their order, numbers as text", () => {
  assert.equal(
    lineOf({ labels: { shard: 3, cause: "op 7", le: 0.25 }, value: -1.5e-7 }),
    'x_total{shard="3",cause="op 7",le="0.25"} -1.5e-7',
  );
});

Deno.test("renderText() writes the parts of a histogram under its one name", () => {
  const text = renderText([metric({ name: "x_seconds", type: "histogram" })], [
    { labels: { le: "+Inf" }, value: 2, suffix: "_bucket" },
    { labels: {}, value: 0.5, suffix: "_sum" },
    { labels: {}, value: 2, suffix: "_count" },
  ]);
  assert.deepEqual(text.split("\n").slice(1, -1), [
    "# TYPE x_seconds histogram",
    'x_seconds_bucket{le="+Inf"} 2',
    "x_seconds_sum 0.5",
    "x_seconds_count 2",
  ]);
});

Deno.test("renderText() escapes backslash, quote and line break in a label", () => {
  assert.equal(
    lineOf({ labels: { a: 'a"b\\c\nd\\n"' }, value: 1 }),
    'x_total{a="a\\"b\\\\c\\nd\\\\n\\""} 1',
  );
});

Deno.test("renderText() escapes backslash and line break in a help, not quotes", () => {
  const [help] = renderText([metric({ help: 'a "b" \\ c\nd' })], []).split("\n");
  assert.equal(help, '# HELP x_total a "b" \\\\ c\\nd');
});
