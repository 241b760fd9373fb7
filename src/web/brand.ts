// How an operator's service looks as its own: its name on every page, and the colour behind it. WCAG 1.4.3

export interface Brand {
  readonly name: string
  /** `#rrggbb`, or empty for the colour of the layout. */
  readonly colour: string
}

export const plainBrand: Brand = { name: 'Criminal Justice Secure eMail', colour: '' }

/** The styles that come behind the layout's: the text of the header is black or white, whichever stands out more, which is 4.5:1 on any colour. */
export function brandStyles({ colour }: Brand): string {
  if (colour === '') return ''
  const text = luminance(colour) > 0.179 ? '#000000' : '#ffffff'
  return `.cjsm-header { background: ${colour}; border-bottom-color: ${text}; color: ${text}; }
.cjsm-header__name, .cjsm-header__link, .cjsm-header__button { color: ${text}; }
.cjsm-header__button { border-color: ${text}; }
.cjsm-header__button:hover { background: ${text}; color: ${colour}; }`
}

/** Relative luminance, 0 to 1 (WCAG 2.2). */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
