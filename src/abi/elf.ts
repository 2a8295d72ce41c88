/** The bytes of a section of a 64-bit little-endian ELF file; undefined: it has no such section. */
export function findSection(file: Uint8Array, name: string): Uint8Array | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.byteLength < HEADER_SIZE || view.getUint32(0) !== MAGIC || view.getUint16(4) !== CLASS_64_LITTLE) {
    throw new Error('Cannot read ELF file: it is not a 64-bit little-endian one');
  }
  const table = Number(view.getBigUint64(0x28, true));
  const entrySize = view.getUint16(0x3a, true);
  const section = (index: number): Uint8Array => {
    const entry = table + index * entrySize;
    const start = Number(view.getBigUint64(entry + 0x18, true));
    return file.subarray(start, start + Number(view.getBigUint64(entry + 0x20, true)));
  };
  const names = section(view.getUint16(0x3e, true));
  for (let index = 1; index < view.getUint16(0x3c, true); index += 1) {
    if (textAt(names, view.getUint32(table + index * entrySize, true)) === name) return section(index);
  }
  return undefined;
}

/** The text that starts at `offset` and ends before the next zero byte. */
export function textAt(strings: Uint8Array, offset: number): string {
  const end = strings.indexOf(0, offset);
  let text = '';
  for (const byte of strings.subarray(offset, end === -1 ? undefined : end)) text += String.fromCharCode(byte);
  return text;
}

const HEADER_SIZE = 64;
const MAGIC = 0x7f454c46;
const CLASS_64_LITTLE = 0x0201;
