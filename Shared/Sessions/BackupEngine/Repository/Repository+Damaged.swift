// SPDX-License-Identifier: Apache-2.0

/// Chunks that a verification found damaged or missing: a note for each, until a backup has written it anew. The damaged
/// one stays until then, since most of it may still be read by hand.
extension Repository {
    private static var notes: String { "damaged" }

    func damagedChunks() throws -> Set<ChunkName> {
        Set(try store.list(Self.notes).compactMap { ChunkName(hex: $0.name.suffix(64)) })
    }

    /// On disk when this returns.
    func noteDamaged(_ names: Set<ChunkName>) throws {
        guard !names.isEmpty else { return }
        for name in names { try store.write(Self.note(name), Array("damaged\n".utf8)) }
        try store.flush()
    }

    func forgetDamaged(_ names: Set<ChunkName>) throws {
        guard !names.isEmpty else { return }
        try store.delete(names.map(Self.note))
        try store.flush()
    }

    private static func note(_ name: ChunkName) -> String { "\(notes)/\(name.hex)" }
}
