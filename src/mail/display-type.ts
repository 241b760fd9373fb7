// What a file is by its first octets, whatever its sender calls it; for the words beside an attachment. RFC 2046 §4, WHATWG MIME Sniffing.
import { endingOf } from '#mail/display-text.ts'

export interface TrueType {
  readonly mediaType: string
  /** In words for people. */
  readonly noun: string
  /** Endings that such a file has; empty where any will do. */
  readonly endings: readonly string[]
  /** It runs when it is opened. */
  readonly runs: boolean
}

type Signature = readonly [leading: string, type: TrueType, at?: number]

const type = (mediaType: string, noun: string, endings: string, runs = false): TrueType => ({
  mediaType,
  noun,
  endings: endings === '' ? [] : endings.split(' ').map((ending) => `.${ending}`),
  runs,
})

const unknown = type('application/octet-stream', 'File', '')
const text = type('text/plain', 'Text', '')
const html = type('text/html', 'Web page', 'htm html xhtml mht')
const xml = type('text/xml', 'XML', '')
const svg = type('image/svg+xml', 'Drawing (SVG)', 'svg')
const office = type('application/octet-stream', 'Older Office document', 'doc dot xls xlt ppt pps pot msg msi mpp vsd pub')
const program = (noun: string) => type('application/octet-stream', noun, 'exe dll scr com sys cpl ocx efi so bin', true)

/** Each leading text in Latin-1. */
const signatures: readonly Signature[] = [
  ['%PDF-', type('application/pdf', 'PDF document', 'pdf ai')],
  ['\x89PNG\r\n\x1a\n', type('image/png', 'Picture (PNG)', 'png')],
  ['\xff\xd8\xff', type('image/jpeg', 'Picture (JPEG)', 'jpg jpeg jpe jfif')],
  ['GIF87a', type('image/gif', 'Picture (GIF)', 'gif')],
  ['GIF89a', type('image/gif', 'Picture (GIF)', 'gif')],
  ['WEBP', type('image/webp', 'Picture (WebP)', 'webp'), 8],
  ['II*\0', type('image/tiff', 'Picture (TIFF)', 'tif tiff')],
  ['MM\0*', type('image/tiff', 'Picture (TIFF)', 'tif tiff')],
  ['BM', type('image/bmp', 'Picture (BMP)', 'bmp')],
  ['MZ', program('Program (Windows)')],
  ['\x7fELF', program('Program (Linux)')],
  ['\xcf\xfa\xed\xfe', program('Program (Mac)')],
  ['\xca\xfe\xba\xbe', program('Program')],
  ['#!', type('text/plain', 'Program (script)', 'sh bash py pl rb js', true)],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', office],
  ['{\\rtf', type('application/rtf', 'Document (RTF)', 'rtf doc')],
  ['\x1f\x8b', type('application/gzip', 'Compressed file', 'gz tgz')],
  ['7z\xbc\xaf\x27\x1c', type('application/x-7z-compressed', 'Archive (7z)', '7z')],
  ['Rar!\x1a\x07', type('application/vnd.rar', 'Archive (RAR)', 'rar')],
  ['BZh', type('application/x-bzip2', 'Compressed file', 'bz2 tbz')],
  ['\xfd7zXZ\0', type('application/x-xz', 'Compressed file', 'xz txz')],
  ['ustar', type('application/x-tar', 'Archive (tar)', 'tar'), 257],
  ['OggS', type('audio/ogg', 'Sound', 'ogg oga opus ogv')],
  ['ID3', type('audio/mpeg', 'Sound (MP3)', 'mp3')],
  ['WAVE', type('audio/wav', 'Sound (WAV)', 'wav'), 8],
  ['ftyp', type('video/mp4', 'Video or sound (MP4)', 'mp4 m4a m4v mov heic heif avif 3gp'), 4],
  ['\x1aE\xdf\xa3', type('video/webm', 'Video', 'mkv webm')],
  ['BEGIN:VCALENDAR', type('text/calendar', 'Calendar entry', 'ics vcs')],
  ['BEGIN:VCARD', type('text/vcard', 'Contact', 'vcf')],
]

/** Kinds of zip archive, by their ending: what is within is not looked at here. */
const zipKinds = new Map(
  [
    ...'.docx .docm .dotx .odt'.split(' ').map((ending) => [ending, 'Document'] as const),
    ...'.xlsx .xlsm .xlsb .ods'.split(' ').map((ending) => [ending, 'Spreadsheet'] as const),
    ...'.pptx .pptm .ppsx .odp'.split(' ').map((ending) => [ending, 'Slides'] as const),
    ['.epub', 'Book'],
    ['.jar', 'Program (Java)'],
    ['.apk', 'Program (Android)'],
  ].map(([ending, noun]) => [ending!, noun!] as const),
)
/** What an ending promises, so that another content contradicts it. */
const promised = new Set(
  [...signatures.flatMap(([, { endings }]) => endings), ...html.endings, ...zipKinds.keys(), '.zip', '.txt', '.csv'].filter(
    (ending) => ending !== '.bin',
  ),
)
/** Texts that run when they are opened on Windows. */
const runningEndings = new Set(
  '.bat .cmd .vbs .vbe .js .jse .wsf .wsh .hta .ps1 .psm1 .lnk .url .reg .scf .inf .sh .py'.split(' '),
)

export const leadingOctetsNeeded = 512

/** What a file is, by up to 512 leading octets and, where those leave it open, its name. */
export function trueTypeOf(leading: Buffer, name: string): TrueType {
  const start = leading.subarray(0, leadingOctetsNeeded).toString('latin1')
  const ending = endingOf(name)
  if (start.startsWith('PK\x03\x04') || start.startsWith('PK\x05\x06')) return zipOf(ending)
  const found = signatures.find(([sign, , at = 0]) => start.startsWith(sign, at))
  if (found !== undefined) return found[1]
  return textOf(start, ending)
}

/** Whether a name promises something else than the file is: `invoice.pdf` that is a program. */
export function nameMisleads(type: TrueType, name: string): boolean {
  const ending = endingOf(name)
  if (type.runs) return !type.endings.includes(ending) && !runningEndings.has(ending)
  return promised.has(ending) && type.endings.length > 0 && !type.endings.includes(ending)
}

function zipOf(ending: string): TrueType {
  const noun = zipKinds.get(ending)
  const endings = ['zip', ...[...zipKinds.keys()].map((each) => each.slice(1))].join(' ')
  if (noun === undefined) return type('application/zip', 'Archive (zip)', endings)
  return type('application/octet-stream', noun, endings, noun.startsWith('Program'))
}

function textOf(start: string, ending: string): TrueType {
  if (/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(start)) return unknown
  if (runningEndings.has(ending)) return type('text/plain', 'Program (script)', ending.slice(1), true)
  const head = start
    .replace(/^(?:\xef\xbb\xbf)?\s*/, '')
    .slice(0, 40)
    .toLowerCase()
  if (/^(?:<!doctype html|<html|<head|<body|<script|<iframe|<!--)/.test(head)) return html
  if (/^<svg/.test(head) || (ending === '.svg' && head.startsWith('<'))) return svg
  if (head.startsWith('<?xml')) return start.includes('<svg') ? svg : xml
  return text
}
