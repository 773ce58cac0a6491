// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailFormat
import MailStore

extension IMAPSession {
    /// FETCH (RFC 9051 section 6.4.5). Metadata is read in batches and texts in ranges, each in a short transaction: a
    /// slow client holds none while it is written to.
    func fetch(_ tag: String, _ store: AccountStore, _ mailbox: SelectedMailbox, _ command: FetchCommand) async throws {
        var items = command.items
        if command.byUID, !items.contains(.uid) { items.insert(.uid, at: 0) }
        if items.contains(.modseq) || command.changedSince != nil { isCondstore = true }
        if command.changedSince != nil, !items.contains(.modseq) { items.append(.modseq) }
        var indices = try mailbox.indices(command.set, byUID: command.byUID)
        if let since = command.changedSince { indices = indices.filter { mailbox.messages.modseqs[$0] > since } }
        indices = indices.filter { !mailbox.untold.contains(mailbox.messages.uids[$0]) }
        let marksSeen = !mailbox.isReadOnly && items.contains { $0.marksSeen }
        for start in stride(from: 0, to: indices.count, by: limits.fetchBatch) {
            let batch = Array(indices[start..<min(start + limits.fetchBatch, indices.count)])
            let newlySeen = marksSeen ? try await markSeen(batch, store, mailbox.id) : UIDSet()
            try await tell(batch, items, newlySeen, store, mailbox.id)
        }
        try await tellChanges(expunges: command.byUID)
        ok(tag, "done")
    }

    /// Sets `\Seen` where it is not yet; returns where it was set.
    private func markSeen(_ indices: [Int], _ store: AccountStore, _ id: MailboxID) async throws -> UIDSet {
        guard var mailbox = selected else { return UIDSet() }
        let unseen = indices.filter { mailbox.messages.flags[$0] & UInt64(SystemFlags.seen.rawValue) == 0 }
        guard !unseen.isEmpty else { return UIDSet() }
        let stored = try await store.setFlags(.add(MessageFlags(.seen)), of: mailbox.uids(unseen), in: id)
        mailbox.keywords = stored.keywords
        mailbox.update(stored.changed)
        selected = mailbox
        if !stored.changed.isEmpty { announce() }
        return UIDSet(stored.changed.uids)
    }

    /// Metadata is read as far as the store gives it at once, told, and read on.
    private func tell(
        _ indices: [Int], _ items: [FetchItem], _ newlySeen: UIDSet, _ store: AccountStore, _ id: MailboxID
    ) async throws {
        guard let mailbox = selected else { return }
        let needsRow = items.contains { ![.flags, .uid, .modseq].contains($0) }
        var fields: MetadataFields = []
        if items.contains(where: \.needsHeader) { fields.insert(.header) }
        if items.contains(where: \.needsStructure) { fields.insert(.structure) }
        guard needsRow else { return try await tell(indices[...], items, newlySeen, nil, store, mailbox) }
        var left = indices[...]
        while !left.isEmpty {
            let rows = try await store.metadata(of: mailbox.uids(Array(left)), in: id, with: fields)
            guard let last = rows.last?.uid else { return }
            let told = left.prefix { mailbox.messages.uids[$0] <= last }
            try await tell(told, items, newlySeen, rows, store, mailbox)
            left = left.dropFirst(told.count)
        }
    }

    /// - Parameter rows: of these messages, ascending; nil when none of the items needs one.
    private func tell(
        _ indices: ArraySlice<Int>, _ items: [FetchItem], _ newlySeen: UIDSet, _ rows: [MessageMetadata]?,
        _ store: AccountStore, _ mailbox: SelectedMailbox
    ) async throws {
        var rows = rows.map { $0[...] }
        for index in indices {
            let uid = mailbox.messages.uids[index]
            var row: MessageMetadata?
            if rows != nil {
                // gone meanwhile: the EXPUNGE comes when it may
                guard rows?.first?.uid == uid else { continue }
                row = rows?.removeFirst()
            }
            var all = items
            if newlySeen.contains(uid), !all.contains(.flags) { all.append(.flags) }
            let (before, writes) = (out.bytes.count, writes)
            do {
                out.raw("* \(index + 1) FETCH (")
                for (position, item) in all.enumerated() {
                    if position > 0 { out.raw(" ") }
                    try await tell(item, index, row, store, mailbox)
                }
                out.raw(")\r\n")
            } catch {
                // NO may follow whole responses only.
                guard writes == self.writes else { throw BrokenLiteral() }
                out.truncate(to: before)
                throw error
            }
            if out.bytes.count > 64 << 10 { try await flush() }
        }
    }

    private func tell(
        _ item: FetchItem, _ index: Int, _ row: MessageMetadata?, _ store: AccountStore, _ mailbox: SelectedMailbox
    ) async throws {
        let messages = mailbox.messages
        switch item {
        case .uid: out.raw("UID \(messages.uids[index])")
        case .flags:
            out.raw("FLAGS (\(mailbox.flagText(messages.flags[index], uid: messages.uids[index], isRev2: isRev2)))")
        case .modseq: out.raw("MODSEQ (\(messages.modseqs[index]))")
        default:
            guard let row else { return }
            switch item {
            case .internalDate: out.raw("INTERNALDATE \"\(row.internalDate.text)\"")
            case .size: out.raw("RFC822.SIZE \(row.size)")
            case .envelope:
                out.raw("ENVELOPE ")
                out.envelope(row.structure?.envelope)
            case .body, .bodyStructure:
                out.raw(item == .body ? "BODY " : "BODYSTRUCTURE ")
                guard let structure = row.structure else {
                    throw Refusal(no: "the structure is not known", code: "UNAVAILABLE")
                }
                out.structure(structure, isExtended: item == .bodyStructure)
            case .rfc822: try await text("RFC822", 0..<row.size, nil, row, store)
            case .rfc822Text: try await text("RFC822.TEXT", row.headerSize..<row.size, nil, row, store)
            case .rfc822Header: try await text("RFC822.HEADER", 0..<row.headerSize, nil, row, store)
            case .section(let section, let partial, _): try await self.section(section, partial, row, store)
            case .binary(let part, let partial, _): try await binary(part, partial, row, store)
            case .binarySize(let part):
                let size = try await binarySize(part, row, store)
                out.raw("BINARY.SIZE[\(part.map(String.init).joined(separator: "."))] \(size)")
            case .uid, .flags, .modseq: break
            }
        }
    }

    private func section(_ section: Section, _ partial: Partial?, _ row: MessageMetadata, _ store: AccountStore)
        async throws
    {
        let name = "BODY[\(section.label)]" + (partial.map { "<\($0.start)>" } ?? "")
        guard let (header, body) = row.ranges(of: section.part) else { return out.raw("\(name) NIL") }
        switch section.text {
        case .all:
            let whole = section.part.isEmpty ? 0..<row.size : body
            try await text(name, whole, partial, row, store)
        case .mime: try await text(name, header, partial, row, store)
        case .header, .text:
            guard let inner = row.message(section.part) else { return out.raw("\(name) NIL") }
            try await text(name, section.text == .header ? inner.header : inner.body, partial, row, store)
        case .headerFields(let names, let isNot):
            guard let inner = row.message(section.part) else { return out.raw("\(name) NIL") }
            let known = section.part.isEmpty ? row.header : nil
            let bytes = if let known { known } else { try await read(inner.header, row, store) }
            let chosen = Self.fields(of: bytes, names, isNot: isNot)
            out.raw(name + " ")
            out.literal(chosen[partial.range(in: chosen.count)])
        }
    }

    /// The fields as they are, and the empty line.
    private static func fields(of bytes: [UInt8], _ names: [String], isNot: Bool) -> [UInt8] {
        let wanted = Set(names.map { $0.lowercased() })
        var result: [UInt8] = []
        for field in MessageHeader(bytes).fields where wanted.contains(field.name.lowercased()) != isNot {
            result += bytes[field.raw]
        }
        return result + [0x0D, 0x0A]
    }

    /// A literal read and written in steps.
    private func text(
        _ name: String, _ range: Range<Int>, _ partial: Partial?, _ row: MessageMetadata, _ store: AccountStore
    ) async throws {
        let inside = partial.range(in: range.count)
        let wanted = range.lowerBound + inside.lowerBound..<range.lowerBound + inside.upperBound
        // read before the size is promised: a body that cannot be read is NO, not a cut literal
        var position = wanted.lowerBound
        var part = try await store.read(row.body, position..<wanted.upperBound)
        out.raw("\(name) {\(wanted.count)}\r\n")
        while true {
            out.raw(part)
            position += part.count
            guard position < wanted.upperBound else { return }
            try await flush()
            part = try await Self.orBroken { try await store.read(row.body, position..<wanted.upperBound) }
            guard !part.isEmpty else { throw BrokenLiteral() }
        }
    }

    /// The connection must end: a literal was promised and cannot be kept.
    struct BrokenLiteral: Error {}

    private static func orBroken(_ read: () async throws -> [UInt8]) async throws -> [UInt8] {
        do { return try await read() } catch { throw BrokenLiteral() }
    }

    private func read(_ range: Range<Int>, _ row: MessageMetadata, _ store: AccountStore) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while range.lowerBound + bytes.count < range.upperBound {
            let part = try await store.read(row.body, range.lowerBound + bytes.count..<range.upperBound)
            guard !part.isEmpty else { break }
            bytes += part
        }
        return bytes
    }
}

extension Partial? {
    /// Inside `count` bytes.
    func range(in count: Int) -> Range<Int> {
        guard let self else { return 0..<count }
        let start = Swift.min(self.start, count)
        return start..<Swift.min(start + self.count, count)
    }
}

extension FetchItem {
    var marksSeen: Bool {
        switch self {
        case .rfc822, .rfc822Text: true
        case .section(_, _, let isPeek), .binary(_, _, let isPeek): !isPeek
        default: false
        }
    }

    var needsHeader: Bool {
        switch self {
        case .section(let section, _, _):
            if case .headerFields = section.text { section.part.isEmpty } else { false }
        default: false
        }
    }

    var needsStructure: Bool {
        switch self {
        case .envelope, .body, .bodyStructure: true
        case .section(let section, _, _): !section.part.isEmpty
        case .binary(let part, _, _), .binarySize(let part): !part.isEmpty
        default: false
        }
    }
}

extension Section {
    /// As it was asked for: `1.2.HEADER.FIELDS (DATE)`.
    var label: String {
        let numbers = part.map(String.init).joined(separator: ".")
        let word: String
        switch text {
        case .all: word = ""
        case .header: word = "HEADER"
        case .text: word = "TEXT"
        case .mime: word = "MIME"
        case .headerFields(let names, let isNot):
            var list = ResponseEncoder()
            for (position, name) in names.enumerated() {
                if position > 0 { list.raw(" ") }
                let isAtom =
                    name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !#"(){%*"\]"#.utf8.contains($0) } && !name.isEmpty
                if isAtom { list.raw(name) } else { list.string(name) }
            }
            word = "HEADER.FIELDS\(isNot ? ".NOT" : "") (\(String(decoding: list.bytes, as: UTF8.self)))"
        }
        return numbers.isEmpty || word.isEmpty ? numbers + word : numbers + "." + word
    }
}

extension MessageMetadata {
    /// Header and body of the message (no numbers) or of a part.
    fileprivate func ranges(of part: [Int]) -> (header: Range<Int>, body: Range<Int>)? {
        guard !part.isEmpty else { return (0..<headerSize, headerSize..<size) }
        return structure?.part(part).map { ($0.header, $0.body) }
    }

    /// What HEADER and TEXT mean: the message itself, or the one inside a `message/rfc822` part.
    fileprivate func message(_ part: [Int]) -> (header: Range<Int>, body: Range<Int>)? {
        guard !part.isEmpty else { return ranges(of: part) }
        guard let found = structure?.part(part), found.isMessage else { return nil }
        return (found.children[0].header, found.children[0].body)
    }
}

extension InternalDate {
    /// `17-Jul-1996 02:44:25 -0700`
    fileprivate var text: String {
        // "Wed, 17 Jul 1996 02:44:25 -0700"
        let words = DateTime(seconds: seconds, zoneMinutes: zoneMinutes).description.split(separator: " ")
        let day = words[1].count == 1 ? " \(words[1])" : "\(words[1])"
        return "\(day)-\(words[2])-\(words[3]) \(words[4]) \(words[5])"
    }
}
