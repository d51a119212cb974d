import assert from "node:assert/strict";
import type { Json } from "../../../../ports/fleet/bus.ts";
import { Parcel, parseParcelPart, PIECE_BYTES } from "../../../../unit/fleet/estates/parcel.ts";

const SHARD = { total: 4, id: 3 };

function setUp() {
  const asked: { subject: string; value: Json }[] = [];
  const bus = {
    ask: (subject: string, value: Json) => {
      asked.push({ subject, value: JSON.parse(JSON.stringify(value)) });
      return Promise.resolve(null);
    },
  };
  const parcel = new Parcel(bus, "b", { shard: SHARD, from: "a", parcel: "p1" });
  return { parcel, asked, parts: () => asked.map(({ value }) => parseParcelPart(value)) };
}

Deno.test("Parcel says that it comes, what it is, and that this was all, counted", async () => {
  const { parcel, parts, asked } = setUp();
  const head = { shard: SHARD, from: "a", parcel: "p1" };
  await parcel.begin();
  await parcel.records("logger", Uint8Array.of(1, 2), true);
  await parcel.end({ unit: "a" });
  assert.deepEqual(parts(), [
    { ...head, n: 0, part: "begin" },
    {
      ...head,
      n: 1,
      part: "records",
      reader: "logger",
      isFirst: true,
      isWhole: true,
      bytes: Uint8Array.of(1, 2),
    },
    { ...head, n: 2, part: "end", written: { unit: "a" } },
  ]);
  assert.deepEqual(new Set(asked.map(({ subject }) => subject)), new Set(["unit.b.estate"]));
  assert.equal(parcel.bytes, 2);
});

Deno.test("Parcel sends what is large in pieces that NATS takes, and nothing as one", async () => {
  const { parcel, parts, asked } = setUp();
  const bytes = Uint8Array.from({ length: PIECE_BYTES * 2 + 5 }, (_, i) => i % 251);
  await parcel.records(null, bytes, true);
  await parcel.records(null, new Uint8Array(), false);
  const pieces = parts().map((it) => it.part === "records" ? it : assert.fail());
  assert.deepEqual(pieces.map(({ isFirst, isWhole }) => [isFirst, isWhole]), [
    [true, false],
    [false, false],
    [false, true],
    [false, true],
  ]);
  assert.deepEqual(Uint8Array.from(pieces.flatMap((it) => [...it.bytes])), bytes);
  assert.ok(asked.every(({ value }) => JSON.stringify(value).length < 1_000_000));
});

Deno.test("what is no part of a parcel is refused", () => {
  const head = { id: 3, total: 4, from: "a", parcel: "p1", n: 0 };
  const none: Json[] = [
    null,
    { ...head, part: "what" },
    { ...head, n: -1, part: "begin" },
    { ...head, part: "records", reader: null, bytes: 5 },
    { ...head, part: "records", reader: 5, bytes: "" },
  ];
  for (const value of none) assert.throws(() => parseParcelPart(value), { code: "bad_message" });
});
