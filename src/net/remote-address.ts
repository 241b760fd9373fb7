// The peer's address as rules, counts and logs use it.
import { isIPv4 } from 'node:net'
import type { Socket } from 'node:net'

/** The peer's address; IPv4 mapped into IPv6 (`::ffff:192.0.2.1`) as IPv4; an empty text when the peer is gone already. */
export function remoteAddressOf(socket: Pick<Socket, 'remoteAddress'>): string {
  const address = socket.remoteAddress ?? ''
  const mapped = address.startsWith('::ffff:') ? address.slice(7) : ''
  return isIPv4(mapped) ? mapped : address
}

/** What crowds are counted by: the IPv4 address itself, or the IPv6 /64, which one household has whole. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last]
  return `${groups.slice(0, 4).join(':')}::/64`
}
