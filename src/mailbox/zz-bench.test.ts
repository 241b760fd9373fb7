import { test } from 'node:test'
import { openGround } from '#mailbox/ground.test-support.ts'
import { testDatabase } from '#test/support/database.ts'
import { sql } from '#store/sql.ts'
test('bench', async () => {
  const { database } = await testDatabase()
  const ground = await openGround(database)
  const { mailboxes: m } = ground
  const who = await ground.newReader()
  const others = await Promise.all([1,2,3].map(() => ground.newReader()))
  const big = 'x'.repeat(70) + '\r\n'
  for (let i = 0; i < 10000; i++) {
    await ground.deliver([{ who, flags: i % 3 ? ['\\Seen'] : [] }], `From: Some Body <some.body@firm.cjsm.test>\r\nTo: Other <o@x.cjsm.test>, b@y.test\r\nSubject: message number ${i} about a case\r\nMessage-ID: <${i}@x.test>\r\nDate: Mon, 1 Jan 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${big.repeat(20)}--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>${big.repeat(25)}</p>--b--\r\n`)
  }
  for (const o of others) for (let i = 0; i < 1000; i++) await ground.deliver([{ who: o }], 'Subject: a\r\n\r\n')
  await database.run(sql`analyze`)
  const inbox = await ground.mailboxId(who, 'INBOX')
  const uids = Array.from({ length: 10000 }, (_, i) => i + 1)
  const time = async (name: string, f: () => Promise<unknown>) => {
    for (let i = 0; i < 3; i++) { const t = performance.now(); const c = process.cpuUsage(); await f(); const u = process.cpuUsage(c); console.log(name, (performance.now() - t).toFixed(1), 'ms cpu', ((u.user + u.system) / 1000).toFixed(0)) }
  }
  await time('select', () => m.select(who, 'INBOX'))
  await time('status', () => m.status(who, 'INBOX'))
  await time('changes', () => m.changesSince(who, inbox, 10000n, 10001))
  await time('summaries', async () => { let n = 0; for await (const s of m.fetchSummaries(who, inbox, uids)) n += s.octets })
  await time('open all', async () => { await m.open(who, inbox, uids) })
  await time('content all', async () => { const o = await m.open(who, inbox, uids); for (const u of uids) { const c = (await o.content(u))!; for await (const p of c.range(0, c.octets)) p.length } })
  await time('1000 single random', async () => { for (let i = 0; i < 1000; i++) { const u = 1 + ((i * 7919) % 10000); const o = await m.open(who, inbox, [u]); const c = (await o.content(u))!; for await (const p of c.range(0, c.octets)) p.length } })
  await time('search', async () => { await m.searchText(who, inbox, uids, { scope: 'body', text: 'nothing here' }) })
  let k = 0
  await time('500 store', async () => { for (let i = 1; i <= 500; i++) await m.store(who, inbox, [i], { mode: 'add', flags: [`k${k}`] }); k++ })
  await time('store all', async () => { await m.store(who, inbox, uids, { mode: 'add', flags: [`l${k++}`] }) })
  await time('copy 1000', async () => { await m.copy(who, inbox, uids.slice(0, 1000), 'Archive') })
  await m.store(who, inbox, uids, { mode: 'add', flags: ['\\Deleted'] })
  await time('expunge all', async () => { await m.expunge(who, inbox, null) })
  await ground.close()
})
