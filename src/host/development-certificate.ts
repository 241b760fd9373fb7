// The development certificate: self-signed, made once with openssl, for a service that was given none. T14
import { spawnSync } from 'node:child_process'
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { chownSync } from 'node:fs'
import type { UnixUser } from '#host/privileges.ts'

const validDays = 397

export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

/** The certificate and key in `folder`, made when missing; throws a sentence when openssl is not there. */
export function developmentCertificate(folder: string, hostName: string, user: UnixUser | null): CertificateFiles {
  const files = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') }
  if (existsSync(files.certificate) && existsSync(files.key)) return files
  const names = `subjectAltName=DNS:${hostName},DNS:localhost,IP:127.0.0.1,IP:::1`
  const fresh = { certificate: `${files.certificate}.new`, key: `${files.key}.new` }
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    String(validDays),
    '-subj',
    `/CN=${hostName}`,
  ]
  const made = spawnSync('openssl', [...args, '-addext', names, '-keyout', fresh.key, '-out', fresh.certificate], {
    encoding: 'utf8',
  })
  if (made.error !== undefined)
    throw new Error(
      'openssl is missing, which makes the development certificate. On Debian or Ubuntu: apt-get install -y openssl',
    )
  if (made.status !== 0) throw new Error(`The development certificate cannot be made: ${made.stderr.slice(-300)}`)
  for (const name of ['key', 'certificate'] as const) {
    if (user !== null) chownSync(fresh[name], user.uid, user.gid)
    renameSync(fresh[name], files[name])
  }
  return files
}
