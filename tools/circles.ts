/**
 * Circles of imports. Who stands in one can be read, tested and moved only together with all of it;
 * that is so for types as well. The floors keep folders apart; this looks inside them too.
 *
 * @module
 */

/**
 * The statements, and `import()`. It relies on `deno fmt`: a statement begins its line, one in a
 * comment or a text does not.
 */
const IMPORTS = [
  /^(?:import|export)\s(?:[^"';]*?\sfrom\s)?"(\.[^"]+)"/gm,
  /^(?! *(?:\*|\/\/)).*\bimport\(\s*"(\.[^"]+)"/gm,
];

/**
 * Every file that stands in a circle is named by at least one line, each a shortest circle.
 *
 * @param texts Path from the root with `/`, and text.
 */
export function circleProblems(texts: ReadonlyMap<string, string>): string[] {
  const imports = new Map([...texts].map(([path, text]) => [path, importsOf(path, text)]));
  const named = new Set<string>();
  return [...texts.keys()].flatMap((path) => {
    const circle = named.has(path) ? undefined : shortestCircle(path, imports);
    circle?.forEach((each) => named.add(each));
    return circle ? [`${circle.join(" → ")} → ${path}: a circle of imports`] : [];
  });
}

/** The files of ours that a file imports, types too, in their order. */
export function importsOf(path: string, text: string): string[] {
  const specifiers = IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)].map(([, to]) => to!));
  return specifiers.map((to) => new URL(to, `file:///${path}`).pathname.slice(1));
}

/** The way from a file back to itself over the fewest others, without its end. */
function shortestCircle(
  start: string,
  imports: ReadonlyMap<string, readonly string[]>,
): string[] | undefined {
  const ways: string[][] = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of imports.get(way.at(-1)!) ?? []) {
      if (next === start) return way;
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}
