// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailFormat
import MailStore

/// What the flow asks of the rooms around it (beside `OutgoingQueue`, which it uses as it is), each as narrow as the
/// story needs. `Adapters/` joins them to the real rooms; tests bring small ones of their own.

/// Who is here, and who may write as whom (`Accounts.Directory`).
package protocol RecipientDirectory: Sendable {
    /// Throws when the directory cannot be read just now.
    func find(_ address: MailAddress) async throws -> FoundRecipient
    /// Where mail for this server's postmaster goes; nil when nobody is one.
    func findPostmaster() async throws -> Recipient?
    func mayUse(_ account: AccountID, _ address: MailAddress) async throws -> Bool
}

package enum FoundRecipient: Sendable, Equatable {
    case accounts([AccountID])
    case unknown
    /// Ours, and takes no mail now.
    case disabled
    case notLocal
}

/// Where mail lies (`MailStore.AccountDirectory`).
package protocol MailDrop: Sendable {
    /// Into INBOX; on disk with a full sync when this returns. A second call with the same key, which names a row of
    /// the spool, stores nothing. `warning` makes the message that the owner gets along, when the account is nearly
    /// full and that was not told yet.
    func deliver(
        _ message: [UInt8], to account: AccountID, key: String?, warning: @escaping @Sendable (StorageUse) -> [UInt8]
    ) async throws(DropFailure)
    /// Whether a message of that size fits just now. What cannot be found out is no reason to refuse mail: true.
    func hasRoom(for bytes: Int, in account: AccountID) async -> Bool
}

package enum DropFailure: Error, Sendable, Equatable {
    /// May work later: busy, locked, damaged, key not there, stopping. The text is for the log.
    case temporary(String)
    /// The disk.
    case full
    /// The account, by its quota.
    case overQuota
    case tooLarge
    /// No such account any more.
    case gone

    var isTemporary: Bool { self != .tooLarge && self != .gone }
}

/// Says what is known of a message's authenticity (`MailAuthentication.MessageAuthenticator`).
package protocol Judge: Sendable {
    func judge(_ message: IncomingMessage) async -> Judgement
}

package struct Judgement: Sendable {
    /// The whole Authentication-Results field with its CRLF.
    package let field: String
    /// The domain of the From whose DMARC policy says reject and which the message failed; nil otherwise. Temporary
    /// errors of DNS never set it.
    package let rejectedBy: String?

    package init(field: String, rejectedBy: String?) {
        self.field = field
        self.rejectedBy = rejectedBy
    }
}

/// Tells sessions of an account that something changed (`RedisStreams.Announcements`). Never waits and never fails.
package protocol Announcer: Sendable {
    func changed(_ account: AccountID)
}
