// A self-signed certificate for tests, made by openssl in a temporary folder.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestCertificate {
  readonly certificateFile: string
  readonly keyFile: string
  readonly certificate: Buffer
  readonly key: Buffer
  remove(): void
}

/** Makes an EC certificate for localhost that holds for `days`; the caller removes it. */
export function makeCertificate({ days = 2 }: { days?: number } = {}): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'cjsm-certificate-'))
  const certificateFile = join(folder, 'certificate.pem')
  const keyFile = join(folder, 'key.pem')
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', String(days)]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  execFileSync('openssl', [...request, ...subject, '-keyout', keyFile, '-out', certificateFile], { stdio: 'ignore' })
  return {
    certificateFile,
    keyFile,
    certificate: readFileSync(certificateFile),
    key: readFileSync(keyFile),
    remove: () => rmSync(folder, { recursive: true }),
  }
}
