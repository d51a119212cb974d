/**
 * Which trace a request belongs to, as its caller says.
 * See [Trace Context](https://www.w3.org/TR/trace-context/).
 *
 * @module
 */

/** The span that a caller is in. */
export interface TraceParent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Whether the caller records it: if not, what follows it is not to be, either. */
  readonly isSampled: boolean;
}

const HEADER =
  /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/**
 * Reads a `traceparent` header; `null` where there is none, or it is none.
 *
 * @example
 * ```ts
 * import { readTraceParent } from "./trace_context.ts";
 * const parent = readTraceParent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
 * console.assert(parent?.spanId === "b7ad6b7169203331" && parent.isSampled);
 * ```
 */
export function readTraceParent(header: string | null): TraceParent | null {
  const [, traceId, spanId, flags] = HEADER.exec(header?.trim() ?? "") ?? [];
  if (traceId === undefined || spanId === undefined) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags!, 16) & 1) === 1 };
}
