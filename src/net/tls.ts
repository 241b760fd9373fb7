// The server's certificate: TLS 1.2 and 1.3 only (T14, RFC 9325), read anew when its files change, without a restart.
import { constants, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { describeFault, type Log } from '#base/log.ts'

export interface TlsFiles {
  /** PEM: the certificate, then those that lead to its root. */
  readonly certificateFile: string
  readonly keyFile: string
}

export interface ServerCertificate {
  /** For each new connection: the context of the files as they now are. */
  context(): SecureContext
  /** When the certificate in use ends, milliseconds since 1970. */
  notAfterMs(): number
  /** Reads the files again now; keeps what is in use, and says so in the log, when they cannot be read or do not belong together. */
  reload(): void
  close(): void
}

/** Forward secrecy and authenticated encryption only, for TLS 1.2; TLS 1.3 has nothing else. */
const ciphers = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':')

/** Elliptic groups alone: finite-field ones cost the server much, and some are weak. The first one is hybrid, against later decryption. */
const groups = 'X25519MLKEM768:X25519:prime256v1:secp384r1'

const defaultCheckEveryMs = 10_000

/** A context for servers from PEM octets. Throws when they do not belong together. */
export function serverContext(certificate: Buffer, key: Buffer): SecureContext {
  const versions = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const
  // A client that could ask for handshake after handshake would make us work for nothing (CVE-2011-1473).
  const secureOptions = constants.SSL_OP_NO_RENEGOTIATION
  return createSecureContext({
    cert: certificate,
    key,
    ciphers,
    ecdhCurve: groups,
    honorCipherOrder: true,
    secureOptions,
    ...versions,
  })
}

/** Opens the certificate, and looks at its files every `checkEveryMs` from then on. Throws when they cannot be used now. */
export function openCertificate(files: TlsFiles, log: Log, checkEveryMs = defaultCheckEveryMs): ServerCertificate {
  let inUse = load(files)
  let seen = stampOf(files)
  const reload = () => {
    try {
      seen = stampOf(files)
      inUse = load(files)
      log.info({ notAfter: new Date(inUse.notAfterMs).toISOString() }, 'certificate read anew')
    } catch (fault) {
      log.error({ fault: describeFault(fault) }, 'certificate files changed and cannot be used: the one before stays')
    }
  }
  const timer = setInterval(() => {
    if (stampOf(files) !== seen) reload()
  }, checkEveryMs)
  timer.unref()
  return { context: () => inUse.context, notAfterMs: () => inUse.notAfterMs, reload, close: () => clearInterval(timer) }
}

function load(files: TlsFiles): { context: SecureContext; notAfterMs: number } {
  const certificate = readFileSync(files.certificateFile)
  const context = serverContext(certificate, readFileSync(files.keyFile))
  return { context, notAfterMs: new X509Certificate(certificate).validToDate.getTime() }
}

/** Tells one state of the files from another; an absent file is a state too. */
function stampOf(files: TlsFiles): string {
  return [files.certificateFile, files.keyFile]
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false })
      return stat === undefined ? 'absent' : `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`
    })
    .join(', ')
}
