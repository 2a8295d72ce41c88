import { describe, expect, it } from 'vitest';
import type { Op } from '../../model/op.ts';
import { type ClaimChange, createClaims } from './claims.ts';
import { parseManifest } from './parse-manifest.ts';

const good = (name: string): string => `{apiVersion: v1, kind: Node, metadata: {name: ${name}}}\n`;
const bad = (name: string): string => `{apiVersion: v2, kind: Node, metadata: {name: ${name}}}\n`;
const REASON = 'apiVersion: "v2" is not read here: use v1';

/** Updates in order; the last change, with objects cut down to their names. */
function last(...updates: readonly (readonly [string, ...string[]])[]): unknown {
  const claims = createClaims();
  let change: ClaimChange | undefined;
  for (const [file, ...documents] of updates) {
    change = claims.update(file, parseManifest(documents.join('---\n')).entries);
  }
  return [change?.ops.map(brief), change?.reread];
}

function brief(op: Op): unknown {
  return op.op === 'set'
    ? `set ${op.object.name}`
    : op.op === 'delete'
      ? `delete ${op.kind} ${op.namespace}/${op.name}`
      : op;
}

const ignore = (object: string, reason: string | undefined) => ({ op: 'ignore', object, reason });

describe('claims', () => {
  it('sets what a file holds and deletes what it no longer holds', () => {
    expect(last(['a', good('x'), good('y')])).toEqual([['set x', 'set y'], []]);
    expect(last(['a', good('x'), good('y')], ['a', good('y')])).toEqual([['delete Node /x', 'set y'], []]);
    expect(last(['a', good('x')], ['a'])).toEqual([['delete Node /x'], []]);
  });

  it('names the very line of an object that stands twice within one JSON List', () => {
    const node = '{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "x"}}';
    expect(last(['a', `{"kind": "List", "items": [\n${node},\n${node}\n]}\n`])).toEqual([
      ['set x', ignore('Node x in a:3', 'a holds it, too: keep one of them')],
      [],
    ]);
  });

  it('names the namespace of what it deletes', () => {
    const slice =
      '{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {name: x, namespace: n, labels: {kubernetes.io/service-name: s}}}';
    expect(last(['a', slice], ['a'])).toEqual([['delete EndpointSlice n/x'], []]);
  });

  it('tells a refusal, and takes it back', () => {
    expect(last(['a', bad('x')])).toEqual([[ignore('Node x', `a:1: ${REASON}`)], []]);
    expect(last(['a', bad('x')], ['a', good('x')])).toEqual([[ignore('Node x', undefined), 'set x'], []]);
    expect(last(['a', good('x')], ['a', bad('x')])).toEqual([
      ['delete Node /x', ignore('Node x', `a:1: ${REASON}`)],
      [],
    ]);
    expect(last(['a', bad('x')], ['a'])).toEqual([[ignore('Node x', undefined)], []]);
  });

  it('names the place of what has no name', () => {
    expect(last(['a', good('x'), '5\n'])).toEqual([
      ['set x', ignore('a:3', '5 is not an object: write a Service, an EndpointSlice or a Node')],
      [],
    ]);
  });

  it('tells items on one line apart', () => {
    expect(last(['a', '{"kind": "List", "items": [5, true]}'])).toEqual([
      [
        ignore('a:1 items[0]', '5 is not an object: write a Service, an EndpointSlice or a Node'),
        ignore('a:1 items[1]', 'true is not an object: write a Service, an EndpointSlice or a Node'),
      ],
      [],
    ]);
  });

  it('gives an object to the first file by name, whichever comes first in time', () => {
    const lost = ignore('Node x in b:1', 'a holds it, too: keep one of them');
    expect(last(['a', good('x')], ['b', good('x')])).toEqual([[lost], []]);
    expect(last(['b', good('x')], ['a', good('x')])).toEqual([['set x'], ['b']]);
    expect(last(['b', good('x')], ['a', good('x')], ['b', good('x')])).toEqual([[lost], []]);
    expect(last(['a', good('x'), good('x')])).toEqual([['set x', ignore('Node x in a:3', lost.reason ?? '')], []]);
  });

  it('asks the heir when an owner goes', () => {
    expect(last(['a', good('x')], ['b', good('x')], ['a'])).toEqual([['delete Node /x'], ['b']]);
    expect(last(['a', good('x')], ['b', good('x')], ['a'], ['b', good('x')])).toEqual([
      [ignore('Node x in b:1', undefined), 'set x'],
      [],
    ]);
  });

  it('lets a refused object speak for its name, too', () => {
    expect(last(['b', good('x')], ['a', bad('x')])).toEqual([
      ['delete Node /x', ignore('Node x', `a:1: ${REASON}`)],
      ['b'],
    ]);
    expect(last(['b', bad('x')], ['a', bad('x')], ['b', bad('x')])).toEqual([
      [ignore('Node x in b:1', 'a holds it, too: keep one of them')],
      [],
    ]);
  });
});
