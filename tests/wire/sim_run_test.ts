/** The simulator by itself, as `gatehouse sim` runs it. */

import assert from "node:assert/strict";
import { runSimulator } from "../../sim/run.ts";
import { SIM_NUMBERS, SIM_TOKEN, type SimFlags } from "../../sim/flags.ts";

const DEFAULTS = Object.fromEntries(
  Object.entries(SIM_NUMBERS).map(([name, { default: byDefault }]) => [name, byDefault]),
);

Deno.test("a port that is taken is told with what to do", () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const flags = { ...DEFAULTS, port, token: SIM_TOKEN } as unknown as SimFlags;
  assert.throws(() => runSimulator(flags, () => {}), {
    message: `Cannot listen on ports ${port} to ${port + 2}: one of them is taken. ` +
      "Stop what listens there, or choose another with --port",
  });
  taken.close();
});
