/**
 * What docs/grafana and docs/alerts.yaml are made of. Not a test.
 *
 * @module
 */

/** A dashboard of Grafana's, as far as it is looked at. */
export interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly Record<string, unknown>[] };
  readonly panels: readonly Panel[];
}

/** A panel, or a row between panels. */
export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly Target[];
}

/** A question of a panel. */
export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: { readonly uid: string };
}

/** An alert. */
export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Every expression of a dashboard, with the panel that it is in. */
export function expressionsOf({ panels }: Dashboard): (Target & { title: string })[] {
  return panels.flatMap(({ title, targets = [] }) => targets.map((it) => ({ ...it, title })));
}

/** Every alert of a file of rules. */
export function rulesOf(file: { readonly groups: readonly { readonly rules: Rule[] }[] }): Rule[] {
  return file.groups.flatMap(({ rules }) => rules);
}
