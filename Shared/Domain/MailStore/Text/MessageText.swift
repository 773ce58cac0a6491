// SPDX-License-Identifier: Apache-2.0
import Foundation

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
