// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailStore

/// CREATE, LIST, LSUB, STATUS.
extension IMAPSession {
    func create(_ tag: String, _ store: AccountStore, _ name: String, _ uses: [String]) async throws {
        var use: SpecialUse?
        if let first = uses.first {
            guard uses.count == 1, let known = SpecialUse(rawValue: String(first.dropFirst()).lowercased()) else {
                throw Refusal(no: "that use is not known", code: "USEATTR")
            }
            use = known
        }
        try await store.create(MailboxName(name), specialUse: use)
        try await done(tag)
    }

    func status(_ tag: String, _ store: AccountStore, _ name: String, _ items: [StatusItem]) async throws {
        let mailbox = try MailboxName(name)
        let status = try await store.status(of: mailbox)
        tell(status, of: mailbox, items)
        try await tellChanges(expunges: false)
        ok(tag, "done")
    }

    private func tell(_ status: MailboxStatus, of name: MailboxName, _ items: [StatusItem]) {
        if items.contains(.highestModseq) { isCondstore = true }
        let figures = items.map { item in
            let figure: String =
                switch item {
                case .messages: "\(status.messages)"
                case .uidNext: "\(status.state.uidNext)"
                case .uidValidity: "\(status.state.uidValidity)"
                case .unseen: "\(status.unseen)"
                case .deleted: "\(status.deleted)"
                case .size: "\(status.size)"
                case .recent: "\(status.recent)"
                case .highestModseq: "\(status.state.highestModseq)"
                }
            return "\(item.rawValue) \(figure)"
        }
        out.raw("* STATUS ")
        out.mailbox(name.path, isUTF8: isRev2)
        out.line(" (\(figures.joined(separator: " ")))")
    }

    func list(_ tag: String, _ store: AccountStore, _ command: ListCommand) async throws {
        if command.patterns == [""], !command.isExtended {
            out.line("* LIST (\\Noselect) \"/\" \"\"")
            return ok(tag, "done")
        }
        let all = try await store.list()
        let patterns = command.patterns.map { MailboxPattern(command.reference + $0) }
        let wantsSubscribed = command.selection.contains(.subscribed)
        func isSelected(_ listing: MailboxListing) -> Bool {
            if wantsSubscribed, !listing.isSubscribed { return false }
            if command.selection.contains(.specialUse), listing.specialUse == nil { return false }
            return wantsSubscribed || listing.id != nil || listing.hasChildren
        }
        func matches(_ listing: MailboxListing) -> Bool { patterns.contains { $0.matches(listing.name.path) } }
        // RECURSIVEMATCH (RFC 5258 section 3.5): a name is told of for what is selected below it, unless all of that is
        // told of itself; CHILDINFO stands wherever something below is selected.
        var parents: Set<MailboxName> = []
        var hidden: Set<MailboxName> = []
        if command.selection.contains(.recursiveMatch) {
            for listing in all where isSelected(listing) {
                parents.formUnion(listing.name.ancestors)
                if !matches(listing) { hidden.formUnion(listing.name.ancestors) }
            }
        }
        for listing in all where matches(listing) && (isSelected(listing) || hidden.contains(listing.name)) {
            tell(listing, command, childInfo: parents.contains(listing.name))
            if let items = command.status, let status = listing.status { tell(status, of: listing.name, items) }
        }
        try await tellChanges(expunges: false)
        ok(tag, "done")
    }

    private func tell(_ listing: MailboxListing, _ command: ListCommand, childInfo: Bool) {
        var attributes: [String] = []
        if listing.id == nil { attributes += isRev2 || command.isExtended ? ["\\NonExistent"] : ["\\Noselect"] }
        attributes.append(listing.hasChildren ? "\\HasChildren" : "\\HasNoChildren")
        if listing.isSubscribed, command.returnsSubscribed || command.selection.contains(.subscribed) {
            attributes.append("\\Subscribed")
        }
        if let use = listing.specialUse {
            attributes.append("\\" + use.rawValue.prefix(1).uppercased() + use.rawValue.dropFirst())
        }
        out.raw("* LIST (\(attributes.joined(separator: " "))) \"/\" ")
        out.mailbox(listing.name.path, isUTF8: isRev2)
        if childInfo {
            let matched = ListCommand.Selection.ofNames.filter(command.selection.contains)
            out.raw(" (\"CHILDINFO\" (\(matched.map { "\"\($0.rawValue)\"" }.joined(separator: " "))))")
        }
        out.raw("\r\n")
    }

    /// RFC 3501 section 6.3.9: with `%`, parents of subscribed names count, as `\Noselect`.
    func lsub(_ tag: String, _ store: AccountStore, _ reference: String, _ text: String) async throws {
        let pattern = MailboxPattern(reference + text)
        var told: Set<String> = []
        for listing in try await store.list() where listing.isSubscribed {
            for name in listing.name.ancestors + [listing.name] where pattern.matches(name.path) {
                let isParent = name != listing.name
                guard !isParent || text.hasSuffix("%"), told.insert(name.path).inserted else { continue }
                out.raw("* LSUB (\(isParent ? "\\Noselect" : "")) \"/\" ")
                out.mailbox(name.path, isUTF8: isRev2)
                out.raw("\r\n")
            }
        }
        try await tellChanges(expunges: false)
        ok(tag, "done")
    }
}

/// `*` is anything, `%` anything up to the separator; INBOX in any case.
struct MailboxPattern {
    private let pattern: [UInt8]

    init(_ text: String) {
        var bytes = Array(text.utf8)
        if bytes.count >= 5, String(decoding: bytes[0..<5], as: UTF8.self).uppercased() == "INBOX",
            bytes.count == 5 || bytes[5] == 0x2F
        {
            bytes.replaceSubrange(0..<5, with: "INBOX".utf8)
        }
        pattern = bytes
    }

    /// In time |name| × |pattern|, whatever the wildcards.
    func matches(_ name: String) -> Bool {
        let name = Array(name.utf8)
        // reachable[n]: the pattern so far matches the first n bytes of the name
        var reachable = [Bool](repeating: false, count: name.count + 1)
        reachable[0] = true
        for byte in pattern {
            var next = [Bool](repeating: false, count: name.count + 1)
            if byte == 0x2A || byte == 0x25 {
                var open = false
                for position in 0...name.count {
                    if position > 0, byte == 0x25, name[position - 1] == 0x2F { open = false }
                    if reachable[position] { open = true }
                    next[position] = open
                }
            } else {
                for position in 0..<name.count where reachable[position] && name[position] == byte {
                    next[position + 1] = true
                }
            }
            reachable = next
        }
        return reachable[name.count]
    }
}
