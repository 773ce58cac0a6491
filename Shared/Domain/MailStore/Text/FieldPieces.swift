// SPDX-License-Identifier: Apache-2.0
import MailFormat

/// The fields of a header that comes in pieces.
struct FieldPieces {
    typealias Field = (name: String, value: String)

    /// Bytes of a field that is taken whole. A longer one becomes several of its name, which overlap.
    private static let fieldBytes = 1024 * 1024
    private static let overlap = 64 * 1024

    private var held: [UInt8] = []

    /// The fields that are whole now, encoded words decoded.
    mutating func take(_ bytes: ArraySlice<UInt8>, isLast: Bool) -> [Field] {
        held += bytes
        if isLast { return take(upTo: held.count) }
        if let start = lastField() {
            let fields = take(upTo: start)
            held.removeFirst(start)
            return fields
        }
        guard held.count > Self.fieldBytes else { return [] }
        let fields = take(upTo: held.count)
        held = Array(((fields.last?.name ?? "") + ": ").utf8) + held.suffix(Self.overlap)
        return fields
    }

    private func take(upTo end: Int) -> [Field] {
        let header = MessageHeader(held, in: 0..<end)
        return header.fields.map { ($0.name, EncodedWord.decode(header.text($0, in: held))) }
    }

    /// Where the last field begins, when there is one before it: behind it may come a line that goes on with it.
    private func lastField() -> Int? {
        var start = held.count - 1
        while start > 0 {
            if held[start - 1] == 0x0A, held[start] != 0x20, held[start] != 0x09 { return start }
            start -= 1
        }
        return nil
    }
}
