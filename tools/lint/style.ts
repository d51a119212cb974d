/**
 * Lint rules of our style that the recommended ones do not have: no default exports, `#private`
 * instead of `private`, unions of texts instead of enums.
 *
 * @module
 */

import { fromRoot } from "./from_root.ts";

/** Bots and lint plugins are found by their default export. */
const DEFAULT_EXPORT_ALLOWED = /^(examples|tools\/lint|tests)\//;

const plugin: Deno.lint.Plugin = {
  name: "gatehouse-style",
  rules: {
    "no-default-export": {
      create(context) {
        return {
          ExportDefaultDeclaration(node) {
            if (DEFAULT_EXPORT_ALLOWED.test(fromRoot(context.filename))) return;
            context.report({ node, message: "A default export", hint: "Export it by name" });
          },
        };
      },
    },
    "no-private-keyword": {
      create(context) {
        // Read off the text: a parameter's node does not carry its keyword.
        function check(node: Deno.lint.Node): void {
          const [keyword] = /^(private|protected)\b/.exec(context.sourceCode.getText(node)) ?? [];
          if (keyword === undefined) return;
          context.report({ node, message: `A ${keyword} member`, hint: "Use #name" });
        }
        return { PropertyDefinition: check, MethodDefinition: check, TSParameterProperty: check };
      },
    },
    "no-enum": {
      create(context) {
        return {
          TSEnumDeclaration(node) {
            context.report({ node, message: "An enum", hint: 'Use a union: "a" | "b"' });
          },
        };
      },
    },
  },
};

export default plugin;
