// Styles, scripts and images, served from memory under a name that changes with them, compressed once when first asked for.
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { type Brand, brandStyles, plainBrand } from '#web/brand.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const packages = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const govuk = `${packages}govuk-frontend/dist/govuk/`
const moj = `${packages}@ministryofjustice/frontend/moj/`

/** The typeface and the crest belong to GOV.UK's own services. */
const systemFonts = 'system-ui,-apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif'
const ourFonts = (css: string) =>
  css
    .replaceAll(/@font-face\{[^}]*\}/g, '')
    .replaceAll(/GDS Transport,arial,sans-serif/g, systemFonts)
    .replaceAll(/url\(\/assets\/images\/govuk-crest\.svg\)/g, 'none')
    .replaceAll('url(/assets/images/', 'url(images/')
    .replaceAll(/\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//g, '') // of the typeface, and of maps that are not served

const startComponents = `import { initAll } from "./govuk-frontend.js"
document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()
`

/** Node calls this experimental, and says so on standard error: its result is held to by the tests in a browser. */
function withoutTypes(source: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = emitWarning
  }
}

interface Source {
  readonly type: string
  read(): Buffer
}

const text = (type: string, read: () => string): Source => ({ type: `${type}; charset=utf-8`, read: () => Buffer.from(read()) })
const script = (read: () => string) => text('text/javascript', read)

/** Every asset by its name below the folder of the build. Scripts of the browser keep the ending of their source, which they import each other by. */
function sources(brand: Brand): Map<string, Source> {
  const found = new Map<string, Source>()
  const styles = [`${govuk}govuk-frontend.min.css`, `${moj}moj-frontend.min.css`]
  found.set(
    'app.css',
    text('text/css', () =>
      [...styles, ...globSync(`${here}**/*.css`).sort()]
        .map((file) => ourFonts(readFileSync(file, 'utf8')))
        .concat(brandStyles(brand))
        .join('\n'),
    ),
  )
  found.set(
    'govuk-frontend.js',
    script(() => readFileSync(`${govuk}govuk-frontend.min.js`, 'utf8').replace(/\/\/# sourceMappingURL.*$/m, '')),
  )
  found.set(
    'components.js',
    script(() => startComponents),
  )
  for (const file of globSync(`${here}client/*.ts`).filter((name) => !name.endsWith('.test.ts'))) {
    found.set(
      `client/${basename(file)}`,
      script(() => withoutTypes(readFileSync(file, 'utf8')).replaceAll(`'#web/client/`, `'./`)),
    )
  }
  for (const file of [...globSync(`${here}layout/*.svg`), ...globSync(`${moj}assets/images/*.svg`)]) {
    found.set(`images/${basename(file)}`, { type: 'image/svg+xml', read: () => readFileSync(file) })
  }
  return found
}

export interface Asset {
  readonly type: string
  readonly octets: Buffer
  readonly encoding: 'br' | 'gzip' | null
}

export interface Assets {
  /** The folder of this build: `/assets/` and a hash. */
  readonly base: string
  readonly build: string
  /** An asset in the best encoding that the browser takes, or null when there is none of that name. */
  find(name: string, acceptEncoding: string): Promise<Asset | null>
}

const compress = {
  br: (octets: Buffer) =>
    promisify(brotliCompress)(octets, { params: { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_LGWIN]: 18 } }),
  gzip: (octets: Buffer) => promisify(gzip)(octets, { level: 9 }),
} as const

/** Opens the assets of this build. */
export function openAssets(brand: Brand = plainBrand): Assets {
  const all = sources(brand)
  const digest = createHash('sha256')
  for (const [name, source] of [...all].sort(([one], [other]) => (one < other ? -1 : 1)))
    digest.update(`${name}\0`).update(source.read())
  const build = digest.digest('hex').slice(0, 16)
  const made = new Map<string, Promise<Buffer>>()
  return {
    build,
    base: `/assets/${build}`,
    async find(name, acceptEncoding) {
      const source = all.get(name)
      if (source === undefined) return null
      const encoding = /\bbr\b/.test(acceptEncoding) ? 'br' : /\bgzip\b/.test(acceptEncoding) ? 'gzip' : null
      if (encoding === null) return { type: source.type, octets: source.read(), encoding }
      const key = `${encoding} ${name}`
      const octets = made.get(key) ?? compress[encoding](source.read())
      made.set(key, octets)
      return { type: source.type, octets: await octets, encoding }
    },
  }
}
