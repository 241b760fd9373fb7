#!/bin/sh
# The peer for comparisons: Postfix (submission over TLS, SASL) hands to Dovecot by LMTP (Maildir, mail_crypt, fsync), from Debian's packages, on loopback, in a folder of its own.
#   peer.sh up FOLDER SUBMISSIONS-PORT IMAPS-PORT USERS [CLAMD-CONF]     as root; with CLAMD-CONF a clamd of those settings and clamav-milter before it; users are u0@peer.example, u1@…, all with the password "peer-password"
#   peer.sh down FOLDER
set -eu

fail() { echo "peer.sh: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "only root can set the peer up."
act=${1:-} folder=${2:-}
[ -n "$folder" ] || fail "peer.sh up FOLDER SUBMISSIONS-PORT IMAPS-PORT USERS, or peer.sh down FOLDER"

if [ "$act" = down ]; then
  [ ! -f "$folder/postfix/main.cf" ] || postfix -c "$folder/postfix" stop >/dev/null 2>&1 || true
  [ ! -f "$folder/dovecot.conf" ] || doveadm -c "$folder/dovecot.conf" stop >/dev/null 2>&1 || true
  for name in milter clamd; do
    [ -f "$folder/$name.pid" ] || continue
    pid=$(cat "$folder/$name.pid")
    kill "$pid" 2>/dev/null || continue
    left=10
    while kill -0 "$pid" 2>/dev/null && [ $left -gt 0 ]; do
      left=$((left - 1))
      sleep 1
    done
  done
  exit 0
fi
[ "$act" = up ] && [ $# -ge 5 ] || fail "peer.sh up FOLDER SUBMISSIONS-PORT IMAPS-PORT USERS [CLAMD-CONF]"
smtp=$3 imap=$4 users=$5 clamd_conf=${6:-}

# $1: packages; what follows: the programs that they bring
install_packages() {
  packages=$1
  shift
  missing=no
  for program in "$@"; do [ -x "$program" ] || missing=yes; done
  [ $missing = yes ] || return 0
  echo "Installing $packages ..." >&2
  # Their services of the whole machine are not wanted: only what is started below.
  guard=/usr/sbin/policy-rc.d
  made=no
  if [ ! -e $guard ]; then
    made=yes
    printf '#!/bin/sh\nexit 101\n' >$guard
    chmod 755 $guard
  fi
  # shellcheck disable=SC2086 # a list
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages >"$folder/apt.log" 2>&1 </dev/null ||
    { [ $made = no ] || rm -f $guard; fail "apt-get failed: $(tail -n 3 "$folder/apt.log")"; }
  [ $made = no ] || rm -f $guard
}

mkdir -p "$folder"
chmod 755 "$folder"
install_packages "postfix dovecot-core dovecot-imapd dovecot-lmtpd openssl" \
  /usr/sbin/postfix /usr/sbin/dovecot /usr/lib/dovecot/lmtp /usr/lib/dovecot/imap /usr/bin/openssl
[ -z "$clamd_conf" ] || install_packages "clamav-daemon clamav-milter" /usr/sbin/clamd /usr/sbin/clamav-milter
case $(dovecot --version) in 2.3.*) ;; *) fail "the settings here are for Dovecot 2.3 (Debian 12)." ;; esac
mkdir -p "$folder/postfix" "$folder/queue" "$folder/postfix-data" "$folder/mail" "$folder/run" "$folder/state" "$folder/log"
chown postfix "$folder/postfix-data"
chown mail:mail "$folder/mail"

openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=peer.example \
  -keyout "$folder/key.pem" -out "$folder/certificate.pem" >/dev/null 2>&1
openssl ecparam -name prime256v1 -genkey 2>/dev/null | openssl pkey -out "$folder/crypt-private.pem" 2>/dev/null
openssl pkey -in "$folder/crypt-private.pem" -pubout -out "$folder/crypt-public.pem" 2>/dev/null
chmod 644 "$folder/crypt-private.pem" "$folder/crypt-public.pem" # loopback, scratch mail only

: >"$folder/users"
: >"$folder/postfix/mailboxes"
at=0
while [ "$at" -lt "$users" ]; do
  echo "u$at@peer.example:{PLAIN}peer-password::::::" >>"$folder/users"
  echo "u$at@peer.example u$at" >>"$folder/postfix/mailboxes"
  at=$((at + 1))
done

cat >"$folder/postfix/main.cf" <<END
compatibility_level = 3.6
queue_directory = $folder/queue
data_directory = $folder/postfix-data
maillog_file = $folder/log/postfix.log
maillog_file_prefixes = $folder
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = peer.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
virtual_mailbox_domains = peer.example
virtual_mailbox_maps = texthash:$folder/postfix/mailboxes
virtual_transport = lmtp:unix:private/dovecot-lmtp
message_size_limit = 30000000
smtpd_tls_cert_file = $folder/certificate.pem
smtpd_tls_key_file = $folder/key.pem
smtpd_tls_security_level = encrypt
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_client_connection_count_limit = 0
END
[ -z "$clamd_conf" ] || cat >>"$folder/postfix/main.cf" <<END
smtpd_milters = unix:$folder/milter.sock
milter_default_action = tempfail
END
cat >"$folder/postfix/master.cf" <<END
127.0.0.1:$smtp inet n - n - 500 smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
END
cat >"$folder/dovecot.conf" <<END
base_dir = $folder/run
state_dir = $folder/state
log_path = $folder/log/dovecot.log
instance_name = cjsm-peer
protocols = imap lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <$folder/certificate.pem
ssl_key = <$folder/key.pem
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_plugins = mail_crypt
mail_fsync = optimized
mail_max_userip_connections = 1000
plugin {
  mail_crypt_global_private_key = <$folder/crypt-private.pem
  mail_crypt_global_public_key = <$folder/crypt-public.pem
  mail_crypt_save_version = 2
}
passdb {
  driver = passwd-file
  args = username_format=%u $folder/users
}
userdb {
  driver = static
  args = uid=mail gid=mail home=$folder/mail/%u
}
service auth {
  unix_listener $folder/queue/private/auth {
    mode = 0600
    user = postfix
    group = postfix
  }
}
service lmtp {
  unix_listener $folder/queue/private/dovecot-lmtp {
    mode = 0600
    user = postfix
    group = postfix
  }
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = $imap
    ssl = yes
  }
}
END
wait_for() {
  left=$2
  until [ -S "$1" ]; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "$3: $folder/log"
    sleep 1
  done
}
if [ -n "$clamd_conf" ]; then
  mkdir -p "$folder/scan"
  # The settings of the other side's, and where its own process and log are.
  printf 'PidFile %s\nLogFile %s\n' "$folder/clamd.pid" "$folder/log/clamd.log" >>"$clamd_conf"
  clamd --config-file="$clamd_conf" >"$folder/log/start-clamd.log" 2>&1 </dev/null || fail "clamd did not start: $folder/log"
  wait_for "$folder/clamd.sock" 120 "clamd did not start"
  cat >"$folder/milter.conf" <<END
MilterSocket $folder/milter.sock
MilterSocketMode 666
FixStaleSocket yes
User root
PidFile $folder/milter.pid
LogFile $folder/log/milter.log
ClamdSocket unix:$folder/clamd.sock
OnClean Accept
OnInfected Reject
OnFail Defer
MaxFileSize 40M
TemporaryDirectory $folder/scan
END
  clamav-milter --config-file="$folder/milter.conf" >"$folder/log/start-milter.log" 2>&1 </dev/null || fail "clamav-milter did not start: $folder/log"
  wait_for "$folder/milter.sock" 30 "clamav-milter did not start"
fi
# A daemon that kept this script's output open would keep its caller waiting.
postfix -c "$folder/postfix" check >"$folder/log/check.log" 2>&1 </dev/null || true
dovecot -c "$folder/dovecot.conf" >"$folder/log/start-dovecot.log" 2>&1 </dev/null || fail "Dovecot did not start: $folder/log"
postfix -c "$folder/postfix" start >"$folder/log/start-postfix.log" 2>&1 </dev/null || fail "Postfix did not start: $folder/log"
