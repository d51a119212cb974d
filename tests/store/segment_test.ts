import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import {
  encodeFrames,
  firstCursorOf,
  readFrames,
  segmentHeader,
  segmentName,
  segmentVersion,
} from "../../store/segment.ts";
import { eventRecord, eventRecords, plain } from "./spool_conformance.ts";

Deno.test("segmentName() sorts as cursors do, and firstCursorOf() reads it", () => {
  const cursors = [0, 9, 10, 2 ** 32, 2 ** 48 - 1];
  const names = cursors.map(segmentName);
  assert.deepEqual(names.toSorted(), names);
  assert.deepEqual(names.map(firstCursorOf), cursors);
  for (const name of ["", "1.spool", `${names[0]}.new`, `x${names[0]}`, "lock"]) {
    assert.equal(firstCursorOf(name), null);
  }
});

Deno.test("segmentVersion() knows our header, whole, and whose version it is", () => {
  const header = segmentHeader();
  assert.equal(header.length, 8);
  assert.equal(segmentVersion(header), 1);
  assert.equal(segmentVersion(header.with(7, 2)), 2);
  assert.equal(segmentVersion(header.subarray(0, 7)), null);
  for (let at = 0; at < 7; at++) assert.equal(segmentVersion(header.with(at, 0)), null);
});

Deno.test("encodeFrames() and readFrames() give back any records", () => {
  const sizes = fc.array(fc.oneof(fc.nat(50), fc.nat(100_000)), { maxLength: 12 });
  fc.assert(fc.property(sizes, (extra) => {
    const records = extra.map((bytes, cursor) => eventRecord(cursor, bytes));
    const frames = encodeFrames(records);
    const run = readFrames(frames);
    assert.deepEqual(plain(run.records), plain(records));
    assert.deepEqual([run.usedBytes, run.rest], [frames.length, "nothing"]);
  }));
});

Deno.test("encodeFrames() closes a frame at 64 KiB, so that not everything hangs on one checksum", () => {
  const frames = encodeFrames(eventRecords(0, 199, 1000));
  const { records, usedBytes } = readFrames(frames.subarray(0, 70_000));
  assert.ok(records.length > 60 && usedBytes < 70_000);
  frames[usedBytes + 20]! ^= 1;
  assert.equal(readFrames(frames).rest, "damaged");
  assert.equal(readFrames(frames).records.length, records.length);
});

Deno.test("readFrames() of a piece cut at any byte gives the whole frames and what is needed next", () => {
  const parts = eventRecords(0, 2, 20).map((record) => encodeFrames([record]));
  const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
  const [frameBytes] = parts.map(({ length }) => length);
  for (let length = 0; length < bytes.length; length++) {
    const whole = Math.floor(length / frameBytes!);
    const over = length % frameBytes!;
    const { records, ...run } = readFrames(bytes.subarray(0, length));
    assert.equal(records.length, whole);
    assert.deepEqual(run, {
      usedBytes: whole * frameBytes!,
      rest: over === 0 ? "nothing" : "cut",
      neededBytes: over === 0 ? 0 : over < 8 ? 8 : frameBytes!,
    });
  }
});

Deno.test("readFrames() notices any byte that is another", () => {
  const frames = encodeFrames([eventRecord(5)]);
  for (let at = 0; at < frames.length; at++) {
    const { rest, records } = readFrames(frames.with(at, frames[at]! ^ 0x10));
    assert.notEqual(rest, "nothing", `byte ${at}`);
    assert.deepEqual(records, []);
  }
});

Deno.test("readFrames() takes neither zeros nor a right checksum over nonsense for a frame", () => {
  assert.equal(readFrames(new Uint8Array(100)).rest, "damaged");
  const nonsense = new Uint8Array(8 + 20).fill(0xff);
  const view = new DataView(nonsense.buffer);
  view.setUint32(0, 20);
  view.setUint32(4, crc32(nonsense.subarray(8)));
  assert.equal(readFrames(nonsense).rest, "damaged");
});
