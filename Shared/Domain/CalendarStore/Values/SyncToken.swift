// SPDX-License-Identifier: Apache-2.0

/// A state of one collection. A collection that was deleted and made again has other tokens, since ids are
/// never given twice.
package struct SyncToken: Sendable, Equatable, CustomStringConvertible {
    package let collection: Int64
    package let modseq: UInt64

    package init(collection: Int64, modseq: UInt64) {
        self.collection = collection
        self.modseq = modseq
    }

    private static let prefix = "urn:mailkeep:sync:"

    /// A URI.
    package var description: String { "\(Self.prefix)\(collection):\(modseq)" }

    /// `nil`: not one of ours.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.dropFirst(Self.prefix.count).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let collection = Int64(parts[0]), collection > 0, let modseq = UInt64(parts[1]),
            modseq <= UInt64(Int64.max)
        else { return nil }
        self.init(collection: collection, modseq: modseq)
    }
}
