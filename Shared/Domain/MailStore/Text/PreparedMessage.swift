// SPDX-License-Identifier: Apache-2.0

/// A message made ready for the store, before any transaction: what is kept beside its bytes.
struct PreparedMessage: Sendable {
    let bytes: [UInt8]
    /// The header block with its empty line; the whole message when there is none.
    let headerSize: Int
    let layout: ChunkLayout
    /// Day of the Date field in its own zone, days since 1970.
    let sentDay: Int?
    let structure: [UInt8]
    let text: MessageText

    /// Throws `.messageTooLarge`.
    init(_ message: [UInt8], limits: StoreLimits) throws(StoreError) {
        guard message.count <= limits.messageBytes else { throw .messageTooLarge(limit: limits.messageBytes) }
        bytes = message
        headerSize = Self.headerSize(of: message)
        layout = ChunkLayout(size: message.count, headerSize: headerSize)
        sentDay = nil
        structure = []
        text = MessageText(message, headerSize: headerSize, limit: limits.indexedTextBytes)
    }

    /// Through the first empty line (CRLF, or a bare LF that an APPEND may have brought).
    static func headerSize(of message: [UInt8]) -> Int {
        var lineStart = 0
        while lineStart < message.count {
            guard let end = message[lineStart...].firstIndex(of: 0x0A) else { return message.count }
            if end == lineStart || (end == lineStart + 1 && message[lineStart] == 0x0D) { return end + 1 }
            lineStart = end + 1
        }
        return message.count
    }
}

extension MessageText {
    init(_ message: [UInt8], headerSize: Int, limit: Int) {
        var lines: [UInt8] = []
        for line in message[..<headerSize].split(separator: 0x0A) {
            let isContinued = line.first == 0x20 || line.first == 0x09
            if !lines.isEmpty { lines.append(isContinued ? 0x20 : 0x0A) }
            lines += TextFolding.fold(String(decoding: line, as: UTF8.self))
        }
        let folded = TextFolding.fold(String(decoding: message[headerSize...], as: UTF8.self))
        isComplete = folded.count <= limit && lines.count <= limit
        header = Array(TextFolding.prefix(lines, limit))
        content = Array(TextFolding.prefix(folded, limit))
    }
}
