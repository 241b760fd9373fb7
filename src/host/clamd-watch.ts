// A clamd that runs already, and is not ours to start or end: asked again and again whether it answers, as ours is. T19
import { type Clock, systemClock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { ProcessStatus } from '#host/kept-process.ts'
import { checkEveryMs } from '#host/limits.ts'

export interface ClamdWatch {
  /** As of a process of ours, but for its pid; since it last began or ceased to answer. */
  status(): ProcessStatus
  close(): void
}

/** Watches what `answers` tells of the clamd at a socket: undefined where nobody could be asked, and what was known stays. Resolves when it has looked once. */
export async function watchClamd(
  socket: string,
  answers: () => Promise<boolean | undefined>,
  log: Log,
  clock: Clock = systemClock,
): Promise<ClamdWatch> {
  const silent = `it does not answer at ${socket} (clamdSocket)`
  let known = { healthy: true, sinceMs: clock.now() }
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    const healthy = (await answers().catch(() => undefined)) ?? known.healthy
    looking = false
    if (healthy === known.healthy) return
    known = { healthy, sinceMs: clock.now() }
    if (healthy) log.info({ child: 'clamd' }, 'it answers again')
    else log.warn({ child: 'clamd' }, silent)
  }
  await look()
  const timer = setInterval(() => void look(), checkEveryMs)
  return {
    status: () => ({ kind: 'clamd', name: 'clamd', pid: null, ...known, why: known.healthy ? null : silent, restarts: 0 }),
    close: () => clearInterval(timer),
  }
}
