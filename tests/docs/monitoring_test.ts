/** The dashboard and the alerts name metrics and labels that are there, and lead to words that are there. */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { METRICS, renderMetrics } from "../../app/http/metrics/unit_metrics.ts";
import { PORT_METRICS } from "../../app/http/metrics/port_metrics.ts";
import { renderText } from "../../app/http/metrics/metric.ts";
import { type Dashboard, expressionsOf, type Rule, rulesOf } from "../support/monitoring.ts";
import { readExposition } from "../support/exposition.ts";
import { fullSnapshot } from "../support/snapshots.ts";

const dashboard: Dashboard = JSON.parse(await Deno.readTextFile("docs/grafana/gatehouse.json"));
const rules: Rule[] = rulesOf(parse(await Deno.readTextFile("docs/alerts.yaml")));
const page = await Deno.readTextFile("docs/monitoring.md");

/** Labels of each series that a unit can have, with those that Prometheus adds. */
const known = new Map<string, Set<string>>([["up", new Set(["job", "instance"])]]);
const text = renderMetrics(fullSnapshot()) + renderText(PORT_METRICS, { size: 1, cut: 1 });
for (const { name, series } of readExposition(text)) {
  for (const one of [{ name, labels: {} }, ...series]) {
    const labels = known.get(one.name) ?? new Set(["job", "instance"]);
    known.set(one.name, labels.union(new Set(Object.keys(one.labels))));
  }
}

const WORDS: ReadonlySet<string> = new Set(
  "sum max min avg count rate increase topk histogram_quantile by on or and vector le".split(" "),
);

/** What is wrong with the names in an expression. */
function wrongIn(expr: string): string[] {
  const wrong: string[] = [];
  const bare = expr.replace(/"[^"]*"/g, '""').replace(/\[[^\]]*\]/g, "");
  const used = new Set<string>();
  for (const [, name = "", matchers] of bare.matchAll(/\b([a-z_]+)\b(?:\{([^}]*)\})?/g)) {
    if (!name.startsWith("gatehouse") && name !== "up") continue;
    const labels = known.get(name);
    if (!labels) wrong.push(`there is no metric ${name}`);
    labels?.forEach((label) => used.add(label));
    for (const [label] of matchers?.matchAll(/\w+(?==|!)/g) ?? []) {
      if (!labels?.has(label)) wrong.push(`${name} has no label ${label}`);
    }
  }
  for (const [, list = ""] of bare.matchAll(/\b(?:by|on) \(([^)]*)\)/g)) {
    const missing = list.split(", ").filter((label) => !used.has(label));
    wrong.push(...missing.map((label) => `nothing in it has the label ${label}`));
  }
  const outside = bare.replace(/\{[^}]*\}/g, "").replace(/\b(by|on) \([^)]*\)/g, "");
  for (const [name] of outside.matchAll(/\b[a-z_]+\b/g)) {
    if (!name.startsWith("gatehouse") && name !== "up" && !WORDS.has(name)) {
      wrong.push(`what is ${name}?`);
    }
  }
  return wrong;
}

Deno.test("the check of expressions notices a metric, a label and a group that are not there", () => {
  assert.deepEqual(wrongIn('sum by (state) (gatehouse_shards{state="ready"})'), []);
  assert.equal(wrongIn("gatehouse_shard").length, 1);
  assert.equal(wrongIn('gatehouse_shards{shard="1"}').length, 1);
  assert.equal(wrongIn("sum by (shard) (gatehouse_shards)").length, 1);
  assert.equal(wrongIn("summ(gatehouse_shards)").length, 1);
});

Deno.test("every series that a unit can have is in the snapshot that expressions are checked with", () => {
  const series = readExposition(text).filter(({ series }) => series.length > 0);
  assert.equal(series.length, METRICS.length + PORT_METRICS.length);
});

for (const { title, expr } of expressionsOf(dashboard)) {
  Deno.test(`the dashboard's "${title}" asks for what is there: ${expr}`, () => {
    assert.deepEqual(wrongIn(expr), []);
  });
}

Deno.test("the dashboard's variables ask for metrics and labels that are there", () => {
  const asked = JSON.stringify(dashboard.templating.list);
  const names = [...asked.matchAll(/label_values\((\w+)(?:\{[^}]*\})?, (\w+)\)/g)];
  assert.ok(names.length >= 2);
  for (const [, name = "", label = ""] of names) assert.ok(known.get(name)?.has(label), name);
});

Deno.test("the dashboard's legends name labels that their expressions keep", () => {
  for (const { expr, legendFormat, title } of expressionsOf(dashboard)) {
    for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      const kept = / by \(([^)]*)\)/.exec(expr)?.[1]?.split(", ");
      const isKept = kept?.includes(label) ?? known.get(/gatehouse_\w+/.exec(expr)![0])!.has(label);
      assert.ok(isKept, `${title}: ${label} is not kept by ${expr}`);
    }
  }
});

Deno.test("the dashboard is one that Grafana 11 imports: its schema, panels that do not overlap", () => {
  assert.ok(dashboard.schemaVersion >= 36 && dashboard.schemaVersion <= 41);
  assert.match(dashboard.uid, /^[\w-]{1,40}$/);
  const { panels } = dashboard;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, "an id is there twice");
  const taken = new Set<string>();
  for (const { title, type, gridPos: { x, y, w, h }, targets = [], datasource } of panels) {
    assert.ok(title !== "" && ["row", "stat", "timeseries"].includes(type), title);
    assert.ok(x >= 0 && x + w <= 24 && w > 0 && h > 0, title);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        assert.ok(!taken.has(`${column} ${line}`), `${title} lies over another`);
        taken.add(`${column} ${line}`);
      }
    }
    if (type === "row") continue;
    assert.equal(datasource?.uid, "${datasource}", title);
    assert.ok(targets.length > 0, title);
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
    for (const target of targets) assert.equal(target.datasource.uid, "${datasource}", title);
  }
  const [first] = dashboard.templating.list;
  assert.deepEqual([first?.name, first?.type, first?.query], [
    "datasource",
    "datasource",
    "prometheus",
  ]);
});

for (const { alert, expr, labels, annotations } of rules) {
  Deno.test(`the alert ${alert} asks for what is there, and leads to what is to be done`, () => {
    assert.deepEqual(wrongIn(expr), []);
    assert.ok(["warning", "critical"].includes(labels.severity!), alert);
    assert.equal(annotations.runbook, `docs/monitoring.md#${alert.toLowerCase()}`);
    assert.ok(page.includes(`\n### ${alert}\n`), `docs/monitoring.md does not tell of ${alert}`);
    for (const text of [annotations.summary!, annotations.description!]) {
      for (const [, label = ""] of text.matchAll(/\$labels\.(\w+)/g)) {
        const kept = / by \(([^)]*)\)/.exec(expr)?.[1]?.split(", ");
        const isKept = kept?.includes(label) ??
          known.get(/\b(up|gatehouse_\w+)/.exec(expr)![0])!.has(label);
        assert.ok(isKept, `${alert}: ${label} is not kept`);
      }
    }
  });
}

Deno.test("docs/monitoring.md tells of no alert that is not there", () => {
  const told = [...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(told, rules.map(({ alert }) => alert));
});
