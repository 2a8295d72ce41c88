import type { Btf, BtfMember } from './btf.ts';
import type { MapLayout, ValueType } from './layout.ts';

/** The type of that id; `owner` names the place in messages. */
type ReadValue = (id: number, owner: string) => ValueType;

/** Maps as BTF describes them: a variable in section .maps whose members encode numbers as array lengths. */
export function readMaps(btf: Btf, readValue: ReadValue): MapLayout[] {
  const section = btf.find((type) => type.kind === 'section' && type.name === '.maps');
  if (section?.kind !== 'section') throw new Error('Cannot read layout: the object file has no maps');
  return section.variables.flatMap((id) => {
    const variable = btf[id];
    const definition = variable?.kind === 'variable' ? btf[variable.of] : undefined;
    if (variable?.kind !== 'variable' || definition?.kind !== 'struct')
      throw new Error('Cannot read BTF: malformed map');
    return PRIVATE.has(variable.name) ? [] : [readMap(btf, variable.name, definition.members, readValue)];
  });
}

/** Maps that only programs use: memory too large for their stack, of any shape, never pinned. */
const PRIVATE: ReadonlySet<string> = new Set(['scratch']);

function readMap(btf: Btf, name: string, members: readonly BtfMember[], readValue: ReadValue): MapLayout {
  const pointed = (attribute: string): number => {
    const member = members.find((candidate) => candidate.name === attribute);
    const type = btf[member?.type ?? 0];
    if (type?.kind !== 'pointer') throw new Error(`Cannot read map "${name}": it has no ${attribute}`);
    return type.to;
  };
  const number = (attribute: string): number => {
    const array = btf[pointed(attribute)];
    return array?.kind === 'array' ? array.count : 0;
  };
  return {
    name,
    type: number('type'),
    flags: number('map_flags'),
    maxEntries: number('max_entries'),
    key: readValue(pointed('key'), `${name} key`),
    value: readValue(pointed('value'), `${name} value`),
  };
}
