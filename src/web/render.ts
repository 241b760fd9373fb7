// Templates into HTML: Nunjucks with everything escaped, GOV.UK's and MoJ's components beside our own layout.
import { fileURLToPath } from 'node:url'
import nunjucks from 'nunjucks'
import type { FieldError, Notice } from '#web/answers.ts'
import { type Brand, plainBrand } from '#web/brand.ts'
import { sizeText } from '#base/size-text.ts'
import { counted, listDate, longDate, plainText } from '#web/format.ts'
import { sentence } from '#web/problems.ts'
import { urls } from '#web/urls.ts'

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** What every page is given, beside its own view. In templates: `page.…`. */
export interface PageContext {
  readonly title: string
  readonly errors: readonly FieldError[]
  readonly notice: Notice | null
  /** The value of the hidden field `csrf` of every form. */
  readonly csrf: string
  /** Of the signed-in person, or null. */
  readonly person: { readonly name: string; readonly address: string; readonly isOfficer?: boolean } | null
  readonly helpdesk: string
  /** Where the assets of this build are: `/assets/…`, without a slash at the end. */
  readonly assets: string
  readonly nowMs: number
}

/** Templates without the indentation of their lines, which is a fifth of a list; what they are filled with stays as it is. */
class TightLoader extends nunjucks.FileSystemLoader {
  override getSource(name: string): nunjucks.LoaderSource {
    const found = super.getSource(name)
    if (found) found.src = found.src.replaceAll(/^[ \t]+/gm, '') // null for a template that is not there
    return found
  }
}

export type Render = (template: string, page: PageContext, view: object) => string

/** Makes the function that renders a template below src/web; throws a fault for what is wrong in it. */
export function newRender(brand: Brand = plainBrand): Render {
  const loader = new TightLoader(
    [pathOf('.'), pathOf('../../node_modules/govuk-frontend/dist'), pathOf('../../node_modules/@ministryofjustice/frontend')],
    { noCache: false, watch: false },
  )
  const environment = new nunjucks.Environment(loader, {
    autoescape: true,
    throwOnUndefined: false,
    trimBlocks: true,
    lstripBlocks: true,
  })
  environment.addGlobal('urls', urls)
  environment.addGlobal('serviceName', brand.name)
  environment.addFilter('plain', (text: unknown, most?: number) => plainText(String(text ?? ''), most))
  environment.addFilter('longDate', longDate)
  environment.addFilter('listDate', listDate)
  environment.addFilter('size', sizeText)
  environment.addFilter('counted', counted)
  environment.addFilter('sentence', sentence)
  environment.addFilter('errorFor', (errors: readonly FieldError[], field: string) => {
    const found = errors.find((error) => error.field === field)
    return found === undefined ? undefined : { text: found.text }
  })
  return (template, page, view) => environment.render(template, { ...view, page })
}
