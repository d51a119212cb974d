/**
 * Who is measured.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { BASE_COMMIT } from "./base.ts";
import type { Party } from "./party.ts";
import { startProduct } from "./product.ts";

/** This tree, which the others are compared with. */
export const GATEHOUSE: Party = {
  name: "gatehouse",
  label: "Gatehouse",
  start: (options) => startProduct(fileURLToPath(new URL("../..", import.meta.url)), options),
};

/** Gatehouse as it was. */
export const BASE: Party = {
  name: "base",
  label: `Gatehouse at ${BASE_COMMIT}`,
  start: (options) => startProduct(options.baseTree, options),
};

/** All of them, in the order of their turns and of the rows of tables. */
export const PARTIES: readonly Party[] = [GATEHOUSE, BASE];
