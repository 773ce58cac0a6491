// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailStore

/// A mailbox as this session's client sees it: sequence number n is index n − 1, until an EXPUNGE was told.
struct SelectedMailbox {
    let id: MailboxID
    let name: MailboxName
    let isReadOnly: Bool
    var state: MailboxState
    var keywords: KeywordTable
    var messages: MessageColumns
    let firstRecentUID: UInt32
    /// Messages that went and that the client was not told of yet.
    var untold = UIDSet()
    /// The result of SEARCH with SAVE.
    var saved = UIDSet()

    init(_ snapshot: MailboxSnapshot, isReadOnly: Bool) {
        id = snapshot.id
        name = snapshot.name
        self.isReadOnly = isReadOnly
        state = snapshot.state
        keywords = snapshot.keywords
        messages = snapshot.messages
        firstRecentUID = snapshot.firstRecentUID
    }

    /// Indices of the messages that a set names, ascending. Sequence numbers past the end are BAD; UIDs that are not
    /// there are passed over.
    func indices(_ set: SequenceSet, byUID: Bool) throws -> [Int] {
        if case .saved = set { return saved.ranges.flatMap { indices(ofUIDs: $0) } }
        if byUID {
            let ranges = set.resolved(highest: messages.uids.last ?? 1)
            return UIDSet(ranges: ranges).ranges.flatMap { indices(ofUIDs: $0) }
        }
        // `1:*` is asked of empty mailboxes by clients that did not look.
        if messages.isEmpty, set.hasStar { return [] }
        let ranges = UIDSet(ranges: set.resolved(highest: UInt32(max(messages.count, 1)))).ranges
        guard let last = ranges.last else { return [] }
        guard Int(last.upperBound) <= messages.count else { throw Refusal(bad: "there is no message with that number") }
        return ranges.flatMap { Int($0.lowerBound) - 1...Int($0.upperBound) - 1 }
    }

    private func indices(ofUIDs range: ClosedRange<UInt32>) -> Range<Int> {
        let first = messages.firstIndex(notBelow: range.lowerBound)
        let last = range.upperBound == .max ? messages.count : messages.firstIndex(notBelow: range.upperBound + 1)
        return first..<max(first, last)
    }

    func uids(_ indices: [Int]) -> UIDSet { UIDSet(indices.map { messages.uids[$0] }) }

    /// `\Seen $Label1 …`
    func flagText(_ packed: UInt64, uid: UInt32, isRev2: Bool) -> String {
        let system = SystemFlags(rawValue: UInt8(truncatingIfNeeded: packed))
        var names = FlagNames.system.filter { system.contains($0.flag) }.map(\.name)
        if !isRev2, uid >= firstRecentUID { names.append("\\Recent") }
        return (names + keywords.keywords(packed)).joined(separator: " ")
    }

    mutating func update(_ changed: MessageColumns) {
        for (offset, uid) in changed.uids.enumerated() {
            guard let index = messages.index(of: uid) else { continue }
            messages.flags[index] = changed.flags[offset]
            messages.modseqs[index] = changed.modseqs[offset]
        }
    }
}

/// System flags by name.
enum FlagNames {
    static let system: [(flag: SystemFlags, name: String)] = [
        (.answered, "\\Answered"), (.flagged, "\\Flagged"), (.deleted, "\\Deleted"), (.seen, "\\Seen"),
        (.draft, "\\Draft"),
    ]

    /// `\Recent` cannot be set and is passed over; other names with a backslash are refused.
    static func parse(_ names: [String]) throws -> MessageFlags {
        var flags = MessageFlags()
        for name in names {
            if let known = system.first(where: { $0.name.lowercased() == name.lowercased() }) {
                flags.system.insert(known.flag)
            } else if !name.hasPrefix("\\") {
                flags.keywords.insert(name)
            } else if name.lowercased() != "\\recent" {
                throw Refusal(bad: "\(name) is no flag")
            }
        }
        return flags
    }
}
