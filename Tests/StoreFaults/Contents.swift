// SPDX-License-Identifier: Apache-2.0
import MailStore

/// What an account holds, as its clients would see it. UIDVALIDITY is left out, which depends on the clock.
struct Contents: Equatable {
    struct Message: Equatable {
        var flags: MessageFlags
        var modseq: UInt64
        var bytes: [UInt8]
    }

    struct Mailbox: Equatable {
        var uidNext: UInt32
        var highestModseq: UInt64
        var messages: [UInt32: Message] = [:]
    }

    var mailboxes: [String: Mailbox] = [:]
    var subscribed: Set<String> = []

    init(of store: AccountStore) async throws {
        for listing in try await store.list() {
            if listing.isSubscribed { subscribed.insert(listing.name.path) }
            guard let id = listing.id, let status = listing.status else { continue }
            var mailbox = Mailbox(uidNext: status.state.uidNext, highestModseq: status.state.highestModseq)
            for message in try await store.metadata(of: .all, in: id) {
                mailbox.messages[message.uid] = Message(
                    flags: message.flags, modseq: message.modseq, bytes: try await store.readAll(message.body))
            }
            mailboxes[listing.name.path] = mailbox
        }
    }

    /// For a report: figures, no texts.
    var summary: String {
        mailboxes.sorted { $0.key < $1.key }
            .map { name, box in
                "\(name) next \(box.uidNext) modseq \(box.highestModseq) "
                    + box.messages.sorted { $0.key < $1.key }
                    .map { "\($0.key):\($0.value.modseq):\($0.value.flags.system.rawValue):\($0.value.bytes.count)" }
                    .joined(separator: ",")
            }
            .joined(separator: " | ")
    }
}
