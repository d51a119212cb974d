import assert from "node:assert/strict";
import { GatehouseError } from "../../../../protocol/errors.ts";
import { Parcel, PIECE_BYTES } from "../../../../unit/fleet/estates/parcel.ts";
import { Reception } from "../../../../unit/fleet/estates/reception.ts";
import { encodeWritten } from "../../../../unit/fleet/estates/written.ts";
import { lived, of, setUpWorld } from "./stage.ts";

const WRITTEN = encodeWritten({
  unit: "a",
  epoch: 1,
  stream: "fleet",
  givenTo: "b",
  estate: lived(3),
});

async function setUp() {
  const world = setUpWorld();
  const [a, b] = [await world.unit("a"), await world.unit("b")];
  const put: string[] = [];
  const may = { put: true };
  const reception = new Reception({
    self: "b",
    bus: b.line.bus,
    putIn: ({ id }, reader, records, isFirst) => {
      if (!may.put) return Promise.reject(new GatehouseError("disk_full", "host", "no room"));
      put.push(`${id} ${reader} ${records.length}${isFirst ? " first" : ""}`);
      return Promise.resolve();
    },
  });
  reception.start();
  const parcel = (name: string) =>
    new Parcel(a.line.bus, "b", { shard: of(3), from: "a", parcel: name });
  return { ...world, put, may, reception, parcel };
}

Deno.test("Reception puts in what comes, whole, and keeps the estate until it is taken", async () => {
  const { run, put, reception, parcel } = await setUp();
  const one = parcel("one");
  await run(one.begin());
  await run(one.records(null, new Uint8Array(PIECE_BYTES + 7), true));
  await run(one.records(null, new Uint8Array(5), false));
  await run(one.records("logger", new Uint8Array(), true));
  assert.equal(reception.take(of(3)), null, "it has not come whole");
  await run(one.end(WRITTEN));
  assert.deepEqual(put, [
    "3 null 0 first",
    `3 null ${PIECE_BYTES + 7} first`,
    "3 null 5",
    "3 logger 0 first",
  ]);
  assert.equal(reception.take(of(3))!.estate.acknowledged, 10);
  assert.equal(reception.take(of(3)), null, "it is given once");
});

Deno.test("Reception takes what comes next and nothing else: neither of an earlier try, nor after what was lost", async () => {
  const { run, reception, parcel } = await setUp();
  const [one, two] = [parcel("one"), parcel("two")];
  await assert.rejects(run(one.records(null, new Uint8Array(5), true)), { code: "illegal_step" });
  await run(one.begin().catch(() => parcel("one").begin()));
  await run(two.begin());
  await assert.rejects(run(one.records(null, new Uint8Array(5), true)), { code: "illegal_step" });
  await run(two.records(null, new Uint8Array(5), true));
  await assert.rejects(run(parcel("two").end(WRITTEN)), { code: "illegal_step" });
  await run(two.end(WRITTEN));
  reception.drop(of(3));
  assert.equal(reception.take(of(3)), null);
});

Deno.test("Reception says why it cannot keep something, and answers no more once it is stopped", async () => {
  const { run, reception, may, parcel } = await setUp();
  may.put = false;
  await assert.rejects(run(parcel("one").begin()), { code: "disk_full" });
  may.put = true;
  const two = parcel("two");
  await run(two.begin());
  may.put = false;
  await assert.rejects(run(two.records(null, new Uint8Array(5), true)), { code: "disk_full" });
  reception.stop();
  await assert.rejects(run(two.end(WRITTEN)), { code: "away" });
});
