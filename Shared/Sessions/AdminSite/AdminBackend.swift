// SPDX-License-Identifier: Apache-2.0
import Accounts
import BackupJobs
import DNSClient
import DomainRecords
import Logging
import MailStore
import OutgoingQueue
import SASLMechanisms
import ServiceKit

/// What the pages show and change.
package struct AdminBackend: Sendable {
    /// With the configuration, accounts and signing keys.
    package var directory: Directory
    /// For what each account holds.
    package var accounts: AccountDirectory
    package var queue: OutgoingQueue
    package var resolver: any Resolver
    /// `nil`: without Redis.
    package var backups: BackupJobs?
    /// Waits as long as the client's address must, checks, remembers a failure.
    package var login: @Sendable (SASLCredentials, PeerAddress, Logger) async -> LoginOutcome
    /// The public key of the certificate that is in use, as SubjectPublicKeyInfo in DER.
    package var certificateKey: @Sendable () -> [UInt8]?

    package init(
        directory: Directory, accounts: AccountDirectory, queue: OutgoingQueue, resolver: any Resolver,
        backups: BackupJobs?,
        login: @escaping @Sendable (SASLCredentials, PeerAddress, Logger) async -> LoginOutcome,
        certificateKey: @escaping @Sendable () -> [UInt8]?
    ) {
        (self.directory, self.accounts, self.queue) = (directory, accounts, queue)
        (self.resolver, self.backups, self.login) = (resolver, backups, login)
        self.certificateKey = certificateKey
    }
}

/// What an operator sets.
package struct AdminSettings: Sendable {
    /// The mail server's name, as clients and other servers know it.
    package var hostname: String
    /// Where the world reaches it; empty: what the DNS says.
    package var addresses: [DNSClient.IPAddress] = []
    package var ports = ClientPorts()
    package var services: [WatchedService] = []
    package var policyMode = MTASTSPolicy.Mode.testing

    package init(hostname: String) { self.hostname = hostname }
}

/// Where mail programs connect; TLS from the start on each.
package struct ClientPorts: Sendable {
    package var imap = 993
    package var pop3 = 995
    package var submission = 465
    package var dav = 443

    package init() {}
}

/// A service whose state is shown.
package struct WatchedService: Sendable, Equatable {
    package let name: String
    /// Base address of the health port of all its replicas, as in `http://mail-access:8080`.
    package let url: String

    /// Reads `name=url`; `nil` for anything else.
    package init?(parsing text: String) {
        let parts = text.split(separator: "=", maxSplits: 1).map { $0.trimmingPrefix { $0 == " " } }
        guard parts.count == 2, parts[1].hasPrefix("http://") else { return nil }
        (name, url) = (String(parts[0]), String(parts[1]))
    }
}
