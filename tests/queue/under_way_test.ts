import assert from "node:assert/strict";
import fc from "fast-check";
import { surelyUnderWay, UnderWay } from "../../queue/under_way.ts";

const MOST_BYTES = 1_000_000;

/** Consumers that never acknowledge are sent pieces of so many bytes, in turn, until nobody has room. */
function fill(consumers: number, pieceBytes: number): { own: number[]; underWay: UnderWay } {
  const underWay = new UnderWay(4 * MOST_BYTES, () => consumers);
  const own = Array<number>(consumers).fill(0);
  for (let isOver = false; !isOver;) {
    isOver = true;
    for (const [i, bytes] of own.entries()) {
      const sent = Math.min(pieceBytes, underWay.room(bytes));
      if (sent <= 0) continue;
      isOver = false;
      own[i] = bytes + Math.ceil(sent);
      underWay.add(Math.ceil(sent));
    }
  }
  return { own, underWay };
}

Deno.test("UnderWay gives one consumer half, and keeps the rest for others", () => {
  const { own: [bytes], underWay } = fill(1, 64_000);
  assert.ok(Math.abs(bytes! - MOST_BYTES / 2) < 10, `${bytes}`);
  assert.ok(underWay.room(0) >= MOST_BYTES / 4 - 10);
});

Deno.test("each consumer has what is surely its own, however many stopped reading before it", () => {
  for (const consumers of [2, 9, 200]) {
    const underWay = new UnderWay(4 * MOST_BYTES, () => consumers);
    const sure = surelyUnderWay(4 * MOST_BYTES, consumers);
    let sum = 0;
    for (let i = 0; i < consumers; i++) {
      let own = 0;
      for (let room; (room = Math.floor(underWay.room(own))) > 0; own += room) underWay.add(room);
      assert.ok(own >= sure - 1, `${own} of ${sure}`);
      sum += own;
    }
    assert.ok(sum <= MOST_BYTES, `${sum} bytes`);
  }
});

Deno.test("consumers that read nothing have the same, together less than there may be", () => {
  for (const consumers of [2, 9, 200]) {
    const { own } = fill(consumers, 1_000);
    const share = surelyUnderWay(4 * MOST_BYTES, consumers);
    assert.equal(Math.round(share), Math.round(MOST_BYTES / 2 / consumers));
    for (const bytes of own) assert.ok(Math.abs(bytes - share) < 1_100, `${bytes} of ${share}`);
  }
});

Deno.test("what comes back can be sent to anybody", () => {
  const { own: [bytes], underWay } = fill(1, 64_000);
  underWay.add(-bytes!);
  assert.equal(underWay.room(0), MOST_BYTES / 2);
});

Deno.test("who has nothing under way may always be sent something, and who has waits its turn", () => {
  fc.assert(fc.property(fc.nat(2 * MOST_BYTES), fc.nat(MOST_BYTES), (bytes, ownBytes) => {
    const underWay = new UnderWay(4 * MOST_BYTES, () => 4);
    underWay.add(bytes);
    assert.ok(underWay.room(0) >= 1);
    const sure = surelyUnderWay(4 * MOST_BYTES, 4);
    if (ownBytes < sure) return assert.ok(underWay.room(ownBytes) >= sure - ownBytes);
    const room = underWay.room(ownBytes);
    if (room > 0) assert.ok(ownBytes + room <= MOST_BYTES / 2 - bytes - room + 1e-6);
  }));
});
