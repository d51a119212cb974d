/**
 * Lint rule: imports go down only. The decision is `floor_problem.ts`.
 *
 * @module
 */

import { floorProblem } from "./floor_problem.ts";
import { fromRoot } from "./from_root.ts";

const HINT = "The floors are drawn in docs/architecture.md";

const plugin: Deno.lint.Plugin = {
  name: "gatehouse-floors",
  rules: {
    floors: {
      create(context) {
        const file = fromRoot(context.filename);
        function check(source: Deno.lint.Node | null): void {
          if (source?.type !== "Literal" || typeof source.value !== "string") return;
          const problem = floorProblem(file, source.value);
          if (problem !== undefined) context.report({ node: source, message: problem, hint: HINT });
        }
        return {
          ImportDeclaration: (node) => check(node.source),
          ExportNamedDeclaration: (node) => check(node.source),
          ExportAllDeclaration: (node) => check(node.source),
          ImportExpression: (node) => check(node.source),
          TSImportType: ({ argument }) =>
            check(argument.type === "TSLiteralType" ? argument.literal : argument),
        };
      },
    },
  },
};

export default plugin;
