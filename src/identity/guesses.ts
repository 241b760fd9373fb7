// Guesses at passwords: after a few, one waits, longer each time. Nobody is locked out: a computer that is known to be the person's is counted by itself. T06
import type { Clock } from '#base/clock.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { type GuessRules, forgetGuesses, giveGuessBack, guessesOf, takeGuess } from '#identity/web-sessions.sql.ts'
import type { Database } from '#store/database.ts'

/** Who guesses, or who is guessed at. */
export interface GuessSubject {
  /** One account from anywhere, one account from its own computer or with a code for it, or one network whoever it guesses at. */
  readonly kind: 'account' | 'computer' | 'network'
  readonly name: string
}

export interface Guesses {
  /** Counts an attempt before it is tried: null when it may be tried, or the time (wall ms) at which it may. */
  take(subjects: readonly GuessSubject[]): Promise<number | null>
  /** The attempt was right. What is of the person's own is forgotten; a network gets this one back. */
  right(subjects: readonly GuessSubject[]): Promise<void>
}

const common = { waitMs: 15_000, mostWaitMs: 900_000, forgetMs: 3_600_000 }
/** A network is an organisation at times: more people mistype there than one. */
export const guessRules: Readonly<Record<GuessSubject['kind'], GuessRules>> = {
  account: { ...common, free: 5 },
  computer: { ...common, free: 5 },
  network: { ...common, free: 30 },
}

export function openGuesses(o: { database: Database; keys: Keys; clock: Clock }): Guesses {
  const { database, keys, clock } = o
  const hashOf = async ({ kind, name }: GuessSubject) => (await keys.hashFor(theService, 'sign-in guess'))(`${kind}/${name}`)

  async function waitOf(subject: GuessSubject): Promise<number> {
    const rules = guessRules[subject.kind]
    const [row] = await guessesOf(database, await hashOf(subject))
    if (row === undefined) return clock.now()
    return row.lastMs + Math.min(rules.mostWaitMs, rules.waitMs * 2 ** Math.min(Math.max(0, row.guesses - rules.free), 20))
  }

  return {
    async take(subjects) {
      for (const [at, subject] of subjects.entries()) {
        const [taken] = await takeGuess(database, await hashOf(subject), clock.now(), guessRules[subject.kind])
        if (taken !== undefined) continue
        // It is not tried, and so was no guess of those before either.
        for (const before of subjects.slice(0, at)) await giveGuessBack(database, await hashOf(before))
        return waitOf(subject)
      }
      return null
    },
    async right(subjects) {
      for (const subject of subjects) {
        const hash = await hashOf(subject)
        if (subject.kind === 'network') await giveGuessBack(database, hash)
        else await forgetGuesses(database, hash)
      }
    },
  }
}
