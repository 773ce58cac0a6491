// SPDX-License-Identifier: Apache-2.0

/// What an account holds, and how much it may hold. In bytes; docs/decisions/0030-quotas.md says what counts.
package struct StorageUse: Sendable, Equatable {
    /// Messages of all mailboxes; a copy is a message.
    package var messages: Int
    package var messageBytes: Int
    /// Events, tasks and cards.
    package var objectBytes: Int
    /// Nil: as much as the disk takes.
    package var limit: Int?

    package init(messages: Int, messageBytes: Int, objectBytes: Int, limit: Int?) {
        self.messages = messages
        self.messageBytes = messageBytes
        self.objectBytes = objectBytes
        self.limit = limit
    }

    package var bytes: Int { messageBytes + objectBytes }

    /// What still fits; nil without a limit.
    package var available: Int? { limit.map { max(0, $0 - bytes) } }

    func hasRoom(for more: Int) -> Bool { available.map { more <= $0 } ?? true }
}

/// When an account's owner is told that it fills up: once at nine tenths of the limit, and again only after the use was
/// below eight tenths, or for another limit.
enum QuotaWarning {
    static func begins(at limit: Int) -> Int { limit - limit / 10 }
    static func ends(below limit: Int) -> Int { limit - limit / 5 }
}
