// What clamd and freshclam are told: limits above ours, alerts for what cannot be looked into (T19), no TCP; and the built-in test set.
import { clamdLimits } from '#host/limits.ts'

/** The text of clamd.conf. */
export function clamdConf(places: { signatures: string; socket: string; scratch: string }): string {
  return text({
    DatabaseDirectory: places.signatures,
    LocalSocket: places.socket,
    LocalSocketMode: '600',
    FixStaleSocket: 'yes',
    // INSTREAM is kept in a file while it is scanned: plain, so it stands in memory or is cleared at every start.
    TemporaryDirectory: places.scratch,
    LeaveTemporaryFiles: 'no',
    StreamMaxLength: `${clamdLimits.streamMiB}M`,
    MaxScanSize: `${clamdLimits.expandedMiB}M`,
    MaxFileSize: `${clamdLimits.expandedMiB}M`,
    MaxFiles: String(clamdLimits.files),
    MaxRecursion: String(clamdLimits.depth),
    MaxScanTime: String(clamdLimits.scanMs),
    MaxThreads: String(clamdLimits.threads),
    MaxQueue: String(clamdLimits.queue),
    ReadTimeout: String(clamdLimits.readSeconds),
    CommandReadTimeout: String(clamdLimits.commandSeconds),
    // What it did not look into must not pass as clean.
    AlertExceedsMax: 'yes',
    AlertEncrypted: 'yes',
    AlertEncryptedArchive: 'yes',
    AlertEncryptedDoc: 'yes',
    // Something encrypted must not hide a virus beside it, where organisations have it delivered or held.
    HeuristicScanPrecedence: 'no',
    // G04: guesses about the words and links of a message refuse nothing.
    PhishingScanURLs: 'no',
    // Two copies of the signatures at once would double its memory; a reload holds scans up for seconds.
    ConcurrentDatabaseReload: 'no',
    SelfCheck: '600',
  })
}

/** The text of freshclam.conf; it is run now and then, not as a daemon. */
export function freshclamConf(places: { signatures: string; owner: string | null }): string {
  return text({
    DatabaseDirectory: places.signatures,
    DatabaseMirror: 'database.clamav.net',
    ...(places.owner === null ? {} : { DatabaseOwner: places.owner }),
    MaxAttempts: '1',
    ConnectTimeout: '5',
    ReceiveTimeout: '60',
    ScriptedUpdates: 'yes',
  })
}

function text(settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}`)
  return `# Written at every start.\n${lines.join('\n')}\n`
}

export const testSetFile = 'cjsm-test-set.ndb'

// The EICAR test file's 68 octets, anywhere in any file, so also in archives and parts. In hex, or this source would be found by scanners.
const eicar =
  '58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d5354414e444152442d414e544956495255532d544553542d46494c452124482b482a'

export const testSet = `Eicar-Test-Set:0:*:${eicar}\n`
