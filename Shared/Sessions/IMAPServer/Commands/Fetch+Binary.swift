// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailFormat
import MailStore

/// BINARY (RFC 3516): a part with its transfer encoding undone, piece by piece, however large it is.
extension IMAPSession {
    func binary(_ part: [Int], _ partial: Partial?, _ row: MessageMetadata, _ store: AccountStore) async throws {
        let name = "BINARY[\(part.map(String.init).joined(separator: "."))]\(partial.map { "<\($0.start)>" } ?? "") "
        if !part.isEmpty, let structure = row.structure, structure.part(part) == nil { return out.raw(name + "NIL") }
        let encoded = try encoded(part, row)
        let wanted = partial.range(in: .max)
        // Read before the size is promised. What is small is kept, else it is read once more.
        var (count, hasNUL, kept) = (0, false, [UInt8]())
        try await forEachPiece(of: encoded, in: wanted, row, store) { piece in
            count += piece.count
            hasNUL = hasNUL || piece.contains(0)
            if count <= StoreLimits.readBytes { kept += piece } else { kept = [] }
        }
        out.raw(name)
        if count <= StoreLimits.readBytes { return out.literal(kept, isBinary: hasNUL) }
        out.raw("\(hasNUL ? "~" : ""){\(count)}\r\n")
        var written = 0
        try await forEachPiece(of: encoded, in: wanted, row, store) { piece in
            out.raw(piece)
            written += piece.count
            try await flush()
        }
        guard written == count else { throw BrokenLiteral() }
    }

    func binarySize(_ part: [Int], _ row: MessageMetadata, _ store: AccountStore) async throws -> Int {
        let encoded = try encoded(part, row)
        guard ["base64", "quoted-printable"].contains(encoded.encoding) else { return encoded.body.count }
        var count = 0
        try await forEachPiece(of: encoded, in: 0..<Int.max, row, store) { count += $0.count }
        return count
    }

    /// Where the part is, and in which encoding; the message itself is in none.
    private func encoded(_ part: [Int], _ row: MessageMetadata) throws -> (body: Range<Int>, encoding: String) {
        if part.isEmpty { return (0..<row.size, "binary") }
        guard let found = row.structure?.part(part) else { throw Refusal(no: "there is no such part") }
        let known = ["7bit", "8bit", "binary", "base64", "quoted-printable"]
        guard known.contains(found.encoding) else {
            throw Refusal(no: "the encoding is not known", code: "UNKNOWN-CTE")
        }
        return (found.body, found.encoding)
    }

    /// Those decoded bytes of a part that are in `wanted`, in pieces of about `StoreLimits.readBytes` at most.
    private func forEachPiece(
        of part: (body: Range<Int>, encoding: String), in wanted: Range<Int>, _ row: MessageMetadata,
        _ store: AccountStore, _ take: (ArraySlice<UInt8>) async throws -> Void
    ) async throws {
        var decoder = TransferDecoder(part.encoding)
        var position = part.body.lowerBound
        var decoded = 0
        var isAtEnd = false
        while !isAtEnd, decoded < wanted.upperBound {
            let bytes = try await store.read(row.body, position..<part.body.upperBound)
            position += bytes.count
            isAtEnd = bytes.isEmpty || position == part.body.upperBound
            var piece = decoder.decode(bytes[...])
            if isAtEnd { piece += decoder.finish() }
            let inside = (decoded..<decoded + piece.count).clamped(to: wanted)
            if !inside.isEmpty { try await take(piece[inside.lowerBound - decoded..<inside.upperBound - decoded]) }
            decoded += piece.count
        }
    }
}
