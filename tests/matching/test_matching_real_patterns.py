# ruff: noqa: E501 - a pattern and its line are read side by side
"""Patterns of the kinds that people write, each with a line that it must match."""

from __future__ import annotations

import pytest

from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.reference import ReferenceMatcher

_IP = r"(?P<ip>(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F:]{3,39})"
_NUMBER = r"(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
_STAMP = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"

# fmt: off
CASES = [
    # logins
    (rf"Failed \w+ for (?:invalid user )?(?P<user>\S+) from {_IP}(?: port \d+)?(?: ssh2)?$",
     "sshd[1]: Failed password for invalid user bob from 192.0.2.7 port 4711 ssh2"),
    (rf"^(?:\S+ )?sshd(?:\[\d+\])?: (?:error: )?PAM: .{{1,40}} for (?P<u>.+?) from {_IP}\s*$",
     "web1 sshd[77]: error: PAM: Authentication failure for root from 203.0.113.9"),
    (rf"(?<=: )Invalid user (?P<u>.*?) from {_IP}", "sshd[1]: Invalid user x y from 192.0.2.1"),
    (rf"Connection (?:closed|reset) by (?:authenticating |invalid )?user \S+ {_IP} port \d+ \[preauth\]",
     "sshd[9]: Connection closed by authenticating user root 198.51.100.2 port 22 [preauth]"),
    (r"sudo: +(?P<who>\S+) : (?!TTY=unknown).*USER=(?P<as>\S+) ; COMMAND=(?P<what>.*)",
     "sudo:   eve : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh"),
    (r"\bsu(?:\[\d+\])?: (?:pam_unix\(su(?:-l)?:auth\): )?authentication failure",
     "su[12]: pam_unix(su:auth): authentication failure; logname=eve"),
    (rf"dovecot: (?:imap|pop3)-login: .*\(auth failed, \d+ attempts.*rip={_IP}",
     "dovecot: imap-login: Disconnected (auth failed, 3 attempts in 9 secs): rip=192.0.2.3, lip=1"),
    (rf"postfix/smtpd\[\d+\]: NOQUEUE: reject: RCPT from \S+\[{_IP}\]: [45]5\d ",
     "postfix/smtpd[3]: NOQUEUE: reject: RCPT from host[192.0.2.9]: 554 5.7.1 no"),
    (rf"warning: [-._\w]+\[{_IP}\]: SASL (?:LOGIN|PLAIN) authentication failed",
     "postfix/smtpd[9]: warning: mail.example[192.0.2.3]: SASL LOGIN authentication failed: x"),
    (r"(?i)(?:login|auth\w*)\s+(?:failed|failure|denied)", "User LOGIN  FAILED for x"),
    (r"pam_unix\((?P<service>[\w-]+):auth\): check pass; user unknown",
     "x: pam_unix(cron-daemon:auth): check pass; user unknown"),
    (rf"vsftpd.*FAIL LOGIN: Client \"(?:::ffff:)?{_IP}\"", 'vsftpd[2]: [a] FAIL LOGIN: Client "::ffff:192.0.2.4"'),
    (r"Accepted (?P<how>publickey|password) for (?P<user>[^\s@]+)(?:@\S+)? from",
     "Accepted publickey for git@corp from 192.0.2.1"),
    (r"session (?P<what>opened|closed) for user (?P<user>\w+)(?:\(uid=\d+\))?",
     "pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)"),
    (r"^(?=.*\bauth)(?=.*\bfail).*$", "an auth attempt did fail"),
    # web
    (rf'^{_IP} \S+ (?P<user>\S+) \[(?P<at>[^\]]+)\] "(?P<verb>[A-Z]+) (?P<path>\S+)[^"]*" (?P<status>5\d\d) ',
     '192.0.2.1 - - [05/Jan/2026:10:00:00 +0000] "GET /x?y HTTP/1.1" 502 17 "-" "curl"'),
    (r'"(?:GET|POST|HEAD) /(?:wp-login\.php|xmlrpc\.php|\.env|\.git/)[^"]*" (?:401|403|404)',
     '"POST /wp-login.php?a=1 HTTP/1.1" 403 12'),
    (r"\[error\] \d+#\d+: \*\d+ (?P<why>.*?), client: (?P<client>[^,]+), server: (?P<server>[^,]*)",
     "2026/01/05 10:00:00 [error] 7#7: *3 open() failed (2: No such file), client: 192.0.2.1, server: a"),
    (r"upstream (?:timed out|prematurely closed connection|sent too big header)",
     "*9 upstream timed out (110: Connection timed out) while reading"),
    (r"no live upstreams while connecting to upstream", "no live upstreams while connecting to upstream, client: x"),
    (r"limiting requests, excess: (?P<excess>\d+\.\d{3}) by zone \"(?P<zone>[^\"]+)\"",
     'limiting requests, excess: 5.120 by zone "login", client: 192.0.2.1'),
    (r"AH\d{5}: (?P<what>.+)$", "[core:error] [pid 1] AH00126: Invalid URI in request GET"),
    (r"\bHTTP/[12](?:\.[01])?\" (?P<status>[45]\d{2}) (?P<size>\d+|-)", '"GET / HTTP/2" 404 -'),
    (r"(?P<backend>\S+)/<NOSRV> .* (?:SC|sC)--", "haproxy[1]: x web/<NOSRV> 0/-1/-1/-1/0 503 213 - - SC-- 1/1"),
    (r"Server (?P<pool>\S+)/(?P<server>\S+) is DOWN(?:, reason: (?P<why>[^,]+))?",
     "haproxy[2]: Server web/web1 is DOWN, reason: Layer4 timeout, check duration: 2001ms"),
    (r"(?:['\"]|%27)\s*(?:or|union|and)\s+[\w'\"]+\s*=", "GET /?q=' or 1=1"),
    (r"(?:\.\./){2,}|%2e%2e%2f", "GET /../../etc/passwd"),
    (r"<\s*script\b[^>]*>", "q=<script src=x>"),
    (r"request_time[=:]\s*(?P<t>\d+\.\d+)", "x request_time=12.345 y"),
    (r"ModSecurity: (?:Access denied|Warning)\b.*\[id \"(?P<id>\d+)\"\]",
     'ModSecurity: Access denied with code 403. [file "x"] [id "942100"] [msg "y"]'),
    # java and other languages
    (r"(?P<class>(?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error))(?:: (?P<why>.*))?$",
     "Caused by: java.lang.IllegalStateException: pool closed"),
    (r"java\.lang\.OutOfMemoryError: (?P<what>Java heap space|GC overhead limit exceeded|Metaspace)",
     "java.lang.OutOfMemoryError: GC overhead limit exceeded"),
    (rf"^{_STAMP} +(?P<level>ERROR|FATAL) +\[(?P<thread>[^\]]*)\]", "2026-01-05 10:00:00,123 ERROR [main] x"),
    (r"HikariPool-\d+ - Connection is not available, request timed out after (?P<ms>\d+)ms",
     "HikariPool-1 - Connection is not available, request timed out after 30000ms."),
    (r"^\s+at (?P<frame>[\w.$<>]+)\((?P<file>[^:)]+)(?::\d+)?\)", "    at a.b.C$1.<init>(C.java:17)"),
    (r"Full GC .*?(?P<before>\d+)K->(?P<after>\d+)K\((?P<total>\d+)K\)", "[Full GC (Ergonomics) 9K->8K(9K), 0.1 secs]"),
    (r"Traceback \(most recent call last\):", "Traceback (most recent call last):"),
    (r"^(?P<error>\w+(?:\.\w+)*(?:Error|Exception|Warning)): (?P<text>.+)", "requests.exceptions.ConnectionError: no"),
    (r"panic: (?P<what>.+?)(?: \[recovered\])?$", "panic: runtime error: index out of range [recovered]"),
    (r"goroutine \d+ \[(?P<state>[a-z ]+)(?:, \d+ minutes)?\]:", "goroutine 17 [chan receive, 3 minutes]:"),
    (r"PHP (?:Fatal|Parse) error: +(?P<what>.*) in (?P<file>/\S+) on line (?P<line>\d+)",
     "PHP Fatal error:  Uncaught Error: x in /srv/a.php on line 9"),
    (r"thread '(?P<thread>[^']*)' panicked at", "thread 'main' panicked at src/main.rs:3:5"),
    (r"UnhandledPromiseRejection(?:Warning)?", "(node:1) UnhandledPromiseRejectionWarning: x"),
    (r"SEGV|SIGSEGV|[Ss]egmentation fault", "worker: Segmentation fault (core dumped)"),
    (r"level=(?P<level>error|fatal|panic)\b.*?\bmsg=\"(?P<msg>(?:[^\"\\]|\\.)*)\"",
     r'ts=1 level=error caller=a.go:1 msg="cannot \"open\" x" err=y'),
    (r'"level"\s*:\s*"(?P<level>error|fatal)"', '{"ts":1, "level" : "error", "msg":"x"}'),
    (r"(?i)\b(?:error|fail(?:ed|ure)?|fatal|critical)\b", "Something FAILED here"),
    (r"(?i:deadlock) (?:found|detected)", "DEADLOCK found when trying to get lock"),
    (r"(?P<count>\d+) retries? (?:exhausted|left)", "0 retries left"),
    (r"timed? ?out after (?P<t>\d+(?:\.\d+)?) ?(?P<unit>m?s)\b", "call timed out after 1.5 s"),
    # databases
    (r"FATAL: +(?P<what>password authentication failed for user|too many connections)",
     'postgres[3]: [2-1] FATAL:  password authentication failed for user "app"'),
    (r"duration: (?P<ms>\d{4,}\.\d+) ms +(?:statement|execute [^:]+): (?P<sql>.*)",
     "LOG:  duration: 15001.123 ms  execute <unnamed>: SELECT 1"),
    (r"(?:ERROR|PANIC): +(?:could not|cannot) (?P<what>\w+) .*: (?P<why>No space left on device)",
     'ERROR:  could not extend file "base/1": No space left on device'),
    (r"checkpoints are occurring too frequently \((?P<s>\d+) seconds? apart\)",
     "LOG:  checkpoints are occurring too frequently (9 seconds apart)"),
    (r"deadlock detected.*", "ERROR:  deadlock detected"),
    (r"server process \(PID (?P<pid>\d+)\) was terminated by signal (?P<signal>\d+)",
     "LOG:  server process (PID 77) was terminated by signal 9: Killed"),
    (r"\[ERROR\] (?:\[MY-\d+\] )?\[(?P<part>\w+)\] (?P<what>.*)", "0 [ERROR] [MY-010119] [Server] Aborting"),
    (r"# Query_time: (?P<q>[\d.]+)\s+Lock_time: (?P<l>[\d.]+)", "# Query_time: 12.5  Lock_time: 0.1 Rows_sent: 1"),
    (r"Aborted connection \d+ to db: '(?P<db>[^']*)'", "Aborted connection 7 to db: 'app' user: 'x'"),
    (r"InnoDB: (?:Error|Database page corruption)", "InnoDB: Database page corruption on disk"),
    (r"(?:Replication|replica).*\b(?:stopped|lag(?:ging)?)\b", "Replication to db2 stopped"),
    (r"MISCONF Redis is configured to save RDB snapshots", "-MISCONF Redis is configured to save RDB snapshots, but"),
    (r"# OOM command not allowed", "# OOM command not allowed when used memory > 'maxmemory'"),
    (r"COLLSCAN.*?(?P<ms>\d+)ms$", "command x planSummary: COLLSCAN keys:0 docs:9 1234ms"),
    (r"(?P<broker>\d+) .*Connection to node (?P<node>-?\d+) .*could not be established",
     "3 WARN Connection to node -1 (kafka/10.0.0.1:9092) could not be established."),
    (r"ORA-(?P<code>\d{5}): (?P<what>.+)", "ORA-01555: snapshot too old"),
    # kernel and hardware
    (r"Out of memory: Kill(?:ed)? process (?P<pid>\d+) \((?P<comm>[^)]+)\)",
     "[8.5] Out of memory: Killed process 2211 (java) total-vm:8kB"),
    (r"oom-kill:constraint=(?P<c>\w+),.*task=(?P<task>[^,]+),pid=(?P<pid>\d+)",
     "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task=java,pid=77,uid=0"),
    (r"I/O error, dev (?P<dev>\w+), sector (?P<sector>\d+)(?! op 0x1)", "blk: I/O error, dev sdb, sector 77 op 0x0"),
    (r"EXT[234]-fs (?P<level>error|warning) \(device (?P<dev>[\w-]+)\): (?P<fn>\w+)",
     "EXT4-fs error (device dm-0): ext4_find_entry: reading"),
    (r"XFS \((?P<dev>\S+)\): (?:Metadata corruption|Internal error|log I/O error)",
     "XFS (sda1): Metadata corruption detected at x"),
    (r"segfault at (?P<at>[0-9a-f]+) ip (?P<ip>[0-9a-f]+) sp [0-9a-f]+ error (?P<err>\d+)",
     "w[9]: segfault at 10 ip 00007f12 sp 00007ffd error 4 in libc.so.6"),
    (r"(?P<nic>(?:eth|en[ops]|bond)\w*): (?:NIC Link is Down|link (?:is not ready|down))",
     "e1000e 0000:00:19.0 enp0s25: NIC Link is Down"),
    (r"\[Hardware Error\]: .*(?:corrected|Uncorrected)", "mce: [Hardware Error]: Machine check: Uncorrected"),
    (r"CPU(?P<cpu>\d+): (?:Core|Package) temperature above threshold", "CPU3: Core temperature above threshold, cpu clock"),
    (r"INFO: task (?P<task>\S+):(?P<pid>\d+) blocked for more than (?P<s>\d+) seconds",
     "INFO: task kworker/u8:1:77 blocked for more than 120 seconds."),
    (r"nf_conntrack: (?:nf_conntrack: )?table full, dropping packet", "nf_conntrack: nf_conntrack: table full, dropping packet"),
    (r"SRC=(?P<src>\S+) (?:.*? )?PROTO=(?P<proto>\w+) (?:.*? )?DPT=(?P<port>\d+)",
     "[UFW BLOCK] IN=eth0 SRC=192.0.2.1 DST=192.0.2.2 LEN=40 PROTO=TCP SPT=1 DPT=22 WINDOW=1"),
    (r"md(?P<md>\d+): (?:Disk failure on (?P<disk>\w+)|.*degraded)", "md/raid1:md0: Disk failure on sdb1, disabling"),
    (r"audit: type=(?P<type>14\d\d) .*apparmor=\"DENIED\".*profile=\"(?P<profile>[^\"]+)\"",
     'audit: type=1400 audit(1.1:2): apparmor="DENIED" operation="open" profile="ntpd" name="x"'),
    (r"BUG: (?:soft lockup|unable to handle)|Kernel panic - not syncing", "watchdog: BUG: soft lockup - CPU#1"),
    (r"usb \d+-[\d.]+: USB disconnect, device number \d+", "usb 1-1.2: USB disconnect, device number 7"),
    # services
    (r"(?P<unit>[\w@.-]+)\.service: Failed with result '?(?P<result>[\w-]+)'?",
     "systemd[1]: nginx.service: Failed with result 'exit-code'."),
    (r"(?P<unit>\S+)\.service: (?:Main|Control) process exited, code=(?P<code>\w+), status=(?P<s>\d+)/(?P<n>\S+)",
     "systemd[1]: a@b.service: Main process exited, code=exited, status=1/FAILURE"),
    (r"Start request repeated too quickly", "systemd[1]: x.service: Start request repeated too quickly."),
    (r"Back-off restarting failed container", "kubelet: Back-off restarting failed container=x pod=y"),
    (r"(?P<reason>Evicted|OOMKilled|CrashLoopBackOff|ImagePullBackOff)", "pod web-1 CrashLoopBackOff"),
    (r"Readiness probe failed: (?P<why>.*)", "Readiness probe failed: HTTP probe failed with 503"),
    (r"certificate (?:has expired|will expire in (?P<days>\d+) days?)", "x509: certificate has expired or is not yet valid"),
    (r"CRON\[\d+\]: \((?P<user>\w+)\) (?:CMD|MAIL|error) \((?P<what>.*)\)", "CRON[77]: (root) CMD (run-parts /etc/cron.hourly)"),
    (r"(?:REFUSED|SERVFAIL) (?:unexpected RCODE )?resolving '(?P<name>[^/']+)/", "named[1]: REFUSED unexpected RCODE resolving 'a.example/A/IN': 192.0.2.1#53"),
    (r"DHCPDISCOVER from (?P<mac>(?:[0-9a-f]{2}:){5}[0-9a-f]{2}).*no free leases", "DHCPDISCOVER from 00:11:22:aa:bb:cc via eth0: network x: no free leases"),
    (r"TLS Error: TLS key negotiation failed", "192.0.2.1:1194 TLS Error: TLS key negotiation failed to occur"),
    (rf"peer (?P<peer>\S+) (?:\(.*?\) )?Down\b|BGP.*neighbor {_IP} Down", "BGP: %ADJCHANGE: neighbor 192.0.2.1 Down"),
    (r"clock (?:is )?(?:un)?synchroni[sz]ed|time stepped by (?P<by>[+-]?\d+\.\d+)", "ntpd: time stepped by -1.500000"),
    (rf"load average[s:]* {_NUMBER}, {_NUMBER}", "load average: 9.10, 8.00, 7.00"),
    (r"(?P<used>9[5-9]|100)% (?P<mount>/\S*)", "/dev/sda1 40G 39G 1G 97% /var"),
    # shapes that are hard to scan for
    (r"(\w+) != \1\b", "checksum abc != abc"),
    (r"^(?:(?!healthz).)*status=5\d\d", "GET /cart status=503"),
    (r"job=(?P<job>\w+) .*? parent=(?P=job)\b", "job=db x parent=db"),
    (r"^(?>[^ ]+) (?P<rest>ALERT.*)$", "host ALERT disk"),
    (r"(?P<open>\[)?alarm(?(open)\])", "[alarm]"),
    (r"\A(?:\S++\s){2}down\Z", "link eth0 down"),
    (r"(?s:a.b)|(?x: c  d )", "x cd y"),
    (r"^\s*$|^-{3,}$", "-----"),
    (r".*", "anything"),
    ("Straße|(?i:größe)", "die GRÖSSE und die GRÖßE"),
    (r"温度.{1,3}高", "温度が高い"),
]
# fmt: on


def test_there_are_a_hundred_of_them():
    """A share is only worth something of many."""
    assert len(CASES) >= 100


@pytest.mark.parametrize(("pattern", "line"), CASES)
def test_a_pattern_matches_its_line_through_the_engine(pattern, line):
    """Alone, among other lines, as the reference has it."""
    rules = [RulePatterns(match=(pattern,))]
    data = f"nothing to see\n{line}\r\nnor here\n".encode()
    hits = Matcher(rules, engine="hyperscan").match(data)
    assert line in [hit.text for hit in hits]
    assert hits == ReferenceMatcher(rules).match(data)


def test_all_of_them_at_once_find_what_the_reference_finds():
    """One database, every line, in both encodings."""
    rules = [RulePatterns(match=(pattern,)) for pattern, _ in CASES]
    for encoding in ("utf-8", "latin-1"):
        data = "\n".join(line for _, line in CASES).encode(encoding, "replace")
        matcher = Matcher(rules, encoding=encoding)
        assert matcher.match(data) == ReferenceMatcher(rules, encoding=encoding).match(data)


def test_nearly_every_pattern_has_a_prefilter():
    """Those without can match a line of which nothing is certain."""
    unfiltered = Matcher([RulePatterns(match=(pattern,)) for pattern, _ in CASES]).unfiltered()
    assert [pattern for _, pattern, _ in unfiltered] == [
        r"^(?=.*\bauth)(?=.*\bfail).*$",
        r"^\s*$|^-{3,}$",
        r".*",
    ]
