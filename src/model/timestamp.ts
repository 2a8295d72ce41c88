const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** A time that came as a number: from protobuf, never from JSON, where a number is no time. */
export class UnixTime {
  readonly seconds: number;

  constructor(seconds: number) {
    this.seconds = seconds;
  }
}

/** Unix time in milliseconds of a UnixTime or an RFC 3339 text as the API writes it, or undefined. */
export function parseTimestamp(raw: unknown): number | undefined {
  if (raw instanceof UnixTime) return Math.abs(raw.seconds) <= FARTHEST_SECONDS ? raw.seconds * 1000 : undefined;
  const match = typeof raw === 'string' && raw.length <= 40 ? RFC3339.exec(raw) : null;
  if (match === null) return undefined;
  const number = (index: number): number => Number(match[index] ?? 0);
  const sign = match[8] === '-' ? -1 : 1;
  const days = daysFromCivil(number(1), number(2), number(3));
  const minutes = days * 1440 + number(4) * 60 + number(5) - sign * (number(9) * 60 + number(10));
  return minutes * 60_000 + number(6) * 1000 + Math.floor(Number(`0.${match[7] ?? 0}`) * 1000);
}

const FARTHEST_SECONDS = 8.64e12; // Date knows none beyond it

/** Days since 1970-01-01 in the Gregorian calendar, by eras of 400 years that start in March. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
