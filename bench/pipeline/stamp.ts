/**
 * What the world writes in front of each event: the run it belongs to and when it was sent, on the
 * clock that all processes of a machine share.
 *
 * @module
 */

import type { Body } from "../../sim/world/body.ts";

/** An event's stamp, the first fields of its `d`. */
export interface Stamp {
  readonly run: number;
  /** ms since 1970, with a fraction. */
  readonly sentMs: number;
}

/** Bytes of a payload that a stamp is within. */
export const STAMP_BYTES = 128;

const decoder = new TextDecoder();

/** The body of an object with a stamp in front. */
export function stamped(body: Body, { run, sentMs }: Stamp): Body {
  return { ...body, head: `{"run":${run},"sentMs":${sentMs},${body.head.slice(1)}` };
}

/** The stamp of a payload, read from its first bytes without parsing it. */
export function readStamp(start: Uint8Array): Stamp | undefined {
  const text = decoder.decode(start.subarray(0, STAMP_BYTES));
  const [, run, sentMs] = /"d":\{"run":(\d+),"sentMs":([\d.]+),/.exec(text) ?? [];
  return run === undefined ? undefined : { run: Number(run), sentMs: Number(sentMs) };
}
