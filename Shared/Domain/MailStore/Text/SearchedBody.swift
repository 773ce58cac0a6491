// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MailFormat

/// A stored message whose text is walked through: its structure, and a window on its bytes that goes along.
struct SearchedBody: Sendable {
    /// Bytes of the window: what is in memory of a message, and what one read reads.
    static let windowBytes = 256 * 1024

    let size: Int
    private let structure: Data
    private let first: [UInt8]

    /// `.noSuchBody`, `.damaged`
    init(_ db: Database, _ body: BodyID) throws {
        let statement = try db.cachedStatement(sql: "SELECT size, structure FROM bodies WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [body.rawValue]) else { throw StoreError.noSuchBody }
        size = row[0]
        structure = row[1]
        first = try db.bytes(of: body, 0..<Self.windowBytes)
    }

    /// Walks to the end, or until the sink wants no more. `load` reads a range of at most `windowBytes`, in a read of its own.
    func walk<Sink: TextSink>(
        partBytes: Int, _ sink: Sink, load: @Sendable (Range<Int>) async throws -> [UInt8]
    ) async throws -> Sink {
        var walk = TextWalk(try await root(load), size: size, partBytes: partBytes, sink)
        var (start, window) = (0, first)
        while let wanted = walk.wanted {
            guard !Task.isCancelled else { throw StoreError.cancelled }
            if !(start..<start + window.count).contains(wanted.lowerBound) {
                start = wanted.lowerBound
                window = try await load(start..<min(size, start + Self.windowBytes))
                guard !window.isEmpty else { throw StoreError.damaged }
            }
            let end = min(wanted.upperBound - start, window.count)
            walk.take(window[(wanted.lowerBound - start)..<end])
        }
        return walk.sink
    }

    private func root(_ load: @Sendable (Range<Int>) async throws -> [UInt8]) async throws -> MIMEPart {
        if let root = try StructureCoding.decode(structure, size: size) { return root }
        // The form of a later release: from all of the message.
        var bytes = first
        while bytes.count < size {
            let piece = try await load(bytes.count..<min(size, bytes.count + Self.windowBytes))
            guard !piece.isEmpty else { throw StoreError.damaged }
            bytes += piece
        }
        return MIMEPart(parsing: bytes)
    }
}
