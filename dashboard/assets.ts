/**
 * The page and what it loads, as they are served: no build step. They are read as modules of the program, so that
 * they come from wherever it comes from: files, JSR, or one executable.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { GatehouseError, messageOf } from "../protocol/errors.ts";

/** The page itself: `/dashboard`. */
export const PAGE = "page/index.html";

/** What it loads, each under `/dashboard/` by the way to its file: nothing else is looked for. */
export const ASSETS: ReadonlySet<string> = new Set([
  "page/app.js",
  "page/focus.js",
  "page/icon.svg",
  "page/live.js",
  "page/model/acts.js",
  "page/model/announce.js",
  "page/model/change.js",
  "page/model/filter.js",
  "page/model/format.js",
  "page/model/grid.js",
  "page/model/server_events.js",
  "page/model/shards.js",
  "page/parts/announcer.js",
  "page/parts/chart.js",
  "page/parts/common.js",
  "page/parts/fleet.js",
  "page/parts/incidents.js",
  "page/parts/limits.js",
  "page/parts/login.js",
  "page/parts/notices.js",
  "page/parts/peek.js",
  "page/parts/places.js",
  "page/parts/question.js",
  "page/parts/reshard.js",
  "page/parts/shard_cell.js",
  "page/parts/shard_grid.js",
  "page/parts/shard_panel.js",
  "page/parts/shard_table.js",
  "page/parts/shards.js",
  "page/parts/toasts.js",
  "page/parts/top_bar.js",
  "page/parts/vitals.js",
  "page/preact.js",
  "page/store.js",
  "page/style/base.css",
  "page/style/controls.css",
  "page/style/filter.css",
  "page/style/layout.css",
  "page/style/narrow.css",
  "page/style/overlays.css",
  "page/style/panels.css",
  "page/style/shards.css",
  "page/uplot.js",
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

const assets = new Map<string, Promise<Asset>>();

/**
 * Reads the page, or one of {@linkcode ASSETS}, once.
 *
 * @throws {GatehouseError} `not_ready` where the program may not read its own files, or one is not there.
 */
export function loadAsset(path: string): Promise<Asset> {
  const known = assets.get(path);
  if (known) return known;
  const asset = load(path);
  assets.set(path, asset);
  asset.catch(() => assets.delete(path));
  return asset;
}

async function load(path: string): Promise<Asset> {
  // What stands there as a literal cannot be published: JSR wants no module of text.
  const { href } = new URL(path, import.meta.url);
  const text = await read(href, path);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "text/plain";
  return { text, type: `${type}; charset=utf-8`, etag: `"${hash}"` };
}

async function read(href: string, path: string): Promise<string> {
  try {
    return (await import(href, { with: { type: "text" } }) as { default: string }).default;
  } catch (cause) {
    const text = `Cannot read dashboard/${path}: ${messageOf(cause)}`;
    throw new GatehouseError("not_ready", "host", text, {}, { cause });
  }
}
