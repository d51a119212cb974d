import assert from "node:assert/strict";
import {
  checkClock,
  checkCompression,
  checkDeno,
  checkDisk,
  checkPermissions,
  checkPort,
  checkState,
} from "../../../../app/doctor/checks/host.ts";
import type { Seen } from "../../../../app/doctor/finding.ts";
import type { Facts } from "../../../../app/doctor/facts.ts";
import { type FactsGiven, factsOf, told } from "../../../support/doctor_facts.ts";

const TAKEN = { code: "EADDRINUSE", failed: "address already in use" };
const HELD = { heldBy: "process 7 since today" };
const inflates = (isZstd: boolean, isFast: boolean) => ({
  inflates: { works: { "zlib-stream": true, "zstd-stream": isZstd, none: true }, isFast },
});

type Case = [check: (facts: Facts) => Seen | Seen[], given: FactsGiven, told: RegExp];

const CASES: Readonly<Record<string, Case>> = {
  "an old Deno fails": [
    checkDeno,
    { host: { deno: "2.8.1" } },
    /^fail: Deno 2\.8\.1 → 2\.9 or newer/,
  ],
  "the next Deno of two digits is newer": [checkDeno, { host: { deno: "2.10.0" } }, /^ok/],
  "a Deno of tomorrow is told": [checkDeno, { host: { deno: "3.0.0" } }, /^warn/],
  "a permission that is missing is named": [
    checkPermissions,
    { host: { permissions: { missing: ["--allow-net=discord.com:443"], isAll: false } } },
    /^fail: missing: --allow-net=discord\.com:443 → /,
  ],
  "-A is more than is needed": [
    checkPermissions,
    { host: { permissions: { missing: [], isAll: true } } },
    /^warn: .*-A/,
  ],
  "a port that is taken": [
    checkPort,
    { host: { port: TAKEN } },
    /^fail: 127\.0\.0\.1:8787: .* → stop what listens there/,
  ],
  "a port that our own unit has": [
    checkPort,
    { host: { port: TAKEN, state: null }, state: HELD },
    /^fail/,
  ],
  "a port and a folder that our own unit has": [
    ({ host, ...facts }) =>
      checkPort({ ...facts, host: { ...host, port: TAKEN, state: { ...host.state!, ...HELD } } }),
    {},
    /^warn: .*a unit runs here → see it with `gatehouse status`/,
  ],
  "a port that is handed over": [
    checkPort,
    { config: { listenFd: 3 }, host: { port: null } },
    /^skipped: the socket is handed over/,
  ],
  "a folder that cannot be written": [
    checkState,
    { state: { problem: "read-only" } },
    /^fail: .*read-only → set STATE_DIR/,
  ],
  "a folder that another unit has": [
    checkState,
    { state: HELD },
    /^fail: .*process 7.* → stop that one, or set another STATE_DIR/,
  ],
  "a folder of another bot": [
    checkState,
    { state: { foreign: "x.json is the state of bot 2" } },
    /^fail: .*bot 2/,
  ],
  "a damaged file": [
    checkState,
    { state: { damaged: ["x.json"] } },
    /^warn: .*x\.json cannot be read/,
  ],
  "sessions that are kept": [
    checkState,
    { state: { sessions: new Map([[16, 16]]) } },
    /^ok: .*, with the sessions of 16 of 16 shards$/,
  ],
  "a disk that is full": [
    checkDisk,
    { state: { free: { is: 1024 ** 2 } } },
    /^fail: 1 MiB free/,
  ],
  "a disk with less than the queue may take": [
    checkDisk,
    { state: { free: { is: 1024 ** 3 } } },
    /^warn: 1 GiB free/,
  ],
  "a disk that may not be asked": [
    checkDisk,
    { state: { free: { failed: "not told" } } },
    /^skipped: not told$/,
  ],
  "a disk that is not used": [
    checkDisk,
    { config: { queueDiskBytes: 0 }, state: { free: { is: 5 } } },
    /^ok/,
  ],
  "a clock that is ahead": [
    checkClock,
    { discord: { aheadMs: 125_000 } },
    /^warn: 2 min 5 s ahead of Discord's → /,
  ],
  "a clock that is behind": [checkClock, { discord: { aheadMs: -60_000 } }, /behind/],
  "a clock within some seconds": [checkClock, { discord: { aheadMs: 3_000 } }, /^ok/],
  "a compression that does not work": [
    checkCompression,
    { config: { gatewayCompression: "zstd-stream" }, host: inflates(false, true) },
    /^fail: zstd-stream does not work here; .* → set GATEWAY_COMPRESSION=zlib-stream/,
  ],
  "a compression that is slow": [
    checkCompression,
    { host: inflates(true, false) },
    /^warn: zlib-stream, by the slow way/,
  ],
};

for (const [title, [check, given, expected]] of Object.entries(CASES)) {
  Deno.test(`this computer: ${title}`, () => {
    assert.match(told(check(factsOf(given))).join("\n"), expected);
  });
}
