import { describe, expect, it } from 'vitest';
import { parseManifest } from './parse-manifest.ts';

/** [name, line, accepted or the reason] of each entry. */
const read = (text: string) =>
  parseManifest(text).entries.map((entry) => [
    entry.name,
    entry.line,
    entry.parsed.ok ? entry.parsed.value.kind : entry.parsed.reason,
  ]);

const node = (name: string): string => `apiVersion: v1\nkind: Node\nmetadata:\n  name: ${name}\n`;
const item = (name: string): string => `- apiVersion: v1\n  kind: Node\n  metadata:\n    name: ${name}\n`;
const KIND = 'kind: "Pod" is not read here: keep to Service, EndpointSlice and Node';

describe('parseManifest', () => {
  it('reads documents and keeps the lines of those it refuses', () => {
    expect(read(`# nodes\n${node('a')}---\nkind: Pod\nmetadata:\n  name: p\n---\na: b: c\n---\n${node('b')}`)).toEqual([
      ['Node a', 2, 'Node'],
      ['Pod p', 7, KIND],
      [undefined, 11, 'this is neither YAML nor JSON: bad indentation of a mapping entry: correct it'],
      ['Node b', 13, 'Node'],
    ]);
  });

  it('reads a List item by item, past a broken one', () => {
    const text = `apiVersion: v1\nitems:\n${item('a')}- kind: Node\n  b: c: d\n${item('e')}- 5\nkind: List\n`;
    expect(read(text)).toEqual([
      ['Node a', 3, 'Node'],
      [undefined, 8, 'this is neither YAML nor JSON: bad indentation of a mapping entry: correct it'],
      ['Node e', 9, 'Node'],
      [undefined, 13, '5 is not an object: write a Service, an EndpointSlice or a Node'],
    ]);
  });

  it('reads a List with anchors as a whole', () => {
    const text = 'kind: List\nitems:\n- &a\n  apiVersion: v1\n  kind: Node\n  metadata: {name: a}\n- *a\n';
    expect(read(text)).toEqual([
      ['Node a', 1, 'Node'],
      ['Node a', 1, 'Node'],
    ]);
  });

  it('reads JSON and finds the line of a refused item', () => {
    const json = (name: string): string => `{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "${name}"}}`;
    expect(read(`\uFEFF${json('a')}`)).toEqual([['Node a', 1, 'Node']]);
    expect(read(`{"kind": "List", "items": [\n${json('a')},\n{"kind": "Pod", "metadata": {"name": "p"}}]}`)).toEqual([
      ['Node a', 2, 'Node'],
      ['Pod p', 3, KIND],
    ]);
  });

  it('knows the line of each item of a JSON List, also where all are accepted', () => {
    const json = '{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}}';
    expect(read(`{"kind": "List", "items": [\n${json},\n\n${json}]}`)).toEqual([
      ['Node a', 2, 'Node'],
      ['Node a', 4, 'Node'],
    ]);
  });

  it("reads the API's own lists, whose items have no kind", () => {
    const list = { apiVersion: 'v1', kind: 'NodeList', items: [{ metadata: { name: 'a' } }] };
    expect(read(JSON.stringify(list))).toEqual([['Node a', 1, 'Node']]);
    expect(read('apiVersion: v1\nkind: NodeList\nitems:\n- metadata:\n    name: a\n')).toEqual([['Node a', 4, 'Node']]);
  });

  it('reads JSON documents of a YAML stream', () => {
    expect(read('{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}}\n---\n{}\n')).toEqual([
      ['Node a', 1, 'Node'],
      [undefined, 3, 'kind: nothing is not read here: keep to Service, EndpointSlice and Node'],
    ]);
  });

  it('names the line where JSON breaks', () => {
    const manifest = parseManifest('{"kind": "Node",\n"metadata": {"name": "a"}');
    expect([manifest.isWellFormed, manifest.entries.map((entry) => entry.line)]).toEqual([false, [2]]);
  });

  it('keeps timestamps as text', () => {
    const [entry] = parseManifest(
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  namespace: b\n  creationTimestamp: 1970-01-01T00:00:01Z\n' +
        'spec:\n  clusterIP: 10.0.0.1\n  ports: [{port: 80}]\n',
    ).entries;
    expect(entry?.parsed.ok === true && entry.parsed.value.kind === 'Service' && entry.parsed.value.created).toBe(1000);
  });

  it.each(['', '\n', '---\n', '# nothing\n', '\uFEFF'])('finds nothing in %j', (text) => {
    expect(parseManifest(text)).toEqual({ entries: [], isJson: false, isWellFormed: true });
  });

  it.each(['[', '\0', '"', '- - -', '!!js/function x', '['.repeat(200), '&a [*a]', '{"items": 5, "kind": "List"}'])(
    'refuses %j without throwing',
    (text) => {
      expect(parseManifest(text).entries.map((entry) => entry.parsed.ok)).toEqual([false]);
    },
  );
});
