// Makes a picture of a page small: at most 24 colours, which are those of a page of ours and enough for the edges of its letters. PNG (ISO/IEC 15948), 8 bits, not interlaced.
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const mostColours = 24
const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])

interface Pixels {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly octets: Buffer
}

/** The same picture with a palette. */
export function shrink(png: Buffer): Buffer {
  const { width, height, channels, octets } = decode(png)
  // Colours that differ by less than one sees count as one.
  const counts = new Map<number, number>()
  for (let at = 0; at < octets.length; at += channels) {
    const colour = colourAt(octets, at)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const palette = [...counts].sort(([, one], [, other]) => other - one).slice(0, mostColours).map(([colour]) => colour)
  const places = new Map([...counts.keys()].map((colour) => [colour, nearest(palette, colour)]))
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += channels) rows[y * (width + 1) + 1 + x] = places.get(colourAt(octets, at))!
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3], 8)
  const colours = Buffer.from(palette.flatMap(partsOf))
  const data = deflateSync(rows, { level: 9, memLevel: 9 })
  return Buffer.concat([signature, chunk('IHDR', header), chunk('PLTE', colours), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))])
}

const round = (value: number) => Math.min(255, Math.round(value / 4) * 4)
const colourAt = (octets: Buffer, at: number) => (round(octets[at]!) << 16) | (round(octets[at + 1]!) << 8) | round(octets[at + 2]!)
const partsOf = (colour: number) => [colour >> 16, (colour >> 8) & 255, colour & 255]

function nearest(palette: readonly number[], colour: number): number {
  const [red, green, blue] = partsOf(colour) as [number, number, number]
  const distance = (other: number) => {
    const [r, g, b] = partsOf(other) as [number, number, number]
    return (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2
  }
  let best = 0
  for (let at = 1; at < palette.length; at++) if (distance(palette[at]!) < distance(palette[best]!)) best = at
  return best
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}

function decode(png: Buffer): Pixels {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const channels = png[25] === 6 ? 4 : 3
  const data: Buffer[] = []
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  const filtered = inflateSync(Buffer.concat(data))
  const line = width * channels
  const octets = Buffer.alloc(line * height)
  for (let y = 0; y < height; y++) unfilter(filtered, y * (line + 1), octets, y * line, line, channels)
  return { width, height, channels, octets }
}

/** Undoes the filter of one line (9.2). */
function unfilter(from: Buffer, start: number, to: Buffer, at: number, line: number, channels: number): void {
  const type = from[start]!
  for (let x = 0; x < line; x++) {
    const left = x < channels ? 0 : to[at + x - channels]!
    const up = at === 0 ? 0 : to[at - line + x]!
    const corner = at === 0 || x < channels ? 0 : to[at - line + x - channels]!
    const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][type]!
    to[at + x] = (from[start + 1 + x]! + guess) & 255
  }
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}
