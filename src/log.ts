import { type Level, type Logger, type LoggerOptions, pino } from 'pino';

/** Logs to stderr: lines of JSON, or text where a person reads along. Nothing is lost at exit: every write is synchronous. */
export async function createLogger(level: Level): Promise<Logger> {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  if (!process.stderr.isTTY) return pino(options, pino.destination({ dest: 2, sync: true }));
  const { default: pretty } = await import('pino-pretty');
  return pino(options, pretty({ destination: 2, sync: true, translateTime: 'SYS:HH:MM:ss.l' }));
}
