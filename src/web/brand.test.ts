// An operator's own name and colour.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAssets } from '#web/assets.ts'
import { brandStyles, plainBrand } from '#web/brand.ts'
import { newRender } from '#web/render.ts'

const luminanceOf = (colour: string) => {
  const shares = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
  const [red, green, blue] = shares.map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}
function contrast(one: string, other: string): number {
  const [light, dark] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => b - a)
  return (light! + 0.05) / (dark! + 0.05)
}

test('on whatever colour, what stands in the header has a contrast of 4.5:1 (WCAG 1.4.3)', () => {
  const steps = ['00', '33', '55', '66', '77', '88', '99', 'cc', 'ff']
  for (const red of steps)
    for (const green of steps)
      for (const blue of steps) {
        const colour = `#${red}${green}${blue}`
        const [, text] = /; color: (#[0-9a-f]{6})/.exec(brandStyles({ name: 'x', colour }))!
        assert.ok(contrast(colour, text!) >= 4.5, `${text} on ${colour}: ${contrast(colour, text!)}`)
      }
})

test('the name stands on every page, as text, and another colour makes other assets', () => {
  const page = { title: 'Help', errors: [], notice: null, csrf: '', person: null, helpdesk: 'h', assets: '/assets/x', nowMs: 0 }
  const html = newRender({ name: 'Northshire <Mail>', colour: '' })('help/page.njk', page, {})
  assert.match(html, /<title>Help – Northshire &lt;Mail&gt;<\/title>/)
  assert.match(html, /cjsm-header__name"[^>]*>Northshire &lt;Mail&gt;</)
  assert.equal(openAssets().build, openAssets(plainBrand).build)
  const own = openAssets({ name: 'x', colour: '#ffdd00' })
  assert.notEqual(own.build, openAssets().build)
})
