/**
 * Request bodies: JSON, form fields, or a multipart upload. Of a file only its metadata is kept.
 * See [Discord Docs/Uploading Files](https://discord.com/developers/docs/reference#uploading-files).
 *
 * @module
 */

import { invalidForm, RestError } from "./error.ts";
import type { RestSettings } from "./settings.ts";

/** An uploaded file. */
export interface Upload {
  /** The `n` of `files[n]`. */
  readonly index: number;
  readonly filename: string;
  readonly contentType: string;
  readonly size: number;
}

/** A body, read. */
export interface Form {
  /** What was sent as JSON (an empty object where nothing was). */
  readonly json: unknown;
  /** `json`, where it is an object; else empty. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: readonly Upload[];
}

/**
 * Reads the body of a request.
 *
 * @throws {RestError} 40005 too large, 50035 a content type that Discord does not take, or a bad
 * upload, 50109 not JSON.
 */
export async function readForm(request: Request, settings: RestSettings): Promise<Form> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > settings.maxRequestBytes) throw tooLarge();
  if (bytes.length === 0) return formOf({}, []);
  const type = request.headers.get("content-type") ?? "";
  switch (type.split(";")[0]!.trim().toLowerCase()) {
    case "application/json":
      return formOf(parseJson(new TextDecoder().decode(bytes)), []);
    case "application/x-www-form-urlencoded":
      return formOf(Object.fromEntries(new URLSearchParams(new TextDecoder().decode(bytes))), []);
    case "multipart/form-data":
      return await readMultipart(bytes, type, settings);
    default:
      throw invalidForm(
        "_errors",
        "CONTENT_TYPE_INVALID",
        'Expected "Content-Type" header to be one of {application/json, ' +
          "application/x-www-form-urlencoded, multipart/form-data}.",
      );
  }
}

async function readMultipart(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  settings: RestSettings,
): Promise<Form> {
  const fields: Record<string, unknown> = {};
  const files = new Map<number, Upload>();
  for (const [name, value] of await parseMultipart(bytes, type)) {
    if (typeof value === "string") {
      if (name === "payload_json") Object.assign(fields, parseJson(value));
      else fields[name] = value;
      continue;
    }
    const index = Number(/^files\[(\d+)\]$/.exec(name)?.[1] ?? NaN);
    if (Number.isNaN(index) || files.has(index)) {
      throw invalidForm(name, "FILE_NAME_INVALID", "Files are named files[n], each n once.");
    }
    if (value.size > settings.maxFileBytes) throw tooLarge();
    files.set(index, {
      index,
      filename: value.name,
      contentType: value.type,
      size: value.size,
    });
  }
  return formOf(fields, [...files.values()]);
}

async function parseMultipart(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<FormData> {
  try {
    return await new Response(bytes, { headers: { "content-type": type } }).formData();
  } catch {
    throw invalidForm("_errors", "MULTIPART_INVALID", "The multipart body cannot be read.");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RestError(400, 50109, "The request body contains invalid JSON.");
  }
}

function formOf(json: unknown, files: readonly Upload[]): Form {
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  return { json, fields: isObject ? json as Record<string, unknown> : {}, files };
}

function tooLarge(): RestError {
  return new RestError(413, 40005, "Request entity too large");
}
