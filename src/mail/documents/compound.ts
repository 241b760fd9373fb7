// Compound files, Office's form before 2007, which is also the wrapping of its encrypted documents of today. MS-CFB, MS-OFFCRYPTO
// §2.3.4.4. G05.

const entryOctets = 128
const directoryNames = ['EncryptedPackage', 'EncryptedSummary'].map((name) => Buffer.from(`${name}\0`, 'utf16le'))

/** Whether a compound file holds an encrypted document: its directory's entries stand on multiples of 128 octets. */
export function isEncryptedDocument(octets: Buffer): boolean {
  return directoryNames.some((name) => {
    for (let at = octets.indexOf(name); at >= 0; at = octets.indexOf(name, at + 1)) if (at % entryOctets === 0) return true
    return false
  })
}
