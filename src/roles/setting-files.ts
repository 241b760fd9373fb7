// The files, keys and lists that the settings name, opened by the process that needs them and as its user: what is wrong is a sentence that names the setting. T14, T21
import { join } from 'node:path'
import { type Fields, type Log, newLog } from '#base/log.ts'
import { type Config, SettingError } from '#config.ts'
import { readWitnesses } from '#evidence/witnesses.ts'
import { readVerifier } from '#keys/note.ts'
import { type CountryGate, networkList, newCountryGate } from '#net/country.ts'
import { openCertificate, type ServerCertificate } from '#net/tls.ts'

const isFileFault = (code: string) => /^E[A-Z]+$/.test(code)
const badPair: Readonly<Record<string, string>> = {
  ERR_OSSL_PEM_NO_START_LINE: 'one is not what it should be, in PEM',
  ERR_OSSL_UNSUPPORTED: 'the key is of no known kind, or not in PEM',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the key belongs to another certificate',
  ERR_OSSL_BAD_DECRYPT: 'the key has a passphrase, which nobody types at a start',
  ERR_SSL_EE_KEY_TOO_SMALL: 'the key is too short',
}

/** The certificate that the faces show. Throws SettingError. */
export function openServerCertificate({ dataFolder, tlsCertificate, tlsKey }: Config, log: Log): ServerCertificate {
  const isOwn = tlsCertificate !== ''
  const inData = (name: string) => join(dataFolder, 'tls', name)
  const [certificateFile, keyFile] = isOwn ? [tlsCertificate, tlsKey] : [inData('certificate.pem'), inData('key.pem')]
  try {
    return openCertificate({ certificateFile, keyFile }, log)
  } catch (cause) {
    const code = codeOf(cause)
    if (code === null) throw cause
    const why = isFileFault(code)
      ? `${pathOf(cause) ?? `${certificateFile} or ${keyFile}`} cannot be read by the service’s own user`
      : `of ${certificateFile} and ${keyFile}, ${badPair[code] ?? 'one cannot be used'}`
    throw new SettingError(`${isOwn ? 'tlsCertificate and tlsKey' : 'The development certificate'}: ${why} (${code}).`, { cause })
  }
}

/** The gate for connections; networks in `more` count as inside too. Throws SettingError. */
export function openCountryGate({ insideNetworks, countryData }: Config, more: readonly string[]): CountryGate {
  try {
    networkList(insideNetworks)
  } catch (cause) {
    throw new SettingError(`insideNetworks: ${(cause as Error).message}.`, { cause })
  }
  try {
    return newCountryGate([...insideNetworks, ...more], countryData)
  } catch (cause) {
    const code = codeOf(cause)
    const why = code === null ? 'is not a country database (.mmdb)' : `cannot be read by the service’s own user (${code})`
    throw new SettingError(`countryData: ${countryData} ${why}.`, { cause })
  }
}

/** The log of the settings, whose lines all bear `base`. Throws SettingError. */
export function openLogFile({ logFile, logLevel }: Config, base: Fields): Log {
  try {
    return newLog(logLevel, base, logFile === '-' ? undefined : logFile)
  } catch (cause) {
    const code = codeOf(cause)
    if (code === null) throw cause
    throw new SettingError(`logFile: ${logFile} cannot be appended to (${code}): name a file in a folder that is there, or -.`, {
      cause,
    })
  }
}

/** Throws SettingError for what is no key of a witness or operator: found out later, it would be missing when it is needed. */
export function checkKeys({ witnesses, operatorKeys }: Config): void {
  readWitnesses(witnesses)
  for (const key of operatorKeys) {
    if (readVerifier(key)?.signsAs !== 'author')
      throw new SettingError(`operatorKeys: ${key} is not a public key as ./cjsm new-operator-key prints it.`)
  }
}

function codeOf(fault: unknown): string | null {
  return fault instanceof Error && 'code' in fault ? String(fault.code) : null
}

function pathOf(fault: unknown): string | null {
  return fault instanceof Error && 'path' in fault ? String(fault.path) : null
}
