// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MailFormat

extension AccountStore {
    /// The mailbox as SELECT (`claimingRecent: true`, for IMAP4rev1 sessions) or EXAMINE (`false`) sees it.
    /// Claiming makes the messages that are recent now recent to no later session.
    package func select(
        _ name: MailboxName, claimingRecent: Bool = false
    ) async throws(StoreError) -> MailboxSnapshot {
        let seen = try await read { db in
            let row = try db.existingMailbox(named: name)
            return claimingRecent && row.firstRecent < row.state.uidNext ? nil : try db.snapshot(of: row)
        }
        if let seen { return seen }
        do {
            return try await write { db in
                let row = try db.existingMailbox(named: name)
                try db.execute(
                    sql: "UPDATE mailboxes SET first_recent = uid_next WHERE id = ?", arguments: [row.id.rawValue])
                return try db.snapshot(of: row)
            }
        } catch  where error.isTemporary {
            // A full disk stops no reading: the claim is worth less than the SELECT.
            return try await read { db in try db.snapshot(of: db.existingMailbox(named: name)) }
        }
    }

    /// What happened since `state` (of the snapshot, or of the last changes). `.noSuchMailbox` when it was deleted, or
    /// the account came out of a backup: the session should say BYE or behave as unselected.
    ///
    /// Read in one transaction, so nothing is missed or told twice.
    package func changes(
        in mailbox: MailboxID, since state: MailboxState
    ) async throws(StoreError) -> MailboxChanges {
        try await read { db in
            let row = try db.mailbox(mailbox)
            var changes = MailboxChanges(
                state: row.state, keywords: KeywordTable(), changed: MessageColumns(), new: MessageColumns(),
                expunged: UIDSet())
            guard row.state.highestModseq != state.highestModseq || row.state.uidNext != state.uidNext else {
                return changes
            }
            // Messages may have come back between those that the session knows: no client can be told that.
            guard try !db.wasRestored(since: Int64(bitPattern: state.highestModseq)) else {
                throw StoreError.noSuchMailbox
            }
            changes.keywords = try db.keywords(of: mailbox)
            let since = Int64(bitPattern: state.highestModseq)
            let messages = try db.messages(in: mailbox, since: since)
            for index in 0..<messages.count {
                let (uid, flags, modseq) = (messages.uids[index], messages.flags[index], messages.modseqs[index])
                if uid < state.uidNext {
                    changes.changed.append(uid: uid, flags: flags, modseq: modseq)
                } else {
                    changes.new.append(uid: uid, flags: flags, modseq: modseq)
                }
            }
            changes.expunged = UIDSet(
                ranges: try db.expunged(in: mailbox, since: since).ranges.compactMap { range in
                    range.lowerBound < state.uidNext
                        ? range.lowerBound...min(range.upperBound, state.uidNext - 1) : nil
                })
            return changes
        }
    }

    /// Metadata of those of `uids` that are there, ascending. Reads no message text: headers and structure are kept
    /// apart. Callers ask for at most 1,000 UIDs at a time (`.limit(.uids)` when more are found), so that a
    /// FETCH of a large mailbox neither holds a transaction nor memory.
    ///
    /// The message with which headers and structures reach `StoreLimits.metadataBytes` is the last: so there is one at
    /// least unless all are gone, and whoever asked goes on behind the last one's UID until nothing comes.
    package func metadata(
        of uids: UIDSet, in mailbox: MailboxID, with fields: MetadataFields = []
    ) async throws(StoreError) -> [MessageMetadata] {
        try await read { db in
            let row = try db.mailbox(mailbox)
            let keywords = try db.keywords(of: mailbox)
            let structure = fields.contains(.structure) ? "b.structure" : "NULL"
            var found: [MessageMetadata] = []
            var held = 0
            try db.forEachMessage(
                """
                m.id, m.modseq, m.flags, m.internal_date, m.zone, m.size, m.body, b.header_size, \(structure)
                """, from: "messages m JOIN bodies b ON b.id = m.body", in: row, uids,
                while: { held < StoreLimits.metadataBytes }
            ) { row in
                guard found.count < MessageMetadata.batch else { throw StoreError.limit(.uids) }
                var one = MessageMetadata(
                    uid: MessageKey.uid(row[0]), modseq: UInt64(bitPattern: row[1] as Int64),
                    flags: keywords.flags(UInt64(bitPattern: row[2] as Int64)),
                    internalDate: InternalDate(seconds: row[3], zoneMinutes: row[4]), size: row[5],
                    headerSize: row[7], body: BodyID(rawValue: row[6]), header: nil, structure: nil)
                if let packed = row[8] as Data? {
                    one.structure = try StructureCoding.decode(packed, size: one.size)
                    held += packed.count + (one.structure?.partCount ?? 0) * MemoryLayout<MIMEPart>.stride
                }
                if fields.contains(.header), one.headerSize <= StoreLimits.readBytes {
                    one.header = try db.bytes(of: one.body, 0..<one.headerSize)
                    held += one.headerSize
                }
                found.append(one)
            }
            return found
        }
    }

    /// Bytes of a message from `range.lowerBound` on: as many as the range asks for, or fewer when the message ends or
    /// `StoreLimits.readBytes` are reached; empty at the end. One short transaction; loop for more. `.noSuchBody`
    package func read(_ body: BodyID, _ range: Range<Int>) async throws(StoreError) -> [UInt8] {
        try await read { db in try db.bytes(of: body, range.prefix(StoreLimits.readBytes)) }
    }

    /// All of a message, read in steps; for callers that need it whole.
    package func readAll(_ body: BodyID) async throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = try await read(body, bytes.count..<bytes.count + StoreLimits.readBytes)
            bytes += piece
            if piece.count < StoreLimits.readBytes { return bytes }
        }
    }

    /// INBOX in order of UID, as a POP3 session keeps it. Delete with `expunge`.
    package func maildrop() async throws(StoreError) -> (mailbox: MailboxID, messages: [MaildropItem]) {
        try await read { db in
            let inbox = try db.existingMailbox(named: .inbox)
            var items: [MaildropItem] = []
            try db.forEachMessage(
                "m.id, m.size, b.header_size, m.body", from: "messages m JOIN bodies b ON b.id = m.body", in: inbox,
                .all
            ) { row in
                let uid = MessageKey.uid(row[0])
                items.append(
                    MaildropItem(
                        uid: uid, uniqueID: "\(inbox.state.uidValidity).\(uid)", size: row[1], headerSize: row[2],
                        body: BodyID(rawValue: row[3])))
            }
            return (inbox.id, items)
        }
    }
}

extension MessageMetadata {
    /// Most messages of one `metadata` call.
    package static let batch = 1000
}

extension MIMEPart {
    /// The part and all below it.
    fileprivate var partCount: Int { children.reduce(1) { $0 + $1.partCount } }
}

extension Database {
    func snapshot(of row: MailboxRow) throws -> MailboxSnapshot {
        let messages = try savedColumns(of: row) ?? columns(of: row)
        return MailboxSnapshot(
            id: row.id, name: row.name, state: row.state, firstRecentUID: row.firstRecent,
            keywords: try keywords(of: row.id), messages: messages, specialUse: row.specialUse)
    }

    /// As the rows have them.
    func columns(of row: MailboxRow) throws -> MessageColumns {
        var messages = MessageColumns()
        messages.reserve(row.messages)
        try forEachMessage("m.id, m.flags, m.modseq", in: row, .all) { messages.append($0) }
        return messages
    }

    /// Messages that came or changed after a modseq and are there, ascending.
    func messages(in mailbox: MailboxID, since modseq: Int64) throws -> MessageColumns {
        var messages = MessageColumns()
        let rows = try Row.fetchCursor(
            cachedStatement(
                sql: "SELECT id, flags, modseq FROM messages WHERE mailbox = ? AND modseq > ? ORDER BY id"),
            arguments: [mailbox.rawValue, modseq])
        while let row = try rows.next() { messages.append(row) }
        return messages
    }

    /// UIDs that went after a modseq.
    func expunged(in mailbox: MailboxID, since modseq: Int64) throws -> UIDSet {
        var gone: [ClosedRange<UInt32>] = []
        let ranges = try Row.fetchCursor(
            cachedStatement(sql: "SELECT first, last FROM changes WHERE kind = ? AND collection = ? AND modseq > ?"),
            arguments: [ChangeKind.messages, mailbox.rawValue, modseq])
        while let range = try ranges.next() { gone.append((range[0] as UInt32)...(range[1] as UInt32)) }
        return UIDSet(ranges: gone)
    }

    /// Bytes of a body, clipped to its end.
    func bytes(of body: BodyID, _ range: Range<Int>) throws -> [UInt8] {
        let statement = try cachedStatement(sql: "SELECT size, lead, chunk, encoding FROM bodies WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [body.rawValue]) else { throw StoreError.noSuchBody }
        let layout = ChunkLayout(size: row[0], lead: row[1], chunk: row[2])
        let isCompressed = row[3] as Int64 == ChunkCoding.zstd
        guard layout.isPossible, isCompressed || row[3] as Int64 == ChunkCoding.plain else { throw StoreError.damaged }
        let range = range.clamped(to: 0..<layout.size)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        let piece = try cachedStatement(sql: "SELECT data FROM chunks WHERE id = ?")
        while bytes.count < range.count {
            let offset = range.lowerBound + bytes.count
            let n = layout.index(of: offset)
            let chunk = layout.range(n)
            let wanted = offset - chunk.lowerBound..<min(chunk.upperBound, range.upperBound) - chunk.lowerBound
            let rows = try Row.fetchCursor(piece, arguments: [ChunkLayout.key(body.rawValue, n)])
            guard let row = try rows.next() else { throw StoreError.noSuchBody }
            try row.withUnsafeData(atIndex: 0) { data in
                try (data ?? Data()).withUnsafeBytes { data in
                    if data.count == chunk.count {
                        bytes.append(contentsOf: data[wanted])
                    } else if isCompressed, data.count < chunk.count {
                        bytes += try ChunkCoding.decompressed(data, size: chunk.count)[wanted]
                    } else {
                        throw StoreError.damaged
                    }
                }
            }
        }
        return bytes
    }
}
