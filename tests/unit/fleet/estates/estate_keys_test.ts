import assert from "node:assert/strict";
import { pointOf } from "../../../../store/estate_points.ts";
import { lived, of, setUpWorld } from "./stage.ts";

Deno.test("EstateKeys write an estate, and read it as of its unit's points", async () => {
  const { unit, run } = setUpWorld();
  const [a, b] = [await unit("a"), await unit("b")];
  assert.equal(await run(b.keys.read(of(3))), null);
  assert.equal(await run(a.keys.write(of(3), lived(3))), true);
  const later = lived(3, { acknowledged: 15, highest: 20 });
  await run(a.keys.writePoints(new Map([["3/4", pointOf(later)]])));
  const { unit: writer, epoch, givenTo, estate } = (await run(b.keys.read(of(3))))!;
  assert.deepEqual([writer, epoch, givenTo, estate.acknowledged], ["a", 1, null, 15]);
});

Deno.test("EstateKeys do not write over what a unit of a newer assignment has written, whenever it did", async () => {
  const { unit, run, at, value } = setUpWorld();
  const [a, b] = [await unit("a"), await unit("b")];
  await run(a.keys.write(of(3), lived(3)));
  a.own.epoch = 1;
  at.epoch = 2;
  assert.equal(await run(b.keys.write(of(3), lived(3))), true);
  assert.equal(await run(a.keys.write(of(3), lived(3))), false);
  a.keys.forget();
  assert.equal(await run(a.keys.write(of(3), lived(3), "c")), false);
  assert.equal(value("estate.3.4")!.unit, "b");
  at.epoch = a.own.epoch = 3;
  assert.equal(await run(a.keys.write(of(3), lived(3))), true, "it is this unit's again");
});

Deno.test("EstateKeys write one after another, also where the server has lost what there was", async () => {
  const { unit, run, bus, clock, value } = setUpWorld();
  const a = await unit("a");
  const writes = [1, 2, 3].map((acknowledged) =>
    a.keys.write(of(3), lived(3, { acknowledged, highest: 9 }))
  );
  assert.deepEqual(await run(Promise.all(writes)), [true, true, true]);
  assert.equal((value("estate.3.4")!.point as { acknowledged: number }).acknowledged, 3);
  bus.stop();
  await assert.rejects(run(a.keys.write(of(3), lived(3))), { code: "away" });
  bus.start(60_000);
  await clock.runUntil(() => a.line.isUp, 10_000);
  assert.equal(value("estate.3.4"), undefined);
  assert.equal(await run(a.keys.write(of(3), lived(3))), true);
});

Deno.test("EstateKeys say what is missing, all of it, until it is found", async () => {
  const { unit, run } = setUpWorld();
  const [a, b] = [await unit("a"), await unit("b")];
  await run(b.keys.addMissing(of(3), "a", { from: 5, to: 9 }));
  await run(b.keys.addMissing(of(3), "a", { from: 7, to: 12 }));
  assert.deepEqual(await run(a.keys.missing(of(3), "a")), { from: 5, to: 12 });
  assert.equal(await run(a.keys.missing(of(3), "b")), null);
  await run(a.keys.found(of(3), "a"));
  assert.equal(await run(a.keys.missing(of(3), "a")), null);
});
