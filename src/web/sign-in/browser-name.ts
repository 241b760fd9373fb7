// What a browser calls itself, as a person knows it: "Firefox on Windows". For the list of one's computers; nothing is decided by it.

const browsers: readonly (readonly [sign: string, name: string])[] = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
]
const systems: readonly (readonly [sign: string, name: string])[] = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS X', 'Mac'],
  ['Linux', 'Linux'],
]

/** The name of a browser by its User-Agent. */
export function browserNameOf(userAgent: string): string {
  const nameIn = (signs: typeof browsers, otherwise: string) => signs.find(([sign]) => userAgent.includes(sign))?.[1] ?? otherwise
  return `${nameIn(browsers, 'A browser')} on ${nameIn(systems, 'an unknown system')}`
}
