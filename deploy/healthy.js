// Whether the unit in this container answers: 0 or 1.
const port = Deno.env.get("LISTEN_PORT") ?? "8787";
const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
Deno.exit(answer?.ok ? 0 : 1);
