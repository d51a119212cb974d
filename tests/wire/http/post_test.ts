import assert from "node:assert/strict";
import { fetchPost } from "../../../ports/http/post.ts";

async function withServer(
  answer: (request: Request) => Response | Promise<Response>,
  body: (url: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  try {
    await body(`http://127.0.0.1:${server.addr.port}/path?key=secret`);
  } finally {
    await server.shutdown();
  }
}

const bytes = new TextEncoder().encode("é");
const { signal } = new AbortController();

Deno.test("fetchPost() sends bytes and headers as they are, and gives what counts of the answer", async () => {
  const answer = async (request: Request) => {
    const said = `${request.method} ${await request.text()}\n\x1b ${request.headers.get("x-a")}`;
    return new Response(said, { status: 429, headers: { "retry-after": "7" } });
  };
  await withServer(answer, async (url) => {
    assert.deepEqual(await fetchPost({ url, headers: { "x-a": "b" }, body: bytes, signal }), {
      status: 429,
      retryAfter: "7",
      text: "POST é b",
    });
  });
});

Deno.test("fetchPost() follows no redirect, and reads no answer without end", async () => {
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1_000).fill(65)),
  });
  const answers = [
    () => new Response(null, { status: 307, headers: { location: "http://127.0.0.1:1/" } }),
    () => new Response(endless),
    () => new Response(null, { status: 204 }),
  ];
  await withServer(() => answers.shift()!(), async (url) => {
    const post = () => fetchPost({ url, headers: {}, body: bytes, signal });
    assert.equal((await post()).status, 307);
    const { status, text } = await post();
    assert.deepEqual([status, text], [200, "A".repeat(200)]);
    assert.deepEqual(await post(), { status: 204, retryAfter: null, text: "" });
  });
});

Deno.test("fetchPost() says why there is no answer, and not the address, which may be secret", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  const { port } = listener.addr;
  for (
    const url of [
      `http://127.0.0.1:${port}/path?key=secret`,
      `HTTP://LOCALHOST:${port}?key=secret`,
      `http://us:secret@127.0.0.1:${port}/a/../b c?key=secret#secret`,
    ]
  ) {
    await assert.rejects(fetchPost({ url, headers: {}, body: bytes, signal }), (error: Error) => {
      assert.match(error.message, /refused/i);
      assert.doesNotMatch(error.message, /secret|http:/);
      return true;
    });
  }
});

Deno.test("fetchPost() tells OpenTelemetry nothing of the address", async () => {
  await withServer(() => new Response("ok"), async (url) => {
    const module = new URL("../../../ports/http/post.ts", import.meta.url);
    const source = `import { fetchPost } from "${module}";
const { signal } = new AbortController();
const { text } = await fetchPost({ url: "${url}", headers: {}, body: new Uint8Array(), signal });
await fetch("${url}".replace("secret", "plain"));
console.log("came: " + text);`;
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-lock",
        "--allow-net=127.0.0.1",
        `data:application/typescript,${encodeURIComponent(source)}`,
      ],
      env: { OTEL_DENO: "true", OTEL_EXPORTER_OTLP_PROTOCOL: "console" },
      stdout: "piped",
      stderr: "piped",
    }).output();
    const told = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    assert.match(told, /came: ok/);
    assert.match(told, /key=plain/, "others are told of");
    assert.doesNotMatch(told, /secret/);
  });
});

Deno.test("fetchPost() ends when it is told to", async () => {
  const came = Promise.withResolvers<void>();
  const answer = (request: Request) => {
    came.resolve();
    return new Promise<Response>((resolve) =>
      request.signal.onabort = () => resolve(new Response())
    );
  };
  await withServer(answer, async (url) => {
    const end = new AbortController();
    const posted = fetchPost({ url, headers: {}, body: bytes, signal: end.signal });
    await came.promise;
    end.abort();
    await assert.rejects(posted, { name: "AbortError" });
  });
});
