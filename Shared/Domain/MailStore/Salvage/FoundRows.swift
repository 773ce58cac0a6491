// SPDX-License-Identifier: Apache-2.0
import SealedSQLite

/// The rows of mail that are still there: everything small by value, chunks by their place.
struct FoundRows {
    struct Mailbox {
        var name: String
        var uidValidity: Int64
        var uidNext: Int64
        var firstRecent: Int64
        var modseq: Int64
        var specialUse: String?
        /// As its figures say.
        var messages: Int64
    }

    struct Message {
        var body: Int64
        var modseq: Int64
        var flags: Int64
        var size: Int
        var date: InternalDate
    }

    struct Body {
        var layout: ChunkLayout
        var links: Int64

        var size: Int { layout.size }
    }

    private(set) var mailboxes: [Int64: Mailbox] = [:]
    /// By `MessageKey`.
    private(set) var messages: [Int64: Message] = [:]
    private(set) var bodies: [Int64: Body] = [:]
    /// By `ChunkLayout.key`.
    private(set) var chunks: [Int64: SalvagedRow.Place] = [:]
    private(set) var modseq: Int64 = 1
    private(set) var uidValidity: Int64 = 0

    /// False for a row of another table.
    mutating func take(_ row: SalvagedRow, of table: String?, _ reader: SalvageReader) -> Bool {
        guard let table, let id = row.rowID, ["account", "mailboxes", "messages", "bodies", "chunks"].contains(table)
        else { return false }
        if table == "chunks" {
            chunks[id] = row.place
            return true
        }
        guard let values = reader.values(of: row) else { return true }
        func integer(_ column: Int) -> Int64 { values.indices.contains(column) ? values[column].integer ?? 0 : 0 }
        switch table {
        case "account":
            modseq = max(modseq, integer(1))
            uidValidity = max(uidValidity, integer(2))
        case "mailboxes":
            guard values.count >= 11, let name = values[1].text else { break }
            mailboxes[id] = Mailbox(
                name: name, uidValidity: integer(2), uidNext: integer(3), firstRecent: integer(4), modseq: integer(5),
                specialUse: values[6].text, messages: integer(7))
            modseq = max(modseq, integer(5))
            uidValidity = max(uidValidity, integer(2))
        case "messages":
            messages[id] = Message(
                body: integer(2), modseq: integer(3), flags: integer(4), size: Int(integer(5)),
                date: InternalDate(seconds: integer(6), zoneMinutes: Int(integer(7))))
            modseq = max(modseq, integer(3))
        default:
            let layout = ChunkLayout(size: Int(integer(1)), lead: Int(integer(3)), chunk: Int(integer(4)))
            if layout.isPossible { bodies[id] = Body(layout: layout, links: integer(7)) }
        }
        return true
    }

    /// What was given out elsewhere in the file.
    mutating func raise(modseq: Int64, uidValidity: Int64) {
        self.modseq = max(self.modseq, modseq)
        self.uidValidity = max(self.uidValidity, uidValidity)
    }

    func hasFirstChunk(of body: Int64) -> Bool { chunks[ChunkLayout.key(body, 0)] != nil }

    /// The bytes of a body. Nil when some are missing; without `size`, as many as there are.
    func bytes(of body: Int64, size: Int?, _ reader: SalvageReader) -> [UInt8]? {
        var bytes: [UInt8] = []
        var n = 0
        while let place = chunks[ChunkLayout.key(body, n)] {
            guard let row = reader.row(at: place), let data = reader.values(of: row)?.last?.blob else { return nil }
            let layout = bodies[body]?.layout
            let isPlain = layout.map { n < $0.count && data.count == $0.range(n).count } ?? false
            bytes += isPlain ? data : ChunkCoding.recovered(data)
            n += 1
        }
        return size.map { $0 == bytes.count } ?? !bytes.isEmpty ? bytes : nil
    }
}
