// The files and lists that the settings name, opened by the process that needs them and as its user: what is wrong is a sentence that names the setting. T14, T21
import { join } from 'node:path'
import type { Log } from '#base/log.ts'
import { type Config, SettingError } from '#config.ts'
import { type CountryGate, networkList, newCountryGate } from '#net/country.ts'
import { openCertificate, type ServerCertificate } from '#net/tls.ts'

/** The certificate that the faces show. Throws SettingError. */
export function certificateOf({ dataFolder, tlsCertificate, tlsKey }: Config, log: Log): ServerCertificate {
  const [certificateFile, keyFile] =
    tlsCertificate === '' ? ['certificate.pem', 'key.pem'].map((name) => join(dataFolder, 'tls', name)) : [tlsCertificate, tlsKey]
  const files = { certificateFile: certificateFile!, keyFile: keyFile! }
  return opened('tlsCertificate and tlsKey', 'they are not a certificate chain and its own private key (PEM)', () =>
    openCertificate(files, log),
  )
}

/** The gate for connections; networks in `more` count as inside too. Throws SettingError. */
export function countryGateOf({ insideNetworks, countryData }: Config, more: readonly string[]): CountryGate {
  opened('insideNetworks', 'each must be a network, written as 192.0.2.0/24', () => networkList(insideNetworks))
  return opened('countryData', 'it is not a country database (.mmdb)', () =>
    newCountryGate([...insideNetworks, ...more], countryData),
  )
}

function opened<T>(setting: string, otherwise: string, open: () => T): T {
  try {
    return open()
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException
    const why = path === undefined ? otherwise : `${path} cannot be read by the service’s own user (${code})`
    throw new SettingError(`${setting}: ${why}.`, { cause })
  }
}
