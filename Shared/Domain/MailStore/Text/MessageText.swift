// SPDX-License-Identifier: Apache-2.0
import Foundation
import MailFormat

/// What of a message is kept for searching.
struct MessageText: Sendable {
    /// One line a field, folded: `subject: monthly report`.
    var header: [UInt8] = []
    /// Texts of all text parts, of attached messages too, and file names. Folded.
    var content: [UInt8] = []
    /// False when there was more than the limit.
    var isComplete = true

    /// How a field begins in `header`.
    static func fieldPrefix(_ name: String) -> [UInt8] {
        TextFolding.fold(name.trimmingCharacters(in: .whitespaces)) + [UInt8(ascii: ":")]
    }

    static func holds(
        _ sought: SearchPlan.Sought, header: some ContiguousBytes, content: some ContiguousBytes
    ) -> Bool {
        switch sought.place {
        case .field(let name): header.withUnsafeBytes { fieldHolds(name, sought.bytes, $0) }
        case .content: content.withUnsafeBytes { TextFolding.contains($0, sought.bytes) }
        case .anywhere:
            content.withUnsafeBytes { TextFolding.contains($0, sought.bytes) }
                || header.withUnsafeBytes { TextFolding.contains($0, sought.bytes) }
        }
    }

    private static func fieldHolds(_ name: [UInt8], _ needle: [UInt8], _ header: UnsafeRawBufferPointer) -> Bool {
        var start = 0
        while start < header.count {
            let end = header[start...].firstIndex(of: UInt8(ascii: "\n")) ?? header.count
            if end - start >= name.count, header[start..<start + name.count].elementsEqual(name) {
                // Behind the colon and the one space that we put there.
                let value = min(start + name.count + 1, end)
                if TextFolding.contains(UnsafeRawBufferPointer(rebasing: header[value..<end]), needle) { return true }
            }
            start = end + 1
        }
        return false
    }
}

extension MessageText {
    /// Of a message in memory.
    init(_ root: MIMEPart, _ message: [UInt8], limit: Int) {
        var walk = TextWalk(root, size: message.count, partBytes: Self.partBytes(limit), Collector(limit: limit))
        while let wanted = walk.wanted { walk.take(message[wanted.prefix(SearchedBody.windowBytes)]) }
        self = walk.sink.text
    }

    /// Of a stored message; `load` as in `SearchedBody.walk`.
    init(
        of body: SearchedBody, limit: Int, load: @Sendable (Range<Int>) async throws -> [UInt8]
    ) async throws {
        self = try await body.walk(partBytes: Self.partBytes(limit), Collector(limit: limit), load: load).text
    }

    /// Markup and encodings make text shorter: four bytes of them for one that is kept.
    private static func partBytes(_ limit: Int) -> Int { limit * 4 }

    /// Gathers what is kept, until there is enough: `limit` bytes of the header, and of the content.
    private struct Collector: TextSink {
        let limit: Int
        private var header: [UInt8] = []
        private var content: [UInt8] = []
        private var isComplete = true

        init(limit: Int) { self.limit = limit }

        var wantsFields: Bool { header.count < limit }
        var wantsContent: Bool { isComplete }

        mutating func field(_ line: [UInt8]) {
            guard wantsFields else { return }
            if !header.isEmpty { header.append(UInt8(ascii: "\n")) }
            header += line
        }

        mutating func content(_ folded: [UInt8]) {
            content += folded
            if content.count > limit { isComplete = false }
        }

        mutating func isCut() { isComplete = false }
        mutating func end() {}

        var text: MessageText {
            MessageText(
                header: Array(TextFolding.prefix(header, limit)), content: Array(TextFolding.prefix(content, limit)),
                isComplete: isComplete && wantsFields)
        }
    }
}
