import type { Faults } from '../../test/support/api-faults/fault.ts';
import { PAGE_FAULTS } from '../../test/support/api-faults/page-faults.ts';
import { REFUSAL_FAULTS } from '../../test/support/api-faults/refusal-faults.ts';
import { WATCH_FAULTS } from '../../test/support/api-faults/watch-faults.ts';

/** What the benchmark and its servers agree on. */
export const API_PORT = 6443;
export const SERVICES = 50;
/** The Service that appears when all is well again. */
export const LATER = SERVICES;

/** Both are answered with the number of answers that the fault had so far. */
export type ToServer = 'break' | 'heal';
export type FromServer = { readonly ca: string } | { readonly answers: number };

export const FAULTS: Faults = { ...WATCH_FAULTS, ...REFUSAL_FAULTS, ...PAGE_FAULTS };

/** The process is stopped: its connections stay open, and new ones are never answered. */
export const HANGS = 'a server that hangs';

/** One of each sort of what the tests know, as each takes an agent of its own; and no fault, to compare with. */
export const FAULT_NAMES: readonly string[] = [
  'none',
  'an event in JSON cut short',
  'an event cut short',
  'a page cut short',
  'objects of another kind',
  'pages without end',
  'a listing without end',
  'an event that never ends',
  'a listing that drips',
  'empty resourceVersions',
  'endless resourceVersions',
  'resourceVersions that are no numbers',
  'resourceVersions that go backwards',
  'a storm of errors',
  'too many requests',
  'positions that expire at once',
  'connections reset when they speak',
  'bytes in place of TLS',
  HANGS,
  'objects of any shape',
  'huge objects',
  'a page of more than we take',
];
