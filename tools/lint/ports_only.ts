/**
 * Lint rule: no clock, timer or chance outside `ports/`, so that a test owns all of time.
 * They come in as a `Clock` and a `Random`.
 *
 * @module
 */

import { fromRoot } from "./from_root.ts";

const HINT = "Take a Clock or a Random of ports/ as a parameter; see docs/architecture.md";

/** Where real time and chance are meant; the page lives in a browser, by the browser's. */
const EXEMPT = [
  /^ports\//,
  /^sim\/wire\/server\.ts$/,
  /^tests\/(wire|support)\//,
  /^tests\/ports\//,
  /^(bench|tools)\//,
  /^dashboard\/page\//,
];

const FUNCTIONS: ReadonlySet<string> = new Set(["setTimeout", "setInterval", "setImmediate"]);
const METHODS: ReadonlySet<string> = new Set([
  "Date.now",
  "Math.random",
  "crypto.getRandomValues",
  "crypto.randomUUID",
  "performance.now",
  "AbortSignal.timeout",
]);
const TIMER_MODULES: ReadonlySet<string> = new Set(["node:timers", "node:timers/promises"]);

const KEYED: ReadonlySet<string> = new Set(["MethodDefinition", "Property", "TSMethodSignature"]);

/** Whether the rule leaves `file` (from the root, with `/`) alone. */
export function isExempt(file: string): boolean {
  return EXEMPT.some((pattern) => pattern.test(file));
}

const plugin: Deno.lint.Plugin = {
  name: "gatehouse-ports",
  rules: {
    "ports-only": {
      create(context) {
        if (isExempt(fromRoot(context.filename))) return {};
        function forbid(node: Deno.lint.Node, what: string): void {
          context.report({ node, message: `${what} outside ports/`, hint: HINT });
        }
        return {
          // As a value too: `const later = setTimeout` would be a way around.
          Identifier(node) {
            if (FUNCTIONS.has(node.name) && isGlobalUse(node)) forbid(node, node.name);
          },
          MemberExpression(node) {
            const name = memberName(node);
            if (METHODS.has(name)) forbid(node, name);
          },
          NewExpression(node) {
            const { callee, arguments: given } = node;
            if (callee.type === "Identifier" && callee.name === "Date" && given.length === 0) {
              forbid(node, "new Date() without a time");
            }
          },
          ImportDeclaration(node) {
            if (TIMER_MODULES.has(node.source.value)) forbid(node, node.source.value);
          },
        };
      },
    },
  },
};

/** `a.b` of a member expression; empty for anything deeper. */
function memberName({ object, property }: Deno.lint.MemberExpression): string {
  if (object.type !== "Identifier" || property.type !== "Identifier") return "";
  return `${object.name}.${property.name}`;
}

/** A name that stands for the global: not a property or a key of that name. */
function isGlobalUse(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  if (parent.type !== "MemberExpression") return !KEYED.has(parent.type);
  return parent.object === node || memberName(parent) === `globalThis.${node.name}`;
}

export default plugin;
