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
        _ needle: SearchPlan.Needle, header: some ContiguousBytes, content: some ContiguousBytes
    ) -> Bool {
        switch needle.place {
        case .field(let name): header.withUnsafeBytes { fieldHolds(name, needle.bytes, $0) }
        case .content: content.withUnsafeBytes { TextFolding.contains($0, needle.bytes) }
        case .anywhere:
            content.withUnsafeBytes { TextFolding.contains($0, needle.bytes) }
                || header.withUnsafeBytes { TextFolding.contains($0, needle.bytes) }
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
    /// - Parameter limit: bytes kept of the header, and of the content.
    init(_ root: MIMEPart, _ message: [UInt8], limit: Int) {
        var lines: [UInt8] = []
        Self.fields(of: root, message) { name, value in
            guard lines.count < limit else { return false }
            if !lines.isEmpty { lines.append(UInt8(ascii: "\n")) }
            lines += TextFolding.fold(name + ": " + value)
            return true
        }
        var text = Collector(limit: limit)
        text.add(root, message, depth: 0)
        isComplete = text.isComplete && lines.count < limit
        header = Array(TextFolding.prefix(lines, limit))
        content = Array(TextFolding.prefix(text.bytes, limit))
    }

    private static func fields(of part: MIMEPart, _ message: [UInt8], _ body: (String, String) -> Bool) {
        let header = MessageHeader(message, in: part.header)
        for field in header.fields {
            let text = header.text(field, in: message)
            guard body(field.name, EncodedWord.decode(text)) else { return }
        }
    }

    /// Gathers the content part by part, until there is enough.
    private struct Collector {
        let limit: Int
        var bytes: [UInt8] = []
        var isComplete = true

        mutating func add(_ part: MIMEPart, _ message: [UInt8], depth: Int) {
            guard isComplete else { return }
            if depth > 0, let name = part.fileName { add(name) }
            for child in part.children {
                if part.isMessage {
                    // The header of an attached message is text of the message that it is attached to.
                    MessageText.fields(of: child, message) { name, value in
                        add(name + ": " + value)
                        return isComplete
                    }
                }
                add(child, message, depth: depth + 1)
            }
            guard part.children.isEmpty, part.mainType == "text" else { return }
            // Markup and encodings make text shorter: four bytes of them for one that is kept.
            let (bytes, overflow) = limit.multipliedReportingOverflow(by: 4)
            let bound = overflow ? Int.max : bytes
            guard let text = part.decodedText(in: message, limit: bound) else { return }
            add(part.subtype == "html" ? String(decoding: HTMLText.strip(Array(text.utf8)), as: UTF8.self) : text)
            if part.body.count > bound { isComplete = false }
        }

        private mutating func add(_ text: String) {
            if !bytes.isEmpty { bytes.append(0x20) }
            bytes += TextFolding.fold(text)
            if bytes.count > limit { isComplete = false }
        }
    }
}
