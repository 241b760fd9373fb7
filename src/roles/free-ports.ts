// Whether the ports of the settings can be had, before anything is started: what cannot is said with the setting that mends it.
import { createServer } from 'node:net'
import { type Config, SettingError } from '#config.ts'

/** Tries each port; throws SettingError for the first that cannot be had. */
export async function portsAreFree({ ports, host: faces }: Pick<Config, 'ports' | 'host'>): Promise<void> {
  for (const [name, port] of Object.entries(ports)) {
    const probe = createServer()
    const host = name === 'operations' ? '127.0.0.1' : faces
    await new Promise<void>((resolve, reject) => {
      probe.once('error', ({ code = 'no code' }: NodeJS.ErrnoException) =>
        reject(new SettingError(isNoAddress(code) ? notOurs(host, code) : notHad(`${port} (${name})`, host, code))),
      )
      probe.listen({ port, host }, () => probe.close(() => resolve()))
    })
  }
}

const isNoAddress = (code: string): boolean => /^(EADDRNOTAVAIL|EAFNOSUPPORT|EINVAL|ENOTFOUND|EAI_[A-Z]+)$/.test(code)

const notOurs = (host: string, code: string): string =>
  `host is ${host}, but must be an address of this machine, 0.0.0.0 for all of them, or :: for those of IPv6 too (${code}).`

const reasons: Readonly<Record<string, string>> = { EADDRINUSE: 'another program has it', EACCES: 'only root may have it' }

const notHad = (port: string, host: string, code: string): string =>
  `Port ${port} cannot be had on ${host}: ${reasons[code] ?? code}. Choose other ports with --port-offset.`
