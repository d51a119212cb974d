/**
 * Attacks on the one port, by whoever can reach it.
 *
 * @module
 */

import type { Attack } from "./stage.ts";

/** By name. */
export const DOOR_ATTACKS: Readonly<Record<string, Attack>> = {
  "a web page asks in the browser's name": {
    isQuick: true,
    async run({ url }) {
      const { hostname, port } = new URL(url);
      const heads = [
        "GET /control/state HTTP/1.1\r\nHost: evil.example",
        `POST /control/restart HTTP/1.1\r\nHost: ${hostname}:${port}\r\nOrigin: https://evil.example`,
        `GET /api/v10/users/@me HTTP/1.1\r\nHost: ${hostname}.evil.example:${port}`,
        `GET /dashboard/live HTTP/1.1\r\nHost: evil.example`,
        `POST /dashboard/act HTTP/1.1\r\nHost: ${hostname}:${port}\r\nOrigin: https://evil.example`,
      ];
      let passed = 0;
      const tries = 600;
      for (let i = 0; i < tries; i++) {
        const connection = await Deno.connect({ hostname, port: Number(port) });
        const head = `${heads[i % heads.length]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
        await connection.write(new TextEncoder().encode(head));
        const answer = await new Response(connection.readable).text();
        if (!/^HTTP\/1\.1 (401|403) /.test(answer)) passed++;
      }
      if (passed > 0) throw new Error(`${passed} of ${tries} requests were let in`);
      return `${tries} requests with a foreign Host or Origin, all refused`;
    },
  },
};
