// What stands below a person's messages: their own signature block, and their organisation's confidentiality statement. G12, G13
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import type { Organisations } from '#community/organisations.ts'
import { changeWording, dropBlock, putBlock, sealedBlock } from '#community/wordings.sql.ts'
import type { Evidence } from '#evidence/record.ts'
import type { Accounts } from '#identity/accounts.ts'
import type { Keys } from '#keys/keys.ts'
import type { Wording } from '#policy/signature-block.ts'
import type { Database, Transaction } from '#store/database.ts'

export interface Wordings {
  /** The lines of a person's signature block: their own, or name, role, organisation and address. May be five seconds old. */
  blockOf(account: string): Promise<readonly string[]>
  /** Gives a person a block of their own, or with an empty text the usual one again. */
  setBlock(tx: Transaction, actor: string, account: string, text: string): Promise<null | Refused>
  /** Changes what is given of an organisation's wording; an empty statement is none. */
  setWording(tx: Transaction, actor: string, organisation: string, wording: Partial<Wording>): Promise<null | Refused>
}

const keepMs = 5_000
const keepAtMost = 20_000
export const maxBlockLines = 8
export const maxBlockLineCharacters = 120
export const maxStatementCharacters = 2_000
const place = 'signature block'

const malformedBlock = refused(
  'G12',
  'signature-block-is-malformed',
  `a signature block has at most ${maxBlockLines} lines of ${maxBlockLineCharacters} characters, and a telephone number or e-mail address`,
  'Shorten it, and say how you can be reached.',
)
const malformedStatement = refused(
  'G13',
  'statement-is-malformed',
  `a statement has at most ${maxStatementCharacters} characters, and no control characters`,
  'Shorten it.',
)

/** Opens the wordings; keeps blocks for a few seconds. */
export function openWordings(o: {
  database: Database
  keys: Keys
  evidence: Evidence
  accounts: Accounts
  organisations: Organisations
  clock: Clock
}): Wordings {
  const { database, keys, evidence, clock } = o
  const kept = new Map<string, { lines: readonly string[]; untilMs: number }>()

  async function read(account: string): Promise<readonly string[]> {
    const [row] = await sealedBlock(database, account)
    if (row !== undefined) return (await keys.unseal(account, 'registers', place, row.sealed)).toString().split('\n')
    const [person] = await o.accounts.list({ id: account })
    if (person === undefined) return []
    const organisation = await o.organisations.find(person.organisation)
    return blockLines(`${person.name}\n${person.role}, ${organisation?.name ?? ''}\n${person.addresses[0] ?? ''}`)
  }

  return {
    async blockOf(account) {
      const known = kept.get(account)
      if (known !== undefined && known.untilMs > clock.monotonic()) return known.lines
      const lines = await read(account)
      if (kept.size >= keepAtMost) kept.clear()
      kept.set(account, { lines, untilMs: clock.monotonic() + keepMs })
      return lines
    },
    async setBlock(tx, actor, account, text) {
      const lines = blockLines(text)
      if (lines.length === 0) await dropBlock(tx, account)
      else if (isUsable(lines)) {
        const key = await keys.lasting(account, 'registers')
        await putBlock(tx, account, keys.seal(key, place, Buffer.from(lines.join('\n'))))
      } else return malformedBlock
      await evidence.write(tx, {
        event: 'SignatureBlockChanged',
        actor,
        about: account,
        details: [{ account, isOwn: lines.length > 0 }],
      })
      return null
    },
    async setWording(tx, actor, organisation, { statement, statementFor, unsigned, unscannable }) {
      const text = statement === undefined ? null : (statement ?? '').normalize('NFC').trim()
      if (text !== null && (text.length > maxStatementCharacters || /(?!\n)\p{Cc}/u.test(text))) return malformedStatement
      const change = {
        statement: text,
        statementFor: statementFor ?? null,
        unsigned: unsigned ?? null,
        unscannable: unscannable ?? null,
      }
      await changeWording(tx, organisation, change)
      await evidence.write(tx, { event: 'WordingChanged', actor, about: organisation, details: [{ organisation, ...change }] })
      return null
    },
  }
}

/** One line each, without what could end a part or hide a line: no controls, and no hyphens in front. */
function blockLines(text: string): string[] {
  return text
    .normalize('NFC')
    .split('\n')
    .map((line) =>
      line
        .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
        .replace(/^[\s-]+/, '')
        .trimEnd(),
    )
    .filter((line) => line !== '')
}

function isUsable(lines: readonly string[]): boolean {
  const isShort = lines.length <= maxBlockLines && lines.every((line) => line.length <= maxBlockLineCharacters)
  return isShort && lines.some((line) => /@|\d[\d\s]{7,}/.test(line))
}
