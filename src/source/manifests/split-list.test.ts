import { describe, expect, it } from 'vitest';
import { splitList } from './split-list.ts';

const at = (text: string, line = 1) => splitList({ text, line });

describe('splitList', () => {
  it('cuts what kubectl prints', () => {
    const text = 'apiVersion: v1\nitems:\n- a: 1\n  b: 2\n- a: 3\nkind: List\nmetadata:\n  resourceVersion: ""\n';
    expect(at(text, 10)).toEqual({
      header: 'apiVersion: v1\nkind: List\nmetadata:\n  resourceVersion: ""\n',
      items: [
        { text: '- a: 1\n  b: 2\n', line: 12 },
        { text: '- a: 3\n', line: 14 },
      ],
    });
  });

  it('cuts indented items, with comments and inner lists', () => {
    expect(at('kind: List\nitems:\n  # one\n  - a:\n    - 1\n\n# two\n  - b\n')).toEqual(undefined);
    expect(at('kind: List\nitems:\n  - a:\n    - 1\n\n# two\n  - b\n')).toEqual({
      header: 'kind: List\n',
      items: [
        { text: '  - a:\n    - 1\n\n# two\n', line: 3 },
        { text: '  - b\n', line: 7 },
      ],
    });
  });

  it('leaves other shapes alone', () => {
    expect([at('items: [1]\n'), at('spec:\n  items:\n  - 1\n'), at('items:\n  a: 1\n'), at('kind: Service\n')]).toEqual(
      [undefined, undefined, undefined, undefined],
    );
  });
});
