// RFC 8785 canonical JSON, for the values that evidence is made of: strings, safe integers, booleans, null, arrays and plain objects.

export type Canonical = string | number | boolean | null | readonly Canonical[] | { readonly [key: string]: Canonical }

/** The canonical text of a value: keys sorted by UTF-16 code units, no white space; throws on a number that is not a safe integer and on a lone surrogate. */
export function canonical(value: Canonical): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Error('evidence holds whole numbers only')
    return String(value)
  }
  if (typeof value === 'string') return textOf(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const object = value as { readonly [key: string]: Canonical }
  let text = ''
  for (const key of Object.keys(object).sort()) text += `${text === '' ? '{' : ','}${keyText(key)}${canonical(object[key]!)}`
  return text === '' ? '{}' : `${text}}`
}

/** The keys of our own records are plain words: most need no look at each letter. */
const keyText = (key: string) => (/^\w+$/.test(key) ? `"${key}":` : `${textOf(key)}:`)

function textOf(text: string): string {
  if (!text.isWellFormed()) throw new Error('evidence holds well-formed text only')
  return JSON.stringify(text)
}
