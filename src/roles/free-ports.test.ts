// A port or an address that cannot be had: a sentence that names the setting that mends it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { readConfig, SettingError } from '#config.ts'
import { portsAreFree } from '#roles/free-ports.ts'

const { ports } = readConfig({ CJSM_DATA_FOLDER: '/srv/cjsm', CJSM_PORT_OFFSET: '43000' })
const says = (pattern: RegExp) => (fault: unknown) => fault instanceof SettingError && pattern.test(fault.message)

test('a port that another program has is told, with the option that chooses others', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  await assert.rejects(
    portsAreFree({ host: '127.0.0.1', ports: { ...ports, https: port } }),
    says(/^Port \d+ \(https\) cannot be had on 127\.0\.0\.1: another program has it\. Choose other ports with --port-offset\.$/),
  )
  taken.close()
})

test('an address that this machine does not have, and a name that is none, are told as the host', async () => {
  for (const host of ['192.0.2.1', '2001:db8::1', 'not a host'])
    await assert.rejects(
      portsAreFree({ host, ports }),
      says(new RegExp(`^host is ${host}, but must be an address of this machine, 0\\.0\\.0\\.0 for all of them`)),
    )
})
