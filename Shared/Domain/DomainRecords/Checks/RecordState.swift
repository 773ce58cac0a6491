// SPDX-License-Identifier: Apache-2.0

/// What the DNS says now of a record that should be there.
package enum RecordState: Sendable, Equatable {
    case right
    case missing
    /// What is there instead, at most `found` values of at most `foundBytes`, ASCII without control characters.
    case different([String])
    /// The DNS did not answer, or not in a way to be trusted; why.
    case unknown(String)

    package static let found = 5
    package static let foundBytes = 400

    /// Foreign text, cut and cleaned for a terminal or a page.
    static func different(showing texts: [String]) -> RecordState {
        .different(
            texts.prefix(found).map { text in
                let clean = text.utf8.prefix(foundBytes).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
                return String(decoding: clean, as: UTF8.self) + (text.utf8.count > foundBytes ? "…" : "")
            })
    }

    /// Stable: for JSON and message catalogues.
    package var word: String {
        switch self {
        case .right: "right"
        case .missing: "missing"
        case .different: "different"
        case .unknown: "unknown"
        }
    }
}

package struct CheckedRecord: Sendable, Equatable {
    package let record: DNSRecord
    package let state: RecordState
}
