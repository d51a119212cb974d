/**
 * How a unit is called in its fleet: as `UNIT_NAME` says, or as it was called when it first joined, by its state folder.
 *
 * @module
 */

import { UNIT_NAME } from "../../protocol/fleet.ts";
import { isRecord } from "../../protocol/record.ts";
import { randomHex } from "../../ports/random.ts";
import type { Store } from "../../ports/store.ts";

/** Name of the file in the state folder. */
const SAVED_AS = "unit";

/** The name that is set, or the one in the state folder, which is made where there is none. */
export async function unitNameOf(set: string | null, store: Store): Promise<string> {
  if (set !== null) return set;
  const saved = await store.load(SAVED_AS);
  if (isRecord(saved) && typeof saved.name === "string" && UNIT_NAME.test(saved.name)) {
    return saved.name;
  }
  const name = `unit-${randomHex(4)}`;
  await store.save(SAVED_AS, { name });
  return name;
}
