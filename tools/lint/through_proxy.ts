/**
 * Lint rule: whatever speaks to Discord passes the REST proxy, so that all keep one pace. Nothing but
 * `app/open_rest.ts` makes an HTTP client, and nobody calls `fetch`.
 *
 * @module
 */

import { fromRoot } from "./from_root.ts";

const HINT = "Take AskDiscord of rest/proxy.ts as a parameter; see docs/architecture.md";

/** Who reaches the unit and not Discord: the bot's side, the command line, the page in a browser; and what is not shipped. */
const EXEMPT = [
  /^(bot|clusters\/inside|ports|tests|bench|tools|examples|deploy)\//,
  /^sim\//,
  /^dashboard\/page\//,
  /^app\/cli\/world\.ts$/,
];

/** Where the proxy gets its client. */
const CLIENT_USERS: ReadonlySet<string> = new Set(["app/open_rest.ts"]);
const CLIENT = /ports\/http\/undici\.ts$/;

const KEYED: ReadonlySet<string> = new Set(["MethodDefinition", "Property", "TSMethodSignature"]);

const plugin: Deno.lint.Plugin = {
  name: "gatehouse-proxy",
  rules: {
    "through-proxy": {
      create(context) {
        const file = fromRoot(context.filename);
        if (EXEMPT.some((pattern) => pattern.test(file))) return {};
        const forbid = (node: Deno.lint.Node, what: string) =>
          context.report({ node, message: `${what} goes round the REST proxy`, hint: HINT });
        return {
          // As a value too: `{ fetch }` would be a way around.
          Identifier(node) {
            if (node.name === "fetch" && isGlobalUse(node)) forbid(node, "fetch");
          },
          ImportDeclaration(node) {
            if (!CLIENT.test(node.source.value) || CLIENT_USERS.has(file)) return;
            forbid(node, "an HTTP client");
          },
        };
      },
    },
  },
};

/** A name that stands for the global: not a property or a key of that name. */
function isGlobalUse(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  if (parent.type === "MemberExpression") {
    const { object, property } = parent;
    return object === node ||
      (property === node && object.type === "Identifier" && object.name === "globalThis");
  }
  if (parent.type === "Property") return parent.value === node;
  return !KEYED.has(parent.type);
}

export default plugin;
