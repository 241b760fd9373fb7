// The settings of the embedded PostgreSQL: durable to the last commit, and silent about what statements and rows hold.
import { accessSync, constants } from 'node:fs'

const settings: Readonly<Record<string, string>> = {
  // A 250 means that the message is on disk: docs/flow.md, The life of a message, 5.
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  // Filling new WAL segments with zeros was the 15 to 56 ms p99 of a commit.
  wal_init_zero: 'off',
  wal_recycle: 'on',
  min_wal_size: '256MB',
  max_wal_size: '1GB',
  shared_buffers: '128MB',
  max_connections: '100',
  autovacuum: 'on',
  jit: 'off',
  // An ERROR's text quotes values ("invalid input syntax for type …"), and DETAIL quotes rows: neither is logged; the client hears of them.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_connections: '',
  log_disconnections: 'off',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '',
  listen_addresses: '',
  unix_socket_permissions: '0700',
  timezone: 'UTC',
  log_timezone: 'UTC',
  datestyle: 'ISO, YMD',
}

/** The text of postgresql.conf for a socket in that folder, with `over` taking precedence. */
export function postgresConf(socketFolder: string, port: number, over: Readonly<Record<string, string>>): string {
  const all: Record<string, string> = {
    ...settings,
    dynamic_shared_memory_type: sharedMemory(),
    unix_socket_directories: `"${socketFolder}"`,
    port: String(port),
    ...over,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`)
  return `# Written at every start.\n${lines.join('\n')}\n`
}

/** Some containers have no /dev/shm that can be written; files in the cluster's folder serve there. */
function sharedMemory(): string {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return 'posix'
  } catch {
    return 'mmap'
  }
}
