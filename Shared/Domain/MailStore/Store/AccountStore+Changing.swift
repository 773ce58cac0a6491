// SPDX-License-Identifier: Apache-2.0
import GRDB

extension AccountStore {
    /// STORE. UIDs that are not there are passed over. With `unchangedSince`, a message whose modseq is higher is left
    /// alone and named in `modified`. One modseq for each step (`changeInSteps`). `.limit(.keywords)`, `.invalidKeyword`
    package func setFlags(
        _ change: FlagChange, of uids: UIDSet, in mailbox: MailboxID, unchangedSince: UInt64? = nil
    ) async throws(StoreError) -> FlagsStored {
        var result: FlagsStored?
        try await changeInSteps(
            uids, in: mailbox,
            { db, row, uids in try db.setFlags(change, of: uids, in: row, unchangedSince: unchangedSince) },
            taking: { step in
                if result == nil { result = step } else { result?.add(step) }
            })
        guard let result else { throw .cancelled }
        return result
    }

    /// COPY: flags, internal date and bytes are kept; the copy costs a row and counts as a message. All or none: when a later step
    /// fails, what the earlier ones copied goes again. `.noSuchMailbox` (destination), `.overQuota`
    package func copy(
        _ uids: UIDSet, from mailbox: MailboxID, to destination: MailboxName
    ) async throws(StoreError) -> Copied {
        let quota = try await quota()
        if quota != nil {
            try await read { db in try db.checkRoom(for: db.size(of: uids, in: db.mailbox(mailbox)), limit: quota) }
        }
        var copied: Copied?
        do {
            try await changeInSteps(
                uids, in: mailbox,
                { db, source, uids in
                    try db.copyMessages(
                        uids, from: source, to: db.existingMailbox(named: destination), quota: quota
                    ).copied
                }, taking: { Self.add($0, to: &copied) })
        } catch {
            if let copied { _ = try? await expunge(UIDSet(copied.destination), in: copied.mailbox) }
            throw error
        }
        guard let copied else { throw .cancelled }
        return copied
    }

    /// MOVE (RFC 6851): copy and expunge in one transaction for each step. Into the same mailbox: the messages get new UIDs. It
    /// needs no room, so that who is over the quota can still put messages into the trash.
    package func move(
        _ uids: UIDSet, from mailbox: MailboxID, to destination: MailboxName
    ) async throws(StoreError) -> (copied: Copied, expunged: Expunged) {
        var (copied, expunged): (Copied?, Expunged?)
        try await changeInSteps(
            uids, in: mailbox,
            { db, source, uids in
                try db.moveMessages(uids, from: source, to: db.existingMailbox(named: destination))
            },
            taking: { step in
                Self.add(step.copied, to: &copied)
                Self.add(step.expunged, to: &expunged)
            })
        guard let copied, let expunged else { throw .cancelled }
        return (copied, expunged)
    }

    /// Removes the messages with `\Deleted`: all, or those of `uids` (UID EXPUNGE).
    package func expungeDeleted(
        in mailbox: MailboxID, among uids: UIDSet = .all
    ) async throws(StoreError) -> Expunged {
        try await expunge(uids, in: mailbox, onlyDeleted: true)
    }

    /// Removes these messages, whatever their flags (POP3 QUIT, upkeep).
    @discardableResult
    package func expunge(_ uids: UIDSet, in mailbox: MailboxID) async throws(StoreError) -> Expunged {
        try await expunge(uids, in: mailbox, onlyDeleted: false)
    }

    private func expunge(
        _ uids: UIDSet, in mailbox: MailboxID, onlyDeleted: Bool
    ) async throws(StoreError) -> Expunged {
        var expunged: Expunged?
        try await changeInSteps(
            uids, in: mailbox, { db, row, uids in try db.expunge(uids, in: row, onlyDeleted: onlyDeleted) },
            taking: { Self.add($0, to: &expunged) })
        guard let expunged else { throw .cancelled }
        return expunged
    }

    private static func add(_ step: Expunged, to expunged: inout Expunged?) {
        guard let earlier = expunged else { return expunged = step }
        expunged = Expunged(state: step.state, uids: UIDSet(ranges: earlier.uids.ranges + step.uids.ranges))
    }

    private static func add(_ step: Copied, to copied: inout Copied?) {
        guard copied != nil else { return copied = step }
        copied?.source += step.source
        copied?.destination += step.destination
    }
}

extension FlagsStored {
    /// What a later step did.
    fileprivate mutating func add(_ step: FlagsStored) {
        (state, keywords) = (step.state, step.keywords)
        changed.append(step.changed)
        unchanged.append(step.unchanged)
        modified = UIDSet(ranges: modified.ranges + step.modified.ranges)
    }
}

extension Database {
    fileprivate func setFlags(
        _ change: FlagChange, of uids: UIDSet, in row: MailboxRow, unchangedSince: UInt64?
    ) throws -> FlagsStored {
        var result = FlagsStored(
            state: row.state, keywords: try keywords(of: row.id), changed: MessageColumns(),
            unchanged: MessageColumns(), modified: UIDSet())
        var concerned = MessageColumns()
        try forEachMessage("m.id, m.flags, m.modseq", in: row, uids) { message in
            let uid = MessageKey.uid(message[0])
            let modseq = UInt64(bitPattern: message[2] as Int64)
            if let unchangedSince, modseq > unchangedSince {
                result.modified.insert(uid)
            } else {
                concerned.append(uid: uid, flags: UInt64(bitPattern: message[1] as Int64), modseq: modseq)
            }
        }
        // A keyword is made for messages that take it alone.
        guard !concerned.isEmpty else { return result }
        let operand: UInt64
        switch change {
        case .replace(let flags), .add(let flags):
            operand = try pack(flags, in: row.id, &result.keywords)
        case .remove(let flags):
            operand = try pack(flags, in: row.id, &result.keywords, adding: false)
        }
        for index in 0..<concerned.count {
            let (uid, flags, modseq) = (concerned.uids[index], concerned.flags[index], concerned.modseqs[index])
            let wanted =
                switch change {
                case .replace: operand
                case .add: flags | operand
                case .remove: flags & ~operand
                }
            if wanted == flags {
                result.unchanged.append(uid: uid, flags: flags, modseq: modseq)
            } else {
                result.changed.append(uid: uid, flags: wanted, modseq: 0)
            }
        }
        guard !result.changed.isEmpty else { return result }
        let modseq = try nextModseq()
        let update = try cachedStatement(sql: "UPDATE messages SET flags = ?, modseq = ? WHERE id = ?")
        for index in 0..<result.changed.count {
            result.changed.modseqs[index] = UInt64(modseq)
            try update.execute(arguments: [
                Int64(bitPattern: result.changed.flags[index]), modseq,
                MessageKey.make(row.id, result.changed.uids[index]),
            ])
        }
        try touch(row.id, modseq: modseq)
        result.state.highestModseq = UInt64(modseq)
        return result
    }

    fileprivate func size(of uids: UIDSet, in row: MailboxRow) throws -> Int {
        var size = 0
        try forEachMessage("m.id, m.size", in: row, uids) { size += $0[1] as Int }
        return size
    }

    fileprivate func expunge(_ uids: UIDSet, in mailbox: MailboxRow, onlyDeleted: Bool) throws -> Expunged {
        var result = Expunged(state: mailbox.state, uids: UIDSet())
        if onlyDeleted, mailbox.deleted == 0 { return result }
        var keys: [Int64] = []
        let deleted = Int64(SystemFlags.deleted.rawValue)
        try forEachMessage("m.id, m.flags", in: mailbox, uids) { row in
            if !onlyDeleted || (row[1] as Int64) & deleted != 0 { keys.append(row[0]) }
        }
        guard !keys.isEmpty else { return result }
        let modseq = try nextModseq()
        result.uids = try removeMessages(keys, from: mailbox.id, modseq: modseq)
        try touch(mailbox.id, modseq: modseq)
        result.state.highestModseq = UInt64(modseq)
        return result
    }

    func moveMessages(
        _ uids: UIDSet, from source: MailboxRow, to destination: MailboxRow
    ) throws -> (copied: Copied, expunged: Expunged) {
        let (copied, modseq) = try copyMessages(uids, from: source, to: destination, quota: nil)
        guard let modseq else { return (copied, Expunged(state: source.state, uids: UIDSet())) }
        let keys = copied.source.map { MessageKey.make(source.id, $0) }
        let gone = try removeMessages(keys, from: source.id, modseq: modseq)
        if source.id != destination.id { try touch(source.id, modseq: modseq) }
        return (copied, Expunged(state: try mailbox(source.id).state, uids: gone))
    }

    /// No modseq is taken when nothing was there to copy.
    fileprivate func copyMessages(
        _ uids: UIDSet, from source: MailboxRow, to destination: MailboxRow, quota: Int?
    ) throws -> (copied: Copied, modseq: Int64?) {
        struct Original {
            var uid: UInt32
            var flags: UInt64
            var size: Int
            var date: InternalDate
            var body: Int64
        }
        var copied = Copied(
            mailbox: destination.id, uidValidity: destination.state.uidValidity, source: [], destination: [])
        var originals: [Original] = []
        try forEachMessage("m.id, m.flags, m.size, m.internal_date, m.zone, m.body", in: source, uids) { row in
            originals.append(
                Original(
                    uid: MessageKey.uid(row[0]), flags: UInt64(bitPattern: row[1] as Int64), size: row[2],
                    date: InternalDate(seconds: row[3], zoneMinutes: row[4]), body: row[5]))
        }
        guard !originals.isEmpty else { return (copied, nil) }
        try checkRoom(for: originals.reduce(0) { $0 + $1.size }, limit: quota)
        guard originals.count < Int(UInt32.max - destination.state.uidNext) else { throw StoreError.limit(.uids) }

        // Keywords have other bits in the other mailbox.
        let sourceKeywords = try keywords(of: source.id)
        var destinationKeywords = try keywords(of: destination.id)
        var translated: [UInt64: UInt64] = [:]
        let modseq = try nextModseq()
        var next = destination.state.uidNext
        for original in originals {
            var flags = original.flags
            if source.id != destination.id, flags >> KeywordTable.firstBit != 0 {
                if let known = translated[flags] {
                    flags = known
                } else {
                    flags = try pack(sourceKeywords.flags(flags), in: destination.id, &destinationKeywords)
                    translated[original.flags] = flags
                }
            }
            try insertMessage(
                MessageKey.make(destination.id, next), in: destination.id, body: original.body, modseq: modseq,
                flags: flags, size: original.size, date: original.date)
            copied.source.append(original.uid)
            copied.destination.append(next)
            next += 1
        }
        try touch(destination.id, modseq: modseq, uidNext: next)
        return (copied, modseq)
    }
}
