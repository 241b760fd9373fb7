// Style attributes of strangers' HTML: what is not known to be harmless goes. Nothing in them loads, moves out of the flow or covers. CSS Syntax Level 3.
import { maxStyleCharacters, maxStyleValueCharacters } from '#mail/limits.ts'

const sides = ['top', 'right', 'bottom', 'left']
const ofSides = (before: string, after = '') => sides.map((side) => `${before}-${side}${after}`)
const allowed = new Set([
  ...'color background-color font font-family font-size font-style font-weight font-variant line-height letter-spacing'.split(
    ' ',
  ),
  ...'text-align text-decoration text-indent text-transform vertical-align white-space word-break word-spacing word-wrap'.split(
    ' ',
  ),
  ...'overflow-wrap direction margin padding border border-color border-style border-width border-collapse'.split(' '),
  ...'border-spacing border-radius width height max-width min-width max-height min-height list-style-type display'.split(' '),
  ...'float clear table-layout caption-side empty-cells'.split(' '),
  ...['margin', 'padding', 'border'].flatMap((name) => ofSides(name)),
  ...['color', 'style', 'width'].flatMap((name) => ofSides('border', `-${name}`)),
])
/** Shorthands of which only a colour is wanted: pictures and gradients make other values not match. */
const asColour = new Map([['background', 'background-color']])

/**
 * Words, numbers, plain strings and colours. No backslash, so that nothing is spelled otherwise; no comment; no function but
 * those of colours, so nothing that loads (url, image-set, src), computes (calc, expression) or reads (attr, var, env).
 */
const harmlessValue = /^(?:[a-z0-9#%+\-., !]|"[a-z0-9 _-]*"|'[a-z0-9 _-]*'|(?:rgb|hsl)a?\([0-9%.,/ a-z]*\))+$/i
const colourValue = /^(?:#[0-9a-f]{3,8}|[a-z]{3,30}|(?:rgb|hsl)a?\([0-9%.,/ ]*\))$/i
/** Covering and spying need no more than a word: these are out whatever the property. */
const harmfulWord = /expression|javascript|behaviou?r|-moz-binding|fixed|sticky|absolute/i

/** A style attribute with only its harmless declarations, or an empty string. */
export function harmlessStyle(style: string): string {
  if (style.length > maxStyleCharacters) return ''
  return style
    .split(';')
    .map(harmlessDeclaration)
    .filter((declaration) => declaration !== null)
    .join(';')
}

function harmlessDeclaration(declaration: string): string | null {
  const colon = declaration.indexOf(':')
  const written = declaration.slice(0, Math.max(colon, 0)).trim().toLowerCase()
  const value = declaration
    .slice(colon + 1)
    .replace(/\s+/g, ' ')
    .trim()
  const name = asColour.get(written) ?? written
  if (!allowed.has(name) || value === '' || value.length > maxStyleValueCharacters) return null
  const form = asColour.has(written) ? colourValue : harmlessValue
  return form.test(value) && !harmfulWord.test(value) ? `${name}:${value}` : null
}
