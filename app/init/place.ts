/**
 * How a bot's folder says where Gatehouse is: in its import map, and in its tasks.
 *
 * @module
 */

import { relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { jsrName } from "../launcher/command.ts";

/** Where Gatehouse is, seen from a folder. */
export interface GatehousePlace {
  /** What `gatehouse` stands for in an import map. */
  readonly module: string;
  /** The beginning of a task. */
  readonly command: string;
}

/** What the launcher is run with. It works out the rest itself. */
const LAUNCHER = "deno run --no-prompt --allow-env --allow-read=.env --allow-run";

/** Folders that are further apart name each other in full: both may be moved by themselves. */
const NEAR = 2;

/**
 * Where Gatehouse is for who is in `folder`.
 *
 * @param door The address of our `mod.ts`.
 */
export function placeFor(door: string, folder: string): GatehousePlace {
  const name = jsrName(door);
  if (name !== undefined) {
    // What a later version mends is wanted.
    const wanted = name.replace(/@(?=[^@/]+$)/, "@^");
    return { module: wanted, command: `${LAUNCHER} ${wanted}/cli` };
  }
  const launcher = new URL("./cli.ts", door).href;
  if (!door.startsWith("file:")) return { module: door, command: `${LAUNCHER} ${launcher}` };
  return {
    module: addressFrom(folder, door),
    command: `${LAUNCHER} ${quoted(pathFrom(folder, launcher))}`,
  };
}

function pathFrom(folder: string, address: string): string {
  const path = fileURLToPath(address);
  const way = relative(resolve(folder), path).split(sep).join("/");
  if (way.split("/").filter((step) => step === "..").length > NEAR) return path;
  return way.startsWith("../") ? way : `./${way}`;
}

/** A relative address is one of an URL, too. */
function addressFrom(folder: string, address: string): string {
  const path = pathFrom(folder, address);
  if (!path.startsWith(".")) return address;
  return path.split("/").map(encodeURIComponent).join("/");
}

/** As one word of a shell. */
export function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `"${path.replace(/["\\$`]/g, "\\$&")}"`;
}
