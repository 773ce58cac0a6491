// SPDX-License-Identifier: Apache-2.0

/// `1:3,7,9:*` or `$` (RFC 9051 section 9, sequence-set).
package enum SequenceSet: Sendable, Equatable {
    /// `nil` is `*`.
    case ranges([(first: UInt32?, last: UInt32?)])
    /// The result of the last SEARCH with SAVE.
    case saved

    /// Ranges of one set at most.
    package static let limit = 10_000

    package static func == (left: SequenceSet, right: SequenceSet) -> Bool {
        switch (left, right) {
        case (.saved, .saved): true
        case (.ranges(let a), .ranges(let b)): a.elementsEqual(b) { $0.first == $1.first && $0.last == $1.last }
        default: false
        }
    }

    /// With `*` as `highest`; a range in the wrong order counts as well. Empty for `$`.
    package func resolved(highest: UInt32) -> [ClosedRange<UInt32>] {
        guard case .ranges(let ranges) = self else { return [] }
        return ranges.map { range in
            let first = range.first ?? highest
            let last = range.last ?? highest
            return min(first, last)...max(first, last)
        }
    }

    package var hasStar: Bool {
        guard case .ranges(let ranges) = self else { return false }
        return ranges.contains { $0.first == nil || $0.last == nil }
    }

    /// As in `1:3,7`, for COPYUID, ESEARCH and the like.
    package static func text(_ ranges: [ClosedRange<UInt32>]) -> String {
        ranges.map { $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound):\($0.upperBound)" }
            .joined(separator: ",")
    }
}
