import { Backend, Service, Slot } from '../../abi/generated.ts';
import type { Image } from './image.ts';
import type { KernelMaps } from './kernel-maps.ts';

/** Rows from `from` up to `to`. */
export interface ArrayPart {
  readonly name: 'services' | 'slots' | 'backends';
  readonly from: number;
  readonly to: number;
}

/** Does this part of an array hold what the image says? The image keeps arrays byte by byte as the kernel does. */
export function isSameArray(kernel: KernelMaps, image: Image, { name, from, to }: ArrayPart): boolean {
  const wanted = { services: image.serviceWords, slots: image.slots, backends: image.backends.bytes }[name];
  const size = ROW_BYTES[name];
  const part = (buffer: ArrayBufferLike, offset: number) =>
    Buffer.from(buffer as ArrayBuffer, offset + from * size, (to - from) * size); // a view, whoever holds the memory
  return part(kernel[name].mmap(from, to), 0).equals(part(wanted.buffer, wanted.byteOffset));
}

const ROW_BYTES = { services: Service.size, slots: Slot.size, backends: Backend.size } as const;
