/**
 * Spools on a disk in memory, with segments so small that every test has several.
 *
 * @module
 */

import { segmentName } from "../../store/segment.ts";
import { openSpoolDir, type SpoolDirOptions } from "../../store/spool_files.ts";
import type { OpenSpool } from "../../ports/spool.ts";
import { type FakeDisk, fakeDisk } from "../support/fake_disk.ts";
import { eventRecords, SHARD } from "./spool_conformance.ts";

const SEGMENT_BYTES = 600;

/** Opens spools on `disk`. */
export function openOn(disk: FakeDisk, options: SpoolDirOptions = {}): OpenSpool {
  return openSpoolDir("d", { fs: disk, segmentBytes: SEGMENT_BYTES, ...options });
}

/** Path of the segment that begins with this cursor. */
export function pathOf(first: number): string {
  return `d/${SHARD}/${segmentName(first)}`;
}

/** First cursors of the segments on a disk. */
export function firstsOn(disk: FakeDisk): number[] {
  return [...disk.files.keys()].map((path) => Number(/(\d+)\.spool$/.exec(path)![1]));
}

/** A disk with records 0 to 20, written one by one: segments begin at 0, 6, 12 and 18. */
export async function filledDisk(): Promise<FakeDisk> {
  const disk = fakeDisk();
  const spool = await openOn(disk)(SHARD);
  for (const record of eventRecords(0, 20, 80)) await spool.append([record]);
  await spool.close();
  return disk;
}
