// The properties of a document that may bear a marking, and the labels that programs put among them: Microsoft's `MSIP_Label_*`
// and the properties that other labelling programs write. G05, G06.
import { maxProperties, maxPropertyCharacters } from '#mail/documents/limits.ts'
import type { Place } from '#mail/documents/place.ts'
import { scanXml } from '#mail/documents/xml.ts'

export type Property = readonly [name: string, value: string]

/** The properties that people fill in, by the names that the formats give them; all else (author, company) is never a marking. */
const told = new Map([
  ['title', 'title'],
  ['subject', 'subject'],
  ['keywords', 'keywords'],
  ['keyword', 'keywords'],
  ['category', 'category'],
  ['contentstatus', 'status'],
  ['description', 'comments'],
])
const labelNames =
  /^(?:(?:protective|security|gpms|gsc|document|government)?[ _-]?(?:marking|classification|label)|sensitivity|titus\w{0,40}|bjdocumentsecuritylabel|bjlabel\w{0,40}|tsc\w{0,10}classification)$/i
const microsoftLabel = /^MSIP_Label_([0-9a-fA-F-]{1,40})_(Name|Enabled)$/

/** The places of a document's properties: one for each that is filled in, and one for each label in force. */
export function propertyPlaces(path: readonly string[], properties: readonly Property[]): Place[] {
  const places: Place[] = []
  const labels = new Map<string, { name: string; enabled: boolean }>()
  for (const [name, value] of properties.slice(0, maxProperties)) {
    const lines = [value.slice(0, maxPropertyCharacters).replace(/\s+/g, ' ').trim()]
    const microsoft = microsoftLabel.exec(name)
    const property = told.get(name.toLowerCase())
    if (microsoft !== null) {
      const label = labels.get(microsoft[1]!) ?? { name: '', enabled: true }
      labels.set(microsoft[1]!, label)
      if (microsoft[2] === 'Name') label.name = lines[0]!
      else label.enabled = lines[0]!.toLowerCase() !== 'false'
    } else if (lines[0] === '') continue
    else if (property !== undefined) places.push({ where: 'properties', path, property, lines })
    else if (labelNames.test(name)) places.push({ where: 'label metadata', path, property: name.slice(0, 60), lines })
  }
  for (const [id, { name, enabled }] of labels) {
    if (enabled) places.push({ where: 'label metadata', path, property: `MSIP_Label_${id}`, lines: [name] })
  }
  return places
}

/** The places of Office's newer part for Microsoft's labels (docMetadata/LabelInfo.xml, [MS-OFFCRYPTO] §2.6): each label in force, by its id alone. */
export function labelPlaces(path: readonly string[], xml: string): Place[] {
  const places: Place[] = []
  scanXml(xml, {
    open(element, attribute) {
      const id = /^\{?([0-9a-fA-F-]{1,40})\}?$/.exec(attribute('id') ?? '')?.[1]
      if (element !== 'label' || id === undefined || places.length >= maxProperties) return
      if (isOn(attribute('enabled') ?? '1') && !isOn(attribute('removed') ?? '0'))
        places.push({ where: 'label metadata', path, property: `MSIP_Label_${id}`, lines: [''] })
    },
  })
  return places
}

const isOn = (value: string) => value === '1' || value.toLowerCase() === 'true'

/** The properties in a part that names each by its element (docProps/core.xml, meta.xml, XMP), or by the element's `name`. */
export function propertiesIn(xml: string): Property[] {
  const found: Property[] = []
  let name = ''
  let value = ''
  scanXml(xml, {
    open(element, attribute) {
      // `rdf:Alt` and `rdf:li` within an XMP property are its value's wrapping, and so is `vt:lpwstr` in a custom property.
      if (wrapping.has(element)) value += value === '' ? '' : ', '
      else {
        name = attribute('name') ?? element
        value = ''
      }
      if (element === 'Description' && found.length < maxProperties) found.push(...shortForms(attribute))
    },
    text(text) {
      if (value.length < maxPropertyCharacters) value += text.slice(0, maxPropertyCharacters)
    },
    close(element) {
      if (wrapping.has(element)) return
      if (value.trim() !== '' && found.length < maxProperties) found.push([name, value.trim()])
      value = ''
    },
  })
  return found
}

const wrapping = new Set(['Alt', 'Bag', 'Seq', 'li', 'lpwstr', 'lpstr', 'bstr', 'bool', 'i4', 'filetime'])

/** RDF lets a property stand as an attribute of its description. */
function shortForms(attribute: (name: string) => string | null): Property[] {
  return ['title', 'subject', 'Keywords', 'description']
    .map((name) => [name, attribute(name) ?? ''] as const)
    .filter(([, value]) => value !== '')
}
