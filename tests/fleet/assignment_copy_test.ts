import assert from "node:assert/strict";
import { encodeAssignment, firstAssignment, parseAssignment } from "../../fleet/assignment.ts";
import { AssignmentCopy } from "../../fleet/assignment_copy.ts";
import { logTo } from "../../ports/log.ts";
import { seededRandom } from "../../ports/random.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { createSimBus } from "../support/fleet/sim_line.ts";

function setUp() {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(3) });
  const writer = bus.line("writer");
  const logged: string[] = [];
  const begin = (name: string) => {
    const line = bus.line(name);
    const epochs: number[] = [];
    const copy = new AssignmentCopy({
      clock: line.clock,
      log: logTo((level, event) => void logged.push(`${level} ${event}`)),
      keys: line.keys,
      changed: ({ epoch }) => void epochs.push(epoch),
    });
    let isThere = false;
    line.watch((isUp) => {
      if (!isUp) copy.forget();
      isThere = false;
    });
    line.keys.watch("assignment", (key, entry) => {
      if (key !== null) {
        isThere = true;
        copy.told(entry);
      } else if (!isThere) copy.told(null);
    });
    return { line, copy, epochs };
  };
  const put = async (epoch: number, stream = "s") => {
    void writer.keys.put("assignment", encodeAssignment({ ...firstAssignment(4, stream), epoch }));
    await clock.advance(10);
  };
  const written = () => {
    const entry = bus.entries.get("assignment");
    return entry && parseAssignment("assignment", entry.value).epoch;
  };
  return { clock, bus, writer, begin, put, written, logged };
}

Deno.test("AssignmentCopy goes by the highest epoch, and writes it back over a lower one", async () => {
  const { clock, begin, put, written } = setUp();
  const { copy, epochs } = begin("a");
  await clock.advance(10);
  assert.deepEqual([copy.current, copy.isSettled], [null, true]);
  for (const epoch of [3, 5, 4]) await put(epoch);
  assert.deepEqual([epochs, copy.current!.epoch, written(), copy.isSettled], [[3, 5], 5, 5, true]);
});

Deno.test("AssignmentCopy gives back to the server what that has lost, and says so once", async () => {
  const { clock, bus, begin, put, written, logged } = setUp();
  const ones = [begin("a"), begin("b"), begin("c")];
  await put(3);
  await clock.advance(10_000);
  await put(4);
  bus.stop();
  bus.start(5_000);
  assert.equal(written(), 3);
  await clock.advance(5_000);
  assert.equal(written(), 4);
  assert.ok(ones.every(({ copy }) => copy.current!.epoch === 4 && copy.isSettled));
  assert.deepEqual(logged, ["warn assignment written back, the bus had an older one"]);
  bus.stop();
  bus.start(600_000);
  assert.equal(written(), undefined);
  await clock.advance(5_000);
  assert.equal(written(), 4);
});

Deno.test("AssignmentCopy lets one of two who write at a time win", async () => {
  const { clock, begin, put, written } = setUp();
  const [a, b] = [begin("a"), begin("b")];
  await put(3);
  const next = { ...firstAssignment(4, "s"), epoch: 4 };
  const results: boolean[] = [];
  for (const { copy } of [a, b]) void copy.write(next).then((isWritten) => results.push(isWritten));
  await clock.advance(10);
  assert.deepEqual(results.toSorted(), [false, true]);
  assert.deepEqual([a.copy.current!.epoch, b.copy.current!.epoch, written()], [4, 4, 4]);
});

Deno.test("AssignmentCopy takes what is under the key where two are of one epoch", async () => {
  const { begin, put } = setUp();
  const { copy, epochs } = begin("a");
  await put(3, "one");
  await put(3, "other");
  await put(3, "other");
  assert.deepEqual([epochs, copy.current!.stream], [[3, 3], "other"]);
});

Deno.test("AssignmentCopy writes over what nobody can read if it knows better, else waits", async () => {
  const { clock, writer, begin, put, written, logged } = setUp();
  void writer.keys.put("assignment", { epoch: "x" });
  const { copy } = begin("a");
  await clock.advance(10);
  assert.deepEqual([copy.isSettled, copy.current], [false, null]);
  assert.deepEqual(logged, ["error assignment in the bus cannot be read"]);
  await put(2);
  void writer.keys.put("assignment", { epoch: "x" });
  await clock.advance(10);
  assert.deepEqual([written(), copy.isSettled], [2, true]);
});
