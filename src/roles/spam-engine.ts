// The spam engine that the settings name. T23
import type { Config } from '#config.ts'
import { openSpamEngine, type SpamEngine } from '#delivery/spam-engine.ts'

const answerWithinMs = 20_000

/** The engine of the settings; null where there is none. */
export function spamEngineOf({ spamEngine, spamEngineAddress }: Config): SpamEngine | null {
  return spamEngine === 'off' ? null : openSpamEngine(spamEngine, spamEngineAddress, answerWithinMs)
}
