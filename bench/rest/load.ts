/**
 * The callers of the benchmark of REST, in a process of their own. They speak HTTP/1.1 themselves,
 * over connections that stay open: what they cost is taken from the two cores that everything here
 * shares.
 *
 * @module
 */

import { quantile } from "../measure.ts";
import { answerQuestions } from "../program.ts";
import { CERTIFICATE } from "./upstream.ts";

/** What the benchmark asks for; answered with what came of it. */
export interface LoadQuestion {
  /** Where the API is: `http://127.0.0.1:1234`. */
  readonly origin: string;
  readonly method: "GET" | "POST";
  /** Length of the body of a POST. */
  readonly bodyBytes: number;
  /**
   * So many connections, each with its next request as soon as it has its answer; or so many
   * requests per second, on however many connections that takes.
   */
  readonly load: { readonly connections: number } | { readonly perSecond: number };
  readonly forMs: number;
}

/** What came of it. Every answer was a 200, or there is none of these. */
export interface LoadAnswer {
  readonly requests: number;
  readonly tookMs: number;
  /**
   * From a request's first byte out to its answer's last byte in, ms. The first request of each
   * connection does not count: on TLS it waits for the end of the handshake.
   */
  readonly p50: number;
  readonly p99: number;
}

/** Longest answer, with its head. */
const ANSWER_BYTES = 64 * 1024;
/** Two requests to one channel would wait for each other, as both proxies do one at a time. */
const CHANNELS = 128;

const pem = Deno.readTextFileSync(CERTIFICATE);
const decoder = new TextDecoder("latin1");

/** A connection that stays open; one request at a time. */
class Connection {
  readonly #conn: Deno.TcpConn | Deno.TlsConn;
  readonly #bytes = new Uint8Array(ANSWER_BYTES);
  #isFresh = true;

  constructor(conn: Deno.TcpConn | Deno.TlsConn) {
    this.#conn = conn;
  }

  /** Sends a request; resolves to the ms until all of its answer was there, `NaN` at first. */
  async request(request: Uint8Array): Promise<number> {
    const startMs = performance.now();
    for (let sent = 0; sent < request.length;) {
      sent += await this.#conn.write(request.subarray(sent));
    }
    let text = "";
    do {
      const length = await this.#conn.read(this.#bytes);
      if (length === null) throw new Error(`Cannot read an answer: it ends after "${text}"`);
      text += decoder.decode(this.#bytes.subarray(0, length));
    } while (!isWhole(text));
    if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(`Cannot go on: the answer is ${text}`);
    const tookMs = this.#isFresh ? NaN : performance.now() - startMs;
    this.#isFresh = false;
    return tookMs;
  }

  close(): void {
    this.#conn.close();
  }
}

async function connect({ protocol, hostname, port }: URL): Promise<Connection> {
  const at = { hostname, port: Number(port) };
  if (protocol === "https:") {
    return new Connection(await Deno.connectTls({ ...at, caCerts: [pem] }));
  }
  const conn = await Deno.connect(at);
  conn.setNoDelay();
  return new Connection(conn);
}

/** Whether `text` is an answer from head to end. */
function isWhole(text: string): boolean {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text);
  if (length) return text.length >= headEnd + 4 + Number(length[1]);
  return text.endsWith("\r\n0\r\n\r\n");
}

/** A request per channel, ready to be sent. */
function requestsOf({ origin, method, bodyBytes }: LoadQuestion): Uint8Array[] {
  const body = method === "GET" ? "" : JSON.stringify({ content: "x".repeat(bodyBytes - 14) });
  return Array.from({ length: CHANNELS }, (_, i) => {
    const head = [
      `${method} /api/v10/channels/${122345678901234000n + BigInt(i)}/messages HTTP/1.1`,
      `host: ${new URL(origin).host}`,
      "authorization: Bot bench",
      "user-agent: DiscordBot (https://example.com, 1.0)",
      "accept: */*",
      ...body && ["content-type: application/json", `content-length: ${body.length}`],
    ];
    return new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n${body}`);
  });
}

/** Resolves to the ms of each request. */
async function flood(question: LoadQuestion, connections: number): Promise<number[]> {
  const requests = requestsOf(question);
  const url = new URL(question.origin);
  const opened = await Promise.all(
    Array.from({ length: connections }, () => connect(url)),
  );
  const endMs = performance.now() + question.forMs;
  const times = await Promise.all(opened.map(async (connection, first) => {
    const own: number[] = [];
    // Each has channels of its own.
    for (let i = first; performance.now() < endMs; i = (i + connections) % CHANNELS) {
      own.push(await connection.request(requests[i]!));
    }
    connection.close();
    return own;
  }));
  return times.flat();
}

/** Resolves to the ms of each request; when it is sent is none of the answers' business. */
async function pace(question: LoadQuestion, perSecond: number): Promise<number[]> {
  const requests = requestsOf(question);
  const url = new URL(question.origin);
  const idle: Connection[] = [await connect(url)];
  const times: Promise<number>[] = [];
  const startMs = performance.now();
  for (let ms = 0; ms < question.forMs; ms = performance.now() - startMs) {
    for (; times.length <= ms * perSecond / 1000;) {
      const request = requests[times.length % CHANNELS]!;
      const connection = idle.pop() ?? await connect(url);
      times.push(connection.request(request).finally(() => idle.push(connection)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const all = await Promise.all(times);
  for (const connection of idle) connection.close();
  return all;
}

async function load(question: LoadQuestion): Promise<LoadAnswer> {
  const startMs = performance.now();
  const times = "connections" in question.load
    ? await flood(question, question.load.connections)
    : await pace(question, question.load.perSecond);
  const tookMs = performance.now() - startMs;
  const timed = times.filter((ms) => !Number.isNaN(ms));
  return {
    requests: times.length,
    tookMs,
    p50: quantile(timed, 0.5),
    p99: quantile(timed, 0.99),
  };
}

if (import.meta.main) await answerQuestions(load);
