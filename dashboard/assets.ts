/**
 * The page and what it loads, as they are served: no build step. They are read as modules of the program, so that
 * they come from wherever it comes from: files, JSR, or one executable.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** The page itself: `/dashboard`. */
export const PAGE = "page/index.html";

/** What it loads, each under `/dashboard/` by the way to its file: nothing else is looked for. */
export const ASSETS: ReadonlySet<string> = new Set([
  "page/app.js",
  "page/icon.svg",
  "page/preact.js",
  "page/style/base.css",
  "vendor/LICENSE-htm",
  "vendor/LICENSE-preact",
  "vendor/LICENSE-uplot",
  "vendor/preact.js",
  "vendor/uplot.css",
  "vendor/uplot.js",
]);

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css",
  html: "text/html",
  js: "text/javascript",
  svg: "image/svg+xml",
};

/** A file as it is served. */
export interface Asset {
  readonly text: string;
  readonly type: string;
  /** Names what is in it. */
  readonly etag: string;
}

const read = new Map<string, Promise<Asset>>();

/**
 * Reads the page, or one of {@linkcode ASSETS}, once.
 *
 * @throws Where the program may not read its own files, or one is not there.
 */
export function loadAsset(path: string): Promise<Asset> {
  const known = read.get(path);
  if (known) return known;
  const asset = load(path);
  read.set(path, asset);
  asset.catch(() => read.delete(path));
  return asset;
}

async function load(path: string): Promise<Asset> {
  // What stands there as a literal cannot be published: JSR wants no module of text.
  const { href } = new URL(path, import.meta.url);
  const { default: text } = await import(href, { with: { type: "text" } }) as { default: string };
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "text/plain";
  return { text, type: `${type}; charset=utf-8`, etag: `"${hash}"` };
}
