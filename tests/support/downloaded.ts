/**
 * What Deno has downloaded.
 *
 * @module
 */

import { existsSync } from "node:fs";

/** Names of the packages in a cache of Deno's. */
export function downloaded(denoDir: string): string[] {
  const names = (folder: string, scope = ""): string[] =>
    [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory).flatMap(({ name }) => {
      if (name.startsWith("@")) return names(`${folder}/${name}`, `${name}/`);
      const versions = [...Deno.readDirSync(`${folder}/${name}`)];
      return versions.some(({ isDirectory }) => isDirectory) ? [`${scope}${name}`] : [];
    });
  const npm = `${denoDir}/npm`;
  return existsSync(npm)
    ? [...Deno.readDirSync(npm)].flatMap(({ name }) => names(`${npm}/${name}`))
    : [];
}
