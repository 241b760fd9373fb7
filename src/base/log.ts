// Operational log: one JSON object a line, appended to a file or written to standard output. Never a subject, body, file name, password, token or row content.
import { destination, pino } from 'pino'

export interface Log {
  debug(fields: Fields, message: string): void
  info(fields: Fields, message: string): void
  warn(fields: Fields, message: string): void
  error(fields: Fields, message: string): void
  child(fields: Fields): Log
}

/** What may stand in a line: ids, counts, durations, addresses of machines, names of parts; faults as `fault`, reduced by describeFault. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** A log whose lines all bear `base`; without a file it goes to standard output. The file is opened at once, and appended to by all processes. */
export function newLog(level: LogLevel, base: Fields, file?: string): Log {
  const formatters = { level: (label: string) => ({ level: label }) }
  const options = { level, base, messageKey: 'message', timestamp, formatters, hooks: { streamWrite: escapeUnseen } }
  const lines = destination({ dest: file ?? 1, append: true, sync: true, maxLength: maxUnwrittenOctets })
  // Unheard, a full file system would end the process. What could not be written waits, up to the limit, and is written when there is room.
  lines.on('error', () => {})
  return pino(options, lines)
}

/** JSON's own escapes cover the controls of ASCII. What else ends a line for some reader, or turns text round on a screen, is escaped too. */
const escapeUnseen = (line: string): string =>
  line.replace(
    /[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const maxUnwrittenOctets = 256 * 1024
const timestamp = () => `,"time":"${new Date().toISOString()}"`

/** Names a fault without its text, which may hold what a peer or a row said: class, code, and the first own frame of its stack, for each cause. */
export function describeFault(fault: unknown): string {
  const parts: string[] = []
  for (let at: unknown = fault; at instanceof Error && parts.length < 4; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' && /^[A-Za-z0-9_]{1,40}$/.test(at.code) ? ` ${at.code}` : ''
    const frame = /\/((?:src|test|bench)\/[\w./-]+:\d+)/.exec(at.stack?.slice(at.message.length) ?? '')?.[1]
    parts.push(`${at.name}${code}${frame === undefined ? '' : ` at ${frame}`}`)
  }
  return parts.join(' < ') || typeof fault
}
