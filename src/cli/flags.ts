import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseFlag, type SettingValue, type Values } from './setting-value.ts';
import { SETTINGS, type Setting } from './settings.ts';

/** Adds the flags of the table that this command takes. */
export function addFlags(command: Command, name: Setting['commands'][number]): Command {
  for (const setting of settingsOf(name)) {
    for (const flag of [setting.name, ...(setting.aliases ?? [])]) {
      command.addOption(toOption(setting, flag));
    }
  }
  return command;
}

/** Help for the flags that say nothing themselves. */
export function ignoredFlagsHelp(name: Setting['commands'][number]): string {
  const flags = settingsOf(name).filter((setting) => setting.role === 'without effect');
  return `\nAccepted from kube-proxy, without effect yet:\n${wrap(flags.map((setting) => `--${setting.name}`))}\n`;
}

/** What was given on the command line. */
export function givenValues(command: Command): Values {
  const values = new Map<string, SettingValue>();
  for (const setting of SETTINGS) {
    for (const flag of [...(setting.aliases ?? []), setting.name]) {
      const key = new Option(`--${flag}`).attributeName();
      const value = command.getOptionValue(key) as SettingValue | undefined; // our argParser made it
      if (value !== undefined) values.set(setting.name, value);
    }
  }
  return values;
}

function settingsOf(name: Setting['commands'][number]): readonly Setting[] {
  return SETTINGS.filter((setting) => setting.commands.includes(name));
}

function toOption(setting: Setting, flag: string): Option {
  const isAlias = flag !== setting.name;
  const short = flag === 'v' ? '-v, ' : '';
  const option = new Option(`${short}--${flag}${argumentOf(setting)}`, isAlias ? undefined : describe(setting))
    .argParser((text: string, before: SettingValue | undefined): SettingValue => {
      const parsed = parseFlag(setting, short === '' ? text : text.replace(/^=/, '')); // Go takes -v=2
      if (!parsed.ok) throw new InvalidArgumentError(`${parsed.reason}.`);
      return typeof parsed.value === 'object' && typeof before === 'object'
        ? [...before, ...parsed.value]
        : parsed.value;
    })
    .helpGroup(setting.role === 'own' ? 'Options:' : "kube-proxy's options:");
  if (isAlias || setting.role === 'without effect') option.hideHelp();
  return option;
}

function argumentOf(setting: Setting): string {
  if (setting.type === 'boolean') return ' [true|false]';
  return ` <${setting.argument ?? setting.choices?.join('|') ?? setting.type}>`;
}

function describe(setting: Setting): string {
  const aliases = (setting.aliases ?? []).map((alias) => `--${alias}`);
  const also = aliases.length === 0 ? '' : ` (also ${aliases.join(', ')})`;
  const preset = setting.default === undefined ? '' : ` (default: ${setting.default})`;
  return `${setting.help}${also}${preset}`;
}

function wrap(words: readonly string[]): string {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < 100) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.join('\n');
}
