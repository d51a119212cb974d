/**
 * Paths as our lint rules speak of them.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replaceAll("\\", "/");

/** `file` from the root of the repository, with `/`; unchanged where it lies elsewhere. */
export function fromRoot(file: string): string {
  const path = file.replaceAll("\\", "/");
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}
