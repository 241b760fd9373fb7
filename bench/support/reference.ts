// A fixed piece of work, of the kinds that mail makes: what it costs says how fast the machine is just now, so that figures of different hours can be compared.
import { createHash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { round } from './figures.ts'
import { newMessages } from './messages.ts'

const rounds = 400
const attempts = 5

/** Milliseconds of CPU that the work costs this process, the least of some attempts. */
export function referenceMs(): number {
  const next = newMessages({ octets: 4096, attachment: false, seed: 1 })
  const messages = Array.from({ length: 20 }, () => {
    const { head, body } = next('a@bench.example', 'b@bench.example')
    return Buffer.concat([head, body])
  })
  const work = () => {
    for (let round = 0; round < rounds; round++) {
      const octets = messages[round % messages.length]!
      const words = octets.toString('latin1').split(/\s+/)
      const counts = new Map<string, number>()
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
      JSON.parse(JSON.stringify([...counts]))
      createHash('sha256').update(octets).digest()
      zstdCompressSync(octets)
    }
  }
  work()
  const spent = Array.from({ length: attempts }, () => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  })
  return round(Math.min(...spent))
}
