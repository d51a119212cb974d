/**
 * Reads what an executable holds that `deno compile` has made: the files, and what was baked in. Deno prints a
 * list as well, in which it leaves out what is in a folder of which all is there.
 *
 * @module
 */

/** What such an executable holds. */
export interface Contents {
  /** The module that it runs. */
  readonly entry: string;
  /** Names of the permissions that it has, such as `net`. */
  readonly allowed: readonly string[];
  /** Paths of files, from the root of this repository. */
  readonly files: readonly string[];
  /** Names of npm packages. */
  readonly packages: readonly string[];
}

/** At the beginning and at the end of what is put into the executable. */
const MARK = new TextEncoder().encode("d3n0l4nd");

/** Where packages lie. */
const PACKAGES = ".deno_compile_node_modules/localhost/";

/**
 * Reads it.
 *
 * @throws {Error} Where there is nothing of this kind in the file.
 */
export function contentsOf(executable: Uint8Array): Contents {
  const reader = new Section(executable, beginning(executable));
  const metadata = JSON.parse(reader.text()) as Metadata;
  reader.bytes();
  // Addresses of modules from elsewhere, where they lead, and they themselves. We have none.
  for (const what of ["addresses", "redirects", "modules"]) {
    const count = reader.u32();
    if (count > 0) throw new Error(`Cannot read the executable: it holds ${count} ${what}`);
  }
  const all = pathsIn(JSON.parse(reader.text()) as Entry[], "");
  return {
    entry: metadata.entrypoint_key,
    allowed: Object.entries(metadata.permissions)
      .filter(([name, value]) => name.startsWith("allow_") && Array.isArray(value))
      .map(([name]) => name.slice("allow_".length)),
    files: all.filter((path) => !path.startsWith(".deno_compile_node_modules/")),
    packages: [...new Set(all.flatMap(packageOf))],
  };
}

interface Metadata {
  readonly entrypoint_key: string;
  readonly permissions: Readonly<Record<string, unknown>>;
}

/** A folder, a file or a link; `n` is its name, `e` what is in it. */
type Entry =
  | { readonly Dir: { readonly n: string; readonly e: readonly Entry[] } }
  | { readonly File: { readonly n: string } }
  | { readonly Symlink: { readonly n: string } };

function pathsIn(entries: readonly Entry[], folder: string): string[] {
  return entries.flatMap((entry) => {
    if ("Dir" in entry) return pathsIn(entry.Dir.e, `${folder}${entry.Dir.n}/`);
    return `${folder}${"File" in entry ? entry.File.n : entry.Symlink.n}`;
  });
}

function packageOf(path: string): string[] {
  if (!path.startsWith(PACKAGES)) return [];
  const [first = "", second = ""] = path.slice(PACKAGES.length).split("/");
  return [first.startsWith("@") ? `${first}/${second}` : first];
}

/** Where the mark stands that is followed by a length, and an object of JSON. Deno itself has it, too. */
function beginning(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = find(bytes, 0); at >= 0; at = find(bytes, at + 1)) {
    const from = at + MARK.length;
    if (from + 9 > bytes.length) break;
    const isShort = view.getBigUint64(from, true) < BigInt(bytes.length - from);
    if (isShort && bytes[from + 8] === 0x7b) return from;
  }
  throw new Error("Cannot read the executable: nothing was compiled into it");
}

function find(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(MARK[0]!, from); at >= 0; at = bytes.indexOf(MARK[0]!, at + 1)) {
    if (MARK.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** Reads one part after the other. */
class Section {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  u32(): number {
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  bytes(): Uint8Array {
    const length = Number(this.#view.getBigUint64(this.#at, true));
    const from = this.#at + 8;
    this.#at = from + length;
    return this.#bytes.subarray(from, this.#at);
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }
}
