// Where a connection comes from: only the UK is let in, before anything is said. Unknown counts as outside. T21
import { readFileSync } from 'node:fs'
import { BlockList, isIPv6 } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type CountryResponse, Reader } from 'mmdb-lib'
import { type Refused, refused } from '#base/faults.ts'

export type CountryGate = (remoteAddress: string) => Refused | null

// Not routed on the Internet: the country data places some of these, wrongly. RFC 6890, 4193, 4291.
const specialNetworks = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/128',
  '::1/128',
  '64:ff9b::/96',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
] // prettier-ignore
const shipped = '../../node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'

/** Makes the gate from networks that count as inside (CIDR) and a country database (the one that comes with the program for ''). Throws a sentence for a network that is none. */
export function newCountryGate(insideNetworks: readonly string[], countryData: string): CountryGate {
  const inside = networkList(insideNetworks)
  const special = networkList(specialNetworks)
  const file = countryData === '' ? fileURLToPath(new URL(shipped, import.meta.url)) : countryData
  const countries = new Reader<CountryResponse & { country_code?: string }>(readFileSync(file))
  return (remoteAddress) => {
    const family = isIPv6(remoteAddress) ? 'ipv6' : 'ipv4'
    if (inside.check(remoteAddress, family)) return null
    const country = special.check(remoteAddress, family) ? undefined : countryOf(countries, remoteAddress)
    if (country === 'GB') return null
    return refused(
      'T21',
      'connection-from-outside-the-uk',
      `the connection comes from ${remoteAddress}, which is not known to be in the UK`,
      'Connect from within the UK. If you are there, tell the Helpdesk this address.',
    )
  }
}

function countryOf(countries: Reader<CountryResponse & { country_code?: string }>, address: string): string | undefined {
  try {
    const found = countries.get(address)
    return found?.country_code ?? found?.country?.iso_code
  } catch {
    return undefined
  }
}

/** Addresses of networks (CIDR). Throws a sentence for one that is none. */
export function networkList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    try {
      list.addSubnet(address, prefix === '' ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family)
    } catch {
      throw new Error(`${network.slice(0, 60)} is not a network: write it as 192.0.2.0/24`)
    }
  }
  return list
}
