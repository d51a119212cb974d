/**
 * Reads what `deno pack` writes.
 *
 * @module
 */

import { dirname } from "node:path";
import { gunzipSync } from "node:zlib";

const BLOCK = 512;

/** Writes the files of a `.tgz` below `folder`, and gives their paths. */
export function extract(tarball: Uint8Array, folder: string): string[] {
  const bytes = new Uint8Array(gunzipSync(tarball));
  const paths: string[] = [];
  let longPath: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0;) {
    const text = (from: number, length: number) =>
      new TextDecoder().decode(bytes.subarray(at + from, at + from + length)).split("\0")[0]!;
    const size = parseInt(text(124, 12), 8);
    const body = bytes.subarray(at + BLOCK, at + BLOCK + size);
    const kind = text(156, 1);
    const path = longPath ?? [text(345, 155), text(0, 100)].filter(Boolean).join("/");
    longPath = undefined;
    // A name that is too long for its field stands in a record before.
    if (kind === "x") longPath = / path=(.*)\n/.exec(new TextDecoder().decode(body))?.[1];
    else if (kind === "L") longPath = new TextDecoder().decode(body).split("\0")[0];
    else if (kind !== "5") {
      Deno.mkdirSync(dirname(`${folder}/${path}`), { recursive: true });
      Deno.writeFileSync(`${folder}/${path}`, body);
      paths.push(path);
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return paths;
}
