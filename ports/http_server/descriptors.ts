/**
 * How many files and sockets this process may open. Deno does not tell, and `/proc` needs every permission:
 * so it is tried.
 *
 * @module
 */

/**
 * How many more descriptors there are, `most` at the most; `null` where it cannot be tried. They are opened
 * for the length of the call: to be asked before anything else is going on.
 *
 * @param open Opens one more. Default: this folder, which takes the permission to read it.
 */
export function descriptorsLeft(most: number, open: () => Disposable = openHere): number | null {
  const opened: Disposable[] = [];
  try {
    while (opened.length < most) opened.push(open());
  } catch (error) {
    if (!/EMFILE|too many open files/i.test(String(error))) return null;
  } finally {
    for (const one of opened) one[Symbol.dispose]();
  }
  return opened.length;
}

function openHere(): Disposable {
  // Where it is not granted, nobody is to be asked for it.
  if (Deno.permissions.querySync({ name: "read", path: "." }).state !== "granted") {
    throw new Deno.errors.NotCapable("Cannot open the working directory: it may not be read");
  }
  return Deno.openSync(".");
}
