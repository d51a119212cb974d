import assert from "node:assert/strict";
import {
  type ProcessReading,
  ranNs,
  residentKiB,
  spentBetween,
  threadGroup,
  total,
} from "../../../bench/pipeline/schedstat.ts";

Deno.test("ranNs() reads the first of three numbers and takes nothing else", () => {
  assert.equal(ranNs("29544154 752604 29\n"), 29_544_154);
  assert.throws(() => ranNs(""), /Cannot read schedstat: found "", wanted 3 numbers/);
  assert.throws(() => ranNs("1 2\n"));
});

Deno.test("residentKiB() reads VmRSS, and 0 of a process that has no memory any more", () => {
  assert.equal(residentKiB("Name:\tdeno\nVmHWM:\t   60000 kB\nVmRSS:\t   55712 kB\n"), 55_712);
  assert.equal(residentKiB("Name:\tdeno\nState:\tZ (zombie)\n"), 0);
});

Deno.test("threadGroup() tells threads that run our code from V8's and Deno's", () => {
  const group = (tid: number, name: string) => threadGroup(7, { tid, name, ranNs: 0 });
  assert.equal(group(7, "deno"), "main");
  assert.equal(group(8, "worker-1"), "workers");
  assert.equal(group(9, "V8 DefaultWorke"), "V8");
  assert.equal(group(10, "tokio-runtime-w"), "other");
});

Deno.test("spentBetween() sums threads of all processes, one that began in between from 0", () => {
  const reading = (pid: number, ...threads: [number, string, number][]): ProcessReading => ({
    pid,
    threads: threads.map(([tid, name, ranNs]) => ({ tid, name, ranNs })),
    residentKiB: 0,
  });
  const before = [reading(1, [1, "deno", 5_000], [2, "worker-0", 1_000]), reading(10)];
  const after = [
    reading(1, [1, "deno", 9_000], [2, "worker-0", 4_000], [3, "worker-1", 2_000]),
    reading(10, [10, "deno", 6_000]),
  ];
  const spent = spentBetween(before, after);
  assert.deepEqual(spent, { main: 10, workers: 5, V8: 0, other: 0 });
  assert.equal(total(spent), 15);
});
