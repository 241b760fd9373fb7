// A mail program's IMAP client for a person: imapflow, with the device password, over implicit TLS.
import { ImapFlow, type ImapFlowOptions } from 'imapflow'

/** Not connected yet. The certificate is not looked at unless `more` names one to trust. */
export function imapClient(
  port: number,
  { userName, devicePassword }: { readonly userName: string; readonly devicePassword: string },
  more: Partial<ImapFlowOptions> = {},
): ImapFlow {
  return new ImapFlow({
    host: 'localhost',
    port,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user: userName, pass: devicePassword },
    logger: false,
    ...more,
  })
}
