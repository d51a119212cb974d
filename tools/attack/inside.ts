/**
 * Attacks from inside: by the code that a unit itself runs.
 *
 * @module
 */

import type { Targets } from "../../tests/support/escaping_bot.ts";
import type { Attack } from "./stage.ts";

const THIEF = new URL("../../tests/support/escaping_bot.ts", import.meta.url).pathname;

/** By name. */
export const INSIDE_ATTACKS: Readonly<Record<string, Attack>> = {
  "a bot's code reaches for files, disk and network": {
    isQuick: true,
    settings: { SERVICES: `thief=${THIEF}` },
    async run({ url, stateDir }) {
      const asked: string[] = [];
      const collector = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
        asked.push(url);
        return new Response(null, { status: 404 });
      });
      try {
        const tried = await reach(url, {
          env: await fileIn(stateDir),
          temporary: stateDir,
          collector: `http://127.0.0.1:${collector.addr.port}`,
          isRegistry: false,
        });
        const got = Object.entries(tried).filter(([, what]) => what.startsWith("got"));
        if (got.length + asked.length > 0) throw new Error(`it ${Deno.inspect([got, asked])}`);
        return `${Object.keys(tried).length} ways to read, write and send, none came through`;
      } finally {
        await collector.shutdown();
      }
    },
  },
};

async function fileIn(dir: string): Promise<string> {
  for await (const { name, isFile } of Deno.readDir(dir)) if (isFile) return `${dir}/${name}`;
  throw new Error(`there is no file in ${dir}`);
}

async function reach(url: string, data: Targets): Promise<Record<string, string>> {
  const response = await fetch(`${url}/control/command`, {
    method: "POST",
    body: JSON.stringify({ to: { service: "thief" }, data, receptive: true, timeout: 20_000 }),
  });
  const { answer, error } = await response.json();
  if (error !== undefined) throw new Error(error);
  return answer;
}
