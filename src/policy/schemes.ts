// Marking schemes as data: GPMS and GSC are shipped, an operator or organisation adds others in the same form. G06, G07.
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import gpmsData from '#policy/schemes/gpms.json' with { type: 'json' }
import gscData from '#policy/schemes/gsc.json' with { type: 'json' }

/** Some words in a row, with or without a hyphen, colon or bracket between them; upper case. */
export interface Phrase {
  /** What a marking holds, however it was spelled. */
  readonly name: string
  readonly words: readonly string[]
}

export interface Level extends Phrase {
  readonly rank: number
  readonly aboveCeiling: boolean
  /** Recognised in title case too: a phrase that is nothing but a marking. */
  readonly anyCase: boolean
}

export interface Descriptor extends Phrase {
  /** Needs no dash before it: `OFFICIAL-SENSITIVE COMMERCIAL`. */
  readonly afterSpace: boolean
}

export interface Caveat extends Phrase {
  /** Marks by itself, without a level. */
  readonly alone: boolean
}

/** Every list holds one entry for each spelling, the ones with more words first, so that the first match is the longest. */
export interface Scheme {
  readonly id: string
  readonly title: string
  readonly levels: readonly Level[]
  /** Markings at no level, such as PRIVATE. */
  readonly outsideLevels: readonly Phrase[]
  /** Whose level it is: `UK SECRET`. */
  readonly owners: readonly Phrase[]
  /** `Protective marking:` before a marking says which scheme it is, so that any letter case will do. */
  readonly labels: readonly Phrase[]
  /** `Classification:` may belong to a company's own scheme: capitals are needed as ever. */
  readonly looseLabels: readonly Phrase[]
  readonly descriptors: readonly Descriptor[]
  readonly caveats: readonly Caveat[]
  /** Endings that take a name or role before them: `<name> EYES ONLY`. */
  readonly namedCaveats: readonly Caveat[]
  /** Words that make CONFIDENTIAL behind them anything but the level: `PRIVATE - CONFIDENTIAL`. */
  readonly qualifiers: readonly string[]
  /** What who receives it must do, by the name of a level, descriptor or caveat. G08. */
  readonly handling: ReadonlyMap<string, string>
  /** When a writer chooses it, by the name of a level, or of what stands at none. G05. */
  readonly guidance: ReadonlyMap<string, string>
  /** A marking holds one of these words, in any letter case: most ASCII lines can be told by them to be none. */
  readonly tellingWords: RegExp
}

const word = Type.String({ minLength: 1, maxLength: 60, pattern: '[A-Z0-9]' })
const words = Type.Array(word, { maxItems: 200 })
const spelled = { name: word, spellings: Type.Optional(words) }
const sentences = Type.Array(
  Type.Object({ name: word, sentence: Type.String({ minLength: 1, maxLength: 400 }) }, { additionalProperties: false }),
  { maxItems: 200 },
)
const schemeData = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 40, pattern: '^[A-Za-z0-9-]+$' }),
    title: Type.String({ maxLength: 200 }),
    levels: Type.Optional(
      Type.Array(
        Type.Object(
          {
            ...spelled,
            rank: Type.Number(),
            aboveCeiling: Type.Optional(Type.Boolean()),
            anyCase: Type.Optional(Type.Boolean()),
          },
          { additionalProperties: false },
        ),
        { maxItems: 50 },
      ),
    ),
    outsideLevels: Type.Optional(words),
    owners: Type.Optional(words),
    labels: Type.Optional(words),
    looseLabels: Type.Optional(words),
    descriptors: Type.Optional(
      Type.Array(Type.Object({ ...spelled, afterSpace: Type.Optional(Type.Boolean()) }, { additionalProperties: false }), {
        maxItems: 200,
      }),
    ),
    caveats: Type.Optional(
      Type.Array(Type.Object({ ...spelled, alone: Type.Optional(Type.Boolean()) }, { additionalProperties: false }), {
        maxItems: 200,
      }),
    ),
    namedCaveats: Type.Optional(
      Type.Array(Type.Object({ ending: word, alone: Type.Optional(Type.Boolean()) }, { additionalProperties: false }), {
        maxItems: 10,
      }),
    ),
    qualifiers: Type.Optional(words),
    handling: Type.Optional(sentences),
    guidance: Type.Optional(sentences),
  },
  { additionalProperties: false },
)

/** A scheme from its data file's content; throws an Error that says what is wrong with the first wrong entry. */
export function readScheme(data: unknown): Scheme {
  if (!Value.Check(schemeData, data)) {
    const [first] = Value.Errors(schemeData, data)
    throw new Error(`not a marking scheme: ${first?.instancePath ?? ''} ${first?.message ?? 'is not as expected'}`)
  }
  const read: Static<typeof schemeData> = data
  const phrases = (list: readonly string[] = []) => longestFirst(list.map((name) => ({ name, words: phraseWords(name) })))
  const marking = {
    levels: allSpellings(read.levels, (each) => ({
      rank: each.rank,
      aboveCeiling: each.aboveCeiling ?? false,
      anyCase: each.anyCase ?? false,
    })),
    outsideLevels: phrases(read.outsideLevels),
    caveats: allSpellings(read.caveats, (each) => ({ alone: each.alone ?? false })),
    namedCaveats: longestFirst(
      (read.namedCaveats ?? []).map(({ ending, alone }) => ({ name: ending, words: phraseWords(ending), alone: alone ?? false })),
    ),
  }
  return {
    ...marking,
    id: read.id,
    title: read.title,
    owners: phrases(read.owners),
    labels: phrases(read.labels),
    looseLabels: phrases(read.looseLabels),
    descriptors: allSpellings(read.descriptors, (each) => ({ afterSpace: each.afterSpace ?? false })),
    qualifiers: read.qualifiers ?? [],
    handling: byName(read.handling),
    guidance: byName(read.guidance),
    tellingWords: tellingWordsOf(Object.values(marking).flat()),
  }
}

/** The longest word of each phrase. */
function tellingWordsOf(phrases: readonly Phrase[]): RegExp {
  const longest = phrases.map(({ words }) => words.reduce((one, other) => (other.length > one.length ? other : one), ''))
  return phrases.length === 0 ? /(?!)/ : new RegExp([...new Set(longest)].join('|'), 'i')
}

const byName = (list: readonly { name: string; sentence: string }[] = []) =>
  new Map(list.map(({ name, sentence }) => [name, sentence]))

export const gpms: Scheme = readScheme(gpmsData)
export const gsc: Scheme = readScheme(gscData)

/** The schemes that every organisation reads; the first is the one meant where a level is in both. */
export const shippedSchemes: readonly Scheme[] = [gpms, gsc]

/** One entry for the name and each further spelling. */
function allSpellings<E extends { name: string; spellings?: string[] }, X>(
  list: readonly E[] = [],
  extra: (entry: E) => X,
): (Phrase & X)[] {
  return longestFirst(
    list.flatMap((entry) =>
      [entry.name, ...(entry.spellings ?? [])].map((spelling) => ({
        ...extra(entry),
        name: entry.name,
        words: phraseWords(spelling),
      })),
    ),
  )
}

function phraseWords(spelling: string): string[] {
  return spelling.toUpperCase().match(/[\p{L}\p{N}]+/gu) ?? []
}

function longestFirst<P extends Phrase>(phrases: P[]): P[] {
  return phrases.sort((one, other) => other.words.length - one.words.length)
}
