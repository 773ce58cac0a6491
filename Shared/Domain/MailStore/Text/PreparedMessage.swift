// SPDX-License-Identifier: Apache-2.0
import MailFormat

/// A message made ready for the store, before any transaction: what is kept beside its bytes.
struct PreparedMessage: Sendable {
    let bytes: [UInt8]
    /// The header block with its empty line; the whole message when there is none.
    let headerSize: Int
    let layout: ChunkLayout
    /// By number, those that are kept compressed.
    let frames: [Int: [UInt8]]
    /// Day of the Date field in its own zone, days since 1970.
    let sentDay: Int?
    let structure: [UInt8]

    /// Throws `.messageTooLarge`.
    init(_ message: [UInt8], limits: StoreLimits) throws(StoreError) {
        guard message.count <= limits.messageBytes else { throw .messageTooLarge(limit: limits.messageBytes) }
        let root = MIMEPart(parsing: message)
        bytes = message
        headerSize = min(root.header.upperBound, message.count)
        let layout = ChunkLayout(size: message.count, headerSize: headerSize)
        self.layout = layout
        frames = (0..<layout.count).reduce(into: [:]) { $0[$1] = ChunkCoding.compressed(message[layout.range($1)]) }
        sentDay = root.envelope?.date.flatMap { DateTime(parsing: $0) }?.localDay
        structure = StructureCoding.encode(root)
    }
}
