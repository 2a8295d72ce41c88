import type { Format } from './format.ts';
import { JSON_FORMAT } from './json-format.ts';
import { PROTOBUF } from './protobuf-format.ts';

/** By the Content-Type of an answer; undefined: none that we read. */
export function formatOf(contentType: string | undefined): Format | undefined {
  return [PROTOBUF, JSON_FORMAT].find((format) => contentType?.startsWith(format.contentType) === true);
}

/** The Accept header: protobuf where the server has it. `parameter` follows each type. */
export function acceptHeader(isJsonOnly: boolean, parameter: string): string {
  return (isJsonOnly ? [JSON_FORMAT] : [PROTOBUF, JSON_FORMAT])
    .map(({ contentType }) => contentType + parameter)
    .join(',');
}
