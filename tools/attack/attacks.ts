/**
 * Every attack by name, as the table tells it.
 *
 * @module
 */

import { BODY_ATTACKS } from "./bodies.ts";
import { CLOCK_ATTACKS } from "./clock.ts";
import { DOOR_ATTACKS } from "./door.ts";
import { INSIDE_ATTACKS } from "./inside.ts";
import { RECORD_ATTACKS } from "./records.ts";
import { SOCKET_ATTACKS } from "./sockets.ts";
import type { Attack } from "./stage.ts";
import { STRANGER_ATTACKS } from "./strangers.ts";

/** All of them. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  ...DOOR_ATTACKS,
  ...STRANGER_ATTACKS,
  ...SOCKET_ATTACKS,
  ...INSIDE_ATTACKS,
  ...CLOCK_ATTACKS,
  ...BODY_ATTACKS,
  ...RECORD_ATTACKS,
};
