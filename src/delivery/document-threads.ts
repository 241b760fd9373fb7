// A few threads that read documents: started when one comes, ended when none does, and ended at once when a document takes more
// than its time or its memory. G05
import { Worker } from 'node:worker_threads'
import type { DocumentFindings, DocumentJob } from '#delivery/documents-thread.ts'
import { newLanes } from '#delivery/lanes.ts'
import {
  documentCpuMs,
  documentHeapMib,
  documentMemoryOctets,
  documentMs,
  documentThreads,
  threadIdleMs,
  threadStartMs,
} from '#delivery/limits.ts'

/** What becomes of a document: its findings, or that it took more than it may. */
export type DocumentResult = DocumentFindings | 'too large'

export interface DocumentThreads {
  /** Reads one document; `load` is called when a thread is free for it, so that none waits in memory. */
  read(load: () => Promise<DocumentJob>): Promise<DocumentResult>
  /** How many threads there are now. */
  running(): number
  /** Ends all threads; what they were reading is lost. */
  close(): Promise<void>
}

export interface ThreadOptions {
  readonly threads?: number
  readonly cpuMs?: number
  readonly longestMs?: number
  readonly idleMs?: number
  readonly memoryOctets?: number
  readonly heapMib?: number
}

/** How often a thread that reads is asked what it has taken. */
const watchEveryMs = 40

/** Makes the threads of a process; none is started yet. */
export function newDocumentThreads(options: ThreadOptions = {}): DocumentThreads {
  const { threads = documentThreads, idleMs = threadIdleMs, heapMib = documentHeapMib } = options
  const { cpuMs = documentCpuMs, longestMs = documentMs, memoryOctets = documentMemoryOctets } = options
  const idle: ReadingThread[] = []
  const all = new Set<ReadingThread>()

  async function readOne(load: () => Promise<DocumentJob>): Promise<DocumentResult> {
    const job = await load()
    let thread = idle.pop()
    if (thread === undefined) {
      const started = new ReadingThread(heapMib, () => all.delete(started))
      all.add(started)
      thread = started
    }
    const result = await thread.read(job, { cpuMs, longestMs, memoryOctets })
    if (thread.isUsable) {
      idle.push(thread)
      thread.endAfter(idleMs, (ended) => idle.splice(idle.indexOf(ended), 1))
    }
    return result
  }

  const lanes = newLanes<() => Promise<DocumentJob>, DocumentResult>({
    lanes: threads,
    most: 1,
    work: (batch) => Promise.allSettled(batch.map(readOne)),
  })
  return {
    read: (load) => lanes.submit(load),
    running: () => all.size,
    async close() {
      await Promise.all([...all].map((thread) => thread.end()))
    },
  }
}

interface Allowance {
  readonly cpuMs: number
  readonly longestMs: number
  readonly memoryOctets: number
}

class ReadingThread {
  isUsable = true
  private readonly worker: Worker
  private readonly ready: Promise<unknown>
  private idleTimer: NodeJS.Timeout | undefined

  constructor(heapMib: number, onExit: () => void) {
    const cache = process.env.NODE_COMPILE_CACHE // left out where there is none: as undefined it would become the name of a folder
    this.worker = new Worker(new URL('./documents-thread.ts', import.meta.url), {
      name: 'documents',
      env: cache === undefined ? {} : { NODE_COMPILE_CACHE: cache },
      // What a document makes a reader say is never anybody's log.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: heapMib, maxYoungGenerationSizeMb: 8 },
    })
    this.worker.stdout.resume()
    this.worker.stderr.resume()
    this.worker.unref()
    this.worker.on('error', () => {
      this.isUsable = false
    })
    this.worker.once('exit', () => {
      this.isUsable = false
      onExit()
    })
    this.ready = this.answer()
  }

  /** Reads one document; where that takes too long or too much, or ends the thread, the thread is of no further use. */
  async read(job: DocumentJob, most: Allowance): Promise<DocumentResult> {
    clearTimeout(this.idleTimer)
    const timers: NodeJS.Timeout[] = []
    const ends = (afterMs: number) =>
      new Promise<'too large'>((resolve) => timers.push(setTimeout(() => resolve('too large'), afterMs)))
    try {
      if ((await Promise.race([this.ready, ends(threadStartMs)])) !== 'ready')
        throw new Error('the document thread did not start')
      const before = await this.worker.cpuUsage()
      const allowed = { ...most, memoryOctets: most.memoryOctets + job.octets.length }
      this.worker.postMessage(job, [job.octets.buffer])
      const tooMuch = new Promise<'too large'>((resolve) => {
        timers.push(setInterval(() => void this.watch(before, allowed, () => resolve('too large')), watchEveryMs))
      })
      const result = await Promise.race([this.answer(), ends(most.longestMs), tooMuch])
      if (typeof result === 'object' && result !== null) return result as DocumentFindings
      await this.end()
      return 'too large'
    } finally {
      for (const timer of timers) clearTimeout(timer)
    }
  }

  /** Ends the thread when nothing comes for it. */
  endAfter(idleMs: number, tell: (thread: ReadingThread) => void): void {
    this.idleTimer = setTimeout(() => {
      tell(this)
      void this.end()
    }, idleMs)
    this.idleTimer.unref()
  }

  async end(): Promise<void> {
    this.isUsable = false
    clearTimeout(this.idleTimer)
    await this.worker.terminate()
  }

  /** The next message of the thread; null where it ends without one. */
  private answer(): Promise<unknown> {
    return new Promise((resolve) => {
      const give = (message: unknown) => {
        this.worker.off('message', give)
        this.worker.off('exit', none)
        resolve(message)
      }
      const none = () => give(null)
      this.worker.on('message', give)
      this.worker.on('exit', none)
    })
  }

  /** V8 keeps to its own limit of the heap, which does not count what stands outside it, as octets do. */
  private async watch(before: NodeJS.CpuUsage, most: Allowance, tell: () => void): Promise<void> {
    try {
      const { user, system } = await this.worker.cpuUsage(before)
      const { external_memory: octets } = await this.worker.getHeapStatistics()
      if ((user + system) / 1000 > most.cpuMs || octets > most.memoryOctets) tell()
    } catch {
      // The thread has ended, which its answer tells.
    }
  }
}
