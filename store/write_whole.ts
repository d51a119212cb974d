/**
 * Writing all of it: a system may take fewer bytes at once than it is given.
 *
 * @module
 */

/** Writes every byte, where the file stands. */
export async function writeWhole(
  file: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await file.write(rest));
}
