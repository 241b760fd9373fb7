// Draws what a terminal showed as an SVG: `./cjsm up --detach | node docs/pictures/terminal.ts > docs/pictures/up.svg`. Text stays text, to be found and copied.

const characterWidth = 7.8
const lineHeight = 17
const margin = 18

const input: Buffer[] = []
for await (const chunk of process.stdin) input.push(chunk as Buffer)
const lines = Buffer.concat(input).toString('utf8').trimEnd().split('\n')

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const columns = Math.max(...lines.map((line) => line.length))
const width = Math.ceil(columns * characterWidth + 2 * margin)
const height = lines.length * lineHeight + 2 * margin
const rows = lines.map((line, index) => {
  const shade = line.startsWith('$ ') ? ' fill="#7fd1ae"' : /^ +WARNING/.test(line) ? ' fill="#e8c36a"' : ''
  return `<text x="${margin}" y="${margin + (index + 1) * lineHeight - 4}"${shade} xml:space="preserve">${escaped(line)}</text>`
})
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>A terminal after ./cjsm up</title>
<rect width="100%" height="100%" rx="8" fill="#1d2329"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="13" fill="#d7dde3">
${rows.join('\n')}
</g>
</svg>
`,
)
