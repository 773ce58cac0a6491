// SPDX-License-Identifier: Apache-2.0

/// How much an account may hold, as the operator set it. In bytes.
package enum QuotaSetting: Sendable, Equatable {
    /// What its domain says; without a word from it, no limit.
    case byDomain
    /// No limit, whatever its domain says.
    case unlimited
    case bytes(Int)

    /// As `accounts.quota` keeps it: nothing, -1, or bytes.
    init(column: Int?) {
        switch column {
        case nil: self = .byDomain
        case let bytes? where bytes >= 0: self = .bytes(bytes)
        default: self = .unlimited
        }
    }

    var column: Int? {
        switch self {
        case .byDomain: nil
        case .unlimited: -1
        case .bytes(let bytes): bytes
        }
    }

    /// The limit that holds; nil: none.
    package func limit(domain: Int?) -> Int? {
        switch self {
        case .byDomain: domain
        case .unlimited: nil
        case .bytes(let bytes): bytes
        }
    }
}
