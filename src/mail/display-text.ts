// Strangers' text made harmless to show: nothing in it moves, hides or reverses what stands around it. RFC 2183 §2.3, Unicode UAX #9.
import { maxFileNameCharacters } from '#mail/limits.ts'
import type { Part } from '#mail/part.ts'
import { decodeParameters } from '#mail/words.ts'

/**
 * Controls, directional overrides and isolates, invisible separators and tags. Joiners stay (U+200C and U+200D): scripts and
 * emoji need them.
 */
const invisible =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu
/** What file systems give a meaning to. */
const meaningful = /[<>:"|?*]/g

/** Text of several lines as a page may show it: line ends are LF, tabs stay, what is invisible goes. */
export function shownText(text: string): string {
  return text.toWellFormed().replace(/\r\n?/g, '\n').replace(invisible, '')
}

/** The name that a part gives itself, as it is shown and saved: the last step of a path, at most 200 characters; null where it has none. */
export function fileNameOf(part: Part): string | null {
  const named = (parameters: Part['parameters'], wanted: string) =>
    decodeParameters(parameters).find(([name]) => name === wanted)?.[1]
  const given = named(part.disposition?.parameters ?? [], 'filename') ?? named(part.parameters, 'name')
  return given === undefined ? null : safeFileName(given)
}

/** A file name without path, controls and signs that file systems know; its ending stays when it is cut; null where nothing is left. */
export function safeFileName(given: string): string | null {
  // What counts is at the end: the last step of a path, and the ending.
  const line = given
    .slice(-4 * maxFileNameCharacters)
    .toWellFormed()
    .replace(/[\t\r\n]/g, ' ')
    .replace(invisible, '')
  const last = line.split(/[/\\]/).at(-1)!
  // A row of spaces before the true ending would push it out of sight.
  const name = last
    .replace(meaningful, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[ .]+|[ .]+$/g, '')
  if (name === '') return null
  const letters = [...name]
  if (letters.length <= maxFileNameCharacters) return name
  const ending = endingOf(name)
  const kept = letters.slice(0, maxFileNameCharacters - [...ending].length - 1).join('')
  return `${kept}…${ending}`
}

/** The ending of a file name with its dot, in lower case, or an empty string. */
export function endingOf(name: string): string {
  return /\.[A-Za-z0-9]{1,10}$/.exec(name.slice(-11))?.[0].toLowerCase() ?? ''
}
