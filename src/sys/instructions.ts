/** The few instructions that probes and tests are made of; 8 bytes each. */
export type Instruction = { readonly code: number; readonly registers?: number; readonly immediate?: number };

export const exit: Instruction = { code: 0x95 };

export function moveImmediate(register: number, immediate: number): Instruction {
  return { code: 0xb7, registers: register, immediate };
}

export function callHelper(helper: number): Instruction {
  return { code: 0x85, immediate: helper };
}

export function assemble(...instructions: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(instructions.length * 8));
  instructions.forEach(({ code, registers = 0, immediate = 0 }, index) => {
    view.setUint8(index * 8, code);
    view.setUint8(index * 8 + 1, registers);
    view.setInt32(index * 8 + 4, immediate, true);
  });
  return new Uint8Array(view.buffer);
}
