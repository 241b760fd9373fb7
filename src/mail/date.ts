// Dates as messages write them: RFC 5322 §3.3, with the obsolete forms of §4.3 for reading.
import { withoutComments } from '#mail/parameters.ts'

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** RFC 5322 §4.3, in hours; what is not here counts as UTC. */
const zoneHours = new Map([
  ['EDT', -4],
  ['EST', -5],
  ['CDT', -5],
  ['CST', -6],
  ['MDT', -6],
  ['MST', -7],
  ['PDT', -7],
  ['PST', -8],
])
/** Longer than any date with its comments; the rest is not looked at. */
const maxDateLength = 200
const writtenDay = /^(?:[a-z]{3,9} ?, ?)?(?<day>\d{1,2}) (?<month>[a-z]{3})[a-z]{0,6} (?<year>\d{2,4}) /
const writtenTime = /(?<hour>\d{1,2}) ?: ?(?<minute>\d\d)(?: ?: ?(?<second>\d\d))?(?: (?<zone>[+-]\d{4}|[a-z]{1,5}))?/
const written = new RegExp(writtenDay.source + writtenTime.source, 'i')

/** A time, in milliseconds since 1970, as a Date field writes it, in UTC. */
export function formatDate(atMs: number): string {
  const at = new Date(atMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const year = String(at.getUTCFullYear()).padStart(4, '0')
  const date = `${days[at.getUTCDay()]}, ${at.getUTCDate()} ${months[at.getUTCMonth()]} ${year}`
  return `${date} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`
}

/** The time that a Date field names, in milliseconds since 1970, or null where it names none. */
export function parseDate(text: string): number | null {
  const plain = withoutComments(text.slice(0, maxDateLength)).replace(/\s+/g, ' ').trim()
  const groups = written.exec(plain)?.groups
  if (groups === undefined) return null
  const { day, month, year, hour, minute, second, zone } = groups
  const monthIndex = months.findIndex((name) => name.toLowerCase() === month!.toLowerCase())
  const parts = [fullYear(year!), monthIndex, Number(day), Number(hour), Number(minute), Number(second ?? 0)] as const
  const at = new Date(0)
  at.setUTCFullYear(parts[0], parts[1], parts[2])
  at.setUTCHours(parts[3], parts[4], Math.min(parts[5], 59))
  const isReal = monthIndex >= 0 && at.getUTCDate() === parts[2] && parts[3] < 24 && parts[4] < 60 && parts[5] <= 60
  return isReal ? at.getTime() - zoneMinutes(zone ?? '') * 60_000 : null
}

/** RFC 5322 §4.3: two digits are 1950 to 2049, three count from 1900. */
function fullYear(year: string): number {
  const value = Number(year)
  if (year.length === 2) return value < 50 ? 2000 + value : 1900 + value
  return year.length === 3 ? 1900 + value : value
}

function zoneMinutes(zone: string): number {
  const match = /^([+-])(\d\d)(\d\d)$/.exec(zone)
  if (match === null) return (zoneHours.get(zone.toUpperCase()) ?? 0) * 60
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]))
}
