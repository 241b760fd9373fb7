// How `status` reaches the supervisor: a Unix socket that says one JSON text to whoever may open it, and closes.
import { chmodSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { maxStatusOctets, statusAnswerMs } from '#host/limits.ts'

/** Serves `gather`'s answer on that path (mode 0600: the supervisor's user and root); resolves when it listens. Close it when stopping. */
export async function serveStatus(path: string, gather: () => Promise<unknown> | unknown): Promise<Server> {
  rmSync(path, { force: true }) // ours by the instance's claim
  const server = createServer((link) => {
    link.on('error', () => {})
    link.setTimeout(statusAnswerMs, () => link.destroy())
    link.resume()
    Promise.try(gather).then(
      (answer) => link.end(JSON.stringify(answer)),
      () => link.destroy(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  chmodSync(path, 0o600)
  return server
}

/** What the supervisor says on that path; null when nobody does. */
export function askStatus(path: string, limitMs: number = statusAnswerMs): Promise<unknown> {
  return new Promise((resolve) => {
    const link = connect(path)
    const heard: Buffer[] = []
    let octets = 0
    const give = (value: unknown) => {
      link.destroy()
      resolve(value)
    }
    link.setTimeout(limitMs, () => give(null))
    link.once('error', () => give(null))
    link.on('data', (chunk) => {
      octets += chunk.length
      if (octets > maxStatusOctets) give(null)
      else heard.push(chunk)
    })
    link.once('end', () => give(parsed(Buffer.concat(heard).toString())))
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
