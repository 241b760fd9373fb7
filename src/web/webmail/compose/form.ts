// The form of a message that is being written: from what a browser sends to a draft's fields, and from those to what the template shows.
import type { FieldProblem } from '#delivery/typed-draft.ts'
import type { AskedFields, ChosenMarking, DraftFields, DraftOrigin } from '#mailbox/drafts.ts'
import type { Upload } from '#mailbox/uploads.ts'
import { maxNameWords } from '#policy/limits.ts'
import { type Offered, chosenParts, offeredAdditions, offeredId, readerNamed } from '#policy/offered.ts'
import type { Scheme } from '#policy/schemes.ts'
import type { FieldError } from '#web/answers.ts'

/** What a button of the form asks for, beside saving. */
export const wishes = ['save', 'autosave', 'check', 'files', 'people-to', 'people-cc', 'people-bcc', 'copy'] as const
export type Wish = (typeof wishes)[number]

export interface WriteForm {
  readonly wish: Wish
  /** The version that the form was filled from; 0 for what is no draft yet. */
  readonly version: number
  /** The id that what is no draft yet will have: the form makes one draft, however often it is sent. */
  readonly begun: string
  readonly fields: DraftFields
}

/** Reads the form, its marking by the writer's schemes; what is not there is empty, and an unknown button saves. */
export function readForm(form: URLSearchParams, schemes: readonly Scheme[]): WriteForm {
  const text = (name: string) => form.get(name) ?? ''
  const version = Number(text('version'))
  return {
    wish: wishes.find((one) => one === text('do')) ?? 'save',
    version: Number.isSafeInteger(version) && version >= 0 ? version : 0,
    begun: text('begun'),
    fields: {
      to: text('to'),
      cc: text('cc'),
      bcc: text('bcc'),
      subject: text('subject'),
      text: text('text').replace(/\r\n?/g, '\n'),
      marking: chosenParts(text('marking'), text('descriptor'), text('caveat'), schemes, text('reader')),
      ...(text('lowering') === '' ? {} : { lowering: text('lowering') }),
      ...askedIn(form),
    },
  }
}

/** What is asked beyond the minimum; nothing where no box is ticked and no day typed. */
function askedIn(form: URLSearchParams): { asked?: AskedFields } {
  const isTicked = (name: string) => form.get(name) === 'yes'
  const asked = {
    noForwarding: isTicked('no-forwarding'),
    noDownload: isTicked('no-download'),
    onlyRecipients: isTicked('only-recipients'),
    until: form.get('until') ?? '',
  }
  return Object.values(asked).some(Boolean) ? { asked } : {}
}

function askedNames(asked: AskedFields | undefined) {
  const ticked = (isTicked: boolean | undefined) => (isTicked === true ? 'yes' : '')
  return {
    'no-forwarding': ticked(asked?.noForwarding),
    'no-download': ticked(asked?.noDownload),
    'only-recipients': ticked(asked?.onlyRecipients),
    until: asked?.until ?? '',
  }
}

/** The names and values with which a page can send the same form again. */
export function hiddenFields(fields: DraftFields): Record<string, string> {
  const { to, cc, bcc, subject, text, marking, lowering = '', asked } = fields
  const { level, ...additions } = shownMarking(marking)
  return { to, cc, bcc, subject, text, marking: level, ...additions, lowering, ...askedNames(asked) }
}

function shownMarking(marking: ChosenMarking | null) {
  const isHead = (name: string) => marking?.level == null && marking?.descriptors[0] === name
  const caveats = (marking?.caveats ?? []).map((caveat) => ({ caveat, reader: readerNamed(caveat, marking!.scheme) }))
  const hasHead = marking !== null && (marking.level !== null || marking.descriptors.length > 0)
  return {
    level: hasHead ? offeredId(marking) : '',
    descriptor: marking?.descriptors.find((name) => !isHead(name)) ?? '',
    caveat: caveats.find(({ reader }) => reader === null)?.caveat ?? '',
    reader: caveats.find(({ reader }) => reader !== null)?.reader ?? '',
  }
}

export interface FormParts {
  readonly action: string
  /** Null for what is no draft yet. */
  readonly draft: string | null
  readonly version: number
  readonly fields: DraftFields
  readonly origin: DraftOrigin
  readonly files: readonly { readonly id?: string; readonly name: string; readonly octets: number | null }[]
  readonly offered: readonly Offered[]
  /** The writer's. */
  readonly schemes: readonly Scheme[]
}

/** What write.njk shows; `begun` is the id for what is no draft yet. */
export function formView(parts: FormParts, begun: string) {
  const { fields, origin, offered, schemes } = parts
  const chosen = shownMarking(fields.marking)
  const scheme = fields.marking?.scheme ?? 'GPMS'
  const additions = offeredAdditions(scheme, schemes)
  const select = (names: readonly string[], chosenName: string, none: string) => [
    { value: '', text: none, selected: chosenName === '' },
    ...names.map((name) => ({ value: name, text: name, selected: name === chosenName })),
  ]
  return {
    ...parts,
    begun,
    markings: [
      ...(origin.minimum === null || (fields.lowering ?? '') !== ''
        ? [
            {
              value: '',
              text: 'No marking',
              hint: { text: 'It is protected all the same: who receives it must treat it as RESTRICTED.' },
              checked: chosen.level === '',
            },
          ]
        : []),
      ...offered.map(({ id, name, scheme: of, title, handling }) => ({
        value: id,
        text: of === 'GPMS' ? name : `${name} (${title})`,
        hint: handling === null ? undefined : { text: `Who receives it is told: ${handling}` },
        checked: id === chosen.level,
      })),
    ],
    descriptors: select(additions.descriptors, chosen.descriptor, 'No descriptor'),
    // What is carried on may be one that is not offered.
    caveats: select([...new Set([...additions.caveats, chosen.caveat].filter(Boolean))], chosen.caveat, 'No caveat'),
    reader: chosen.reader,
    asked: askedNames(fields.asked),
    hasAdditions: [chosen.descriptor, chosen.caveat, chosen.reader].some(Boolean),
    minimum: origin.minimum?.level ?? null,
  }
}

const names = {
  to: 'To',
  cc: 'Copy to',
  bcc: 'Blind copy to',
  subject: 'Subject',
  text: 'Message',
  marking: 'Marking',
  reader: 'For the eyes of',
  lowering: 'Why it may be lower',
  until: 'The last day',
} as const

/** What is wrong, in words, at the fields that cause it. */
export function fieldErrors(problems: readonly FieldProblem[]): FieldError[] {
  return problems.map((problem) => ({ field: problem.field, text: sentenceOf(problem) }))
}

function sentenceOf({ field, reason, about }: FieldProblem): string {
  switch (reason) {
    case 'none':
      return 'Enter who the message is for'
    case 'not-an-address':
      return `${names[field]}: “${about}” is not an address. Write addresses like name@organisation.example, separated by commas`
    case 'too-many':
      return `The message is for ${about} people. It can be for 500 at most`
    case 'asks-for-less':
      return `The marking must not be lower than that of the message that you answer or forward${about === '' ? '' : ` (${about})`}, unless you say why`
    case 'not-a-name':
      return `${names[field]}: write one name or role as a marking has it, such as J Smith, in ${maxNameWords} words and signs at most`
    case 'not-a-day':
      return 'The last day must be a date like 2026-12-31'
    case 'past':
      return 'The last day must be today or later'
    case 'too-long':
      return `${names[field]} is too long`
    case 'holds-controls':
      return `${names[field]} holds characters that do not show. Type it again`
    case 'not-well-formed':
      return `${names[field]} holds a broken character. Type it again`
  }
}

/** Whether two drafts say the same. */
export const areSame = (one: DraftFields, other: DraftFields): boolean =>
  JSON.stringify(hiddenFields(one)) === JSON.stringify(hiddenFields(other))

/** Files as the form lists them. */
export const listedFiles = (files: readonly Upload[]) => files.map(({ id, name, octets }) => ({ id, name, octets }))
