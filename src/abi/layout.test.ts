import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Layout, readLayout } from './layout.ts';
import { hashLayout } from './layout-hash.ts';

const MAP = `
struct { int (*type)[1]; __u32 *key; struct row *value; int (*max_entries)[16]; int (*map_flags)[0]; } rows __attribute__((section(".maps"), used));
`;

/** The object file of a map of \`struct row\`; the text defines that. */
function compile(text: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'bpfsvc-layout-'));
  try {
    const source = `#include <linux/types.h>\ntypedef __u64 column_t;\nstruct ip { __be32 word[4]; };\n${text}\n${MAP}`;
    const include = `/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
    const object = join(folder, 'a.o');
    const clang = spawnSync(
      '/bin/sh',
      [
        '-c',
        `$(command -v clang-14 || command -v clang-19) -O2 -g -target bpf -isystem ${include} -x c -c - -o ${object}`,
      ],
      {
        input: source,
        encoding: 'utf8',
      },
    );
    if (clang.status !== 0) throw new Error(clang.stderr);
    return readFileSync(object);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hash(layout: Layout): string {
  return hashLayout(layout, (text) => createHash('sha256').update(text).digest('hex'));
}

test('reads every kind of field', () => {
  const text = `
    enum hook { HOOK_IN = 0, HOOK_OUT = 1 };
    struct part { __u32 id; __be32 mark; };
    struct abi { enum hook hook; };
    const struct abi abi __attribute__((section(".abi"), used));
    struct row { struct ip addr; struct part parts[2]; column_t column; __u64 time; __be16 port; __u8 mac[6]; char name[7]; __u8 pad; };`;
  expect(readLayout(compile(text))).toEqual({
    structs: [
      {
        name: 'part',
        size: 8,
        fields: [
          { name: 'id', offset: 0, type: { kind: 'number', size: 4, order: 'host' } },
          { name: 'mark', offset: 4, type: { kind: 'number', size: 4, order: 'wire' } },
        ],
      },
      {
        name: 'row',
        size: 64,
        fields: [
          { name: 'addr', offset: 0, type: { kind: 'ip', size: 16 } },
          {
            name: 'parts',
            offset: 16,
            type: { kind: 'list', size: 16, of: { kind: 'struct', size: 8, name: 'part' }, count: 2 },
          },
          { name: 'column', offset: 32, type: { kind: 'column', size: 8 } },
          { name: 'time', offset: 40, type: { kind: 'bigint', size: 8 } },
          { name: 'port', offset: 48, type: { kind: 'number', size: 2, order: 'wire' } },
          { name: 'mac', offset: 50, type: { kind: 'bytes', size: 6 } },
          { name: 'name', offset: 56, type: { kind: 'text', size: 7 } },
          { name: 'pad', offset: 63, type: { kind: 'number', size: 1, order: 'host' } },
        ],
      },
    ],
    enums: [
      {
        name: 'hook',
        values: [
          { name: 'HOOK_IN', value: 0 },
          { name: 'HOOK_OUT', value: 1 },
        ],
      },
    ],
    maps: [
      {
        name: 'rows',
        type: 1,
        flags: 0,
        maxEntries: 16,
        key: { kind: 'number', size: 4, order: 'host' },
        value: { kind: 'struct', size: 64, name: 'row' },
      },
    ],
  });
});

test.each([
  [
    'a hole',
    'struct row { __u8 a; __u32 b; };',
    'Cannot represent "row.b": implicit padding before it: name 3 bytes of pad',
  ],
  [
    'a ragged end',
    'struct row { __u32 a; __u8 b; };',
    'Cannot represent "row": implicit padding at its end: name 3 bytes of pad',
  ],
  [
    'a bitfield',
    'struct row { __u32 a : 3; __u32 b : 29; };',
    'Cannot represent "row.a": bitfields have no fixed layout',
  ],
  ['a pointer', 'struct row { void *a; };', 'Cannot represent "row.a": pointers mean nothing on the other side'],
  ['a union', 'struct row { union u { __u32 a; } b; };', 'Cannot represent "row.b": unions do not say what they hold'],
  [
    'a plain int',
    'struct row { int a; };',
    'Cannot represent "row.a": plain C types differ between machines: use __u8 to __u64, __be16 or __be32',
  ],
  [
    'an unknown typedef',
    'typedef __u32 mark_t; struct row { mark_t a; };',
    'Cannot represent "row.a": typedef "mark_t" is unknown here',
  ],
  [
    'an enum',
    'enum e { A }; struct row { enum e a; };',
    'Cannot represent "row.a": the size of an enum is up to the compiler: use __u8 or __u32',
  ],
  [
    'a nameless struct',
    'struct row { struct { __u32 b; } a; };',
    'Cannot represent "row.a": anonymous structs have no name to generate',
  ],
])('refuses %s', (_, text, reason) => {
  expect(() => readLayout(compile(text))).toThrow(new Error(reason));
});

test('refuses a file without BTF', () => {
  expect(() => readLayout(readFileSync(process.execPath))).toThrow('Cannot read layout: the object file has no BTF');
});

test('the hash names the layout: not code, not limits, but names, offsets and enums', () => {
  const anchored = (values: string): string =>
    `enum hook { ${values} }; struct abi { enum hook hook; }; const struct abi abi __attribute__((section(".abi"), used));`;
  const row = 'struct row { __u32 a; __u32 b; };';
  const of = (text: string): string => hash(readLayout(compile(text)));
  const base = of(`${anchored('IN, OUT')} ${row}`);
  expect({
    sameWithCode: of(`${anchored('IN, OUT')} ${row} int run(void *c) { return 1; }`) === base,
    otherEnum: of(`${anchored('OUT, IN')} ${row}`) === base,
    otherName: of(`${anchored('IN, OUT')} struct row { __u32 a; __u32 c; };`) === base,
    otherOrder: of(`${anchored('IN, OUT')} struct row { __u32 b; __u32 a; };`) === base,
  }).toEqual({ sameWithCode: true, otherEnum: false, otherName: false, otherOrder: false });
});
