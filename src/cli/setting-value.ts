import { accept, type Parse, refuse } from '../model/parse.ts';
import { quote } from '../model/quote.ts';
import { fieldsOf } from '../model/untrusted.ts';
import type { Setting } from './settings.ts';

export type SettingValue = string | number | boolean | readonly string[];

/** By the setting's name; what nobody gave is absent. */
export type Values = ReadonlyMap<string, SettingValue>;

const DURATION = /^(?:0|(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/;

/** A flag's text, as Go's flags read it. */
export function parseFlag(setting: Setting, text: string): Parse<SettingValue> {
  switch (setting.type) {
    case 'boolean':
      if (/^(?:1|t|true)$/i.test(text)) return accept(true);
      return /^(?:0|f|false)$/i.test(text) ? accept(false) : refuse(`${quote(text)} is neither true nor false`);
    case 'number':
      return /^-?\d+(?:\.\d+)?$/.test(text) ? accept(Number(text)) : refuse(`${quote(text)} is not a number`);
    case 'list':
      return accept(splitList(text));
    case 'duration':
    case 'text':
      return parseText(setting, text);
  }
}

/** A field of a configuration file. */
export function parseField(setting: Setting, raw: unknown): Parse<SettingValue> {
  switch (setting.type) {
    case 'boolean':
      return typeof raw === 'boolean' ? accept(raw) : refuse(`${quote(raw)} is neither true nor false`);
    case 'number':
      return typeof raw === 'number' ? accept(raw) : refuse(`${quote(raw)} is not a number`);
    case 'list':
      return parseListField(raw);
    case 'duration':
    case 'text':
      return typeof raw === 'string' ? parseText(setting, raw) : refuse(`${quote(raw)} is not text`);
  }
}

function parseText(setting: Setting, text: string): Parse<string> {
  if (setting.type === 'duration' && !DURATION.test(text)) {
    return refuse(`${quote(text)} is not a duration: write it like 30s or 1h30m`);
  }
  const { choices } = setting;
  if (choices !== undefined && !choices.includes(text)) {
    return refuse(`${quote(text)} is none of ${choices.join(', ')}`);
  }
  return accept(text);
}

/** A list of texts, one text with commas, or featureGates' map of booleans. */
function parseListField(raw: unknown): Parse<readonly string[]> {
  if (typeof raw === 'string') return accept(splitList(raw));
  if (Array.isArray(raw)) {
    const texts = raw.filter((item): item is string => typeof item === 'string');
    return texts.length === raw.length ? accept(texts) : refuse('the list holds something that is not text');
  }
  const pairs = Object.entries(fieldsOf(raw));
  if (pairs.length > 0) return accept(pairs.map(([name, value]) => `${name}=${String(value)}`));
  return refuse(`${quote(raw)} is not a list`);
}

function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
