// SPDX-License-Identifier: Apache-2.0
import Accounts

/// What is the same for both kinds of accounts, without the key of a zero-access one.
extension AccountDirectory {
    /// Into INBOX of the account; for a zero-access account, sealed among its arrivals. On disk (full sync) when this
    /// returns. Parameters and errors are those of `AccountStore.deliver`.
    package func deliver(
        _ message: [UInt8], to account: AccountID, deliveryKey: String? = nil,
        warning: (@Sendable (StorageUse) -> [UInt8])? = nil
    ) async throws(StoreError) {
        do throws(StoreError) {
            try await deliverAsItIs(message, to: account, deliveryKey, warning)
        } catch  where error.mayBeElsewhere {
            // It may have become a zero-access account since it was asked, or ceased to be one.
            try await deliverAsItIs(message, to: account, deliveryKey, warning)
        }
    }

    private func deliverAsItIs(
        _ message: [UInt8], to account: AccountID, _ deliveryKey: String?,
        _ warning: (@Sendable (StorageUse) -> [UInt8])?
    ) async throws(StoreError) {
        if let arrivals = try await arrivals(of: account) {
            try await arrivals.deliver(message, deliveryKey: deliveryKey, warning: warning)
        } else {
            _ = try await store(for: account).deliver(message, to: .inbox, deliveryKey: deliveryKey, warning: warning)
        }
    }

    /// Whether that many bytes more fit just now; only storing them can promise it.
    package func mayTake(_ bytes: Int, in account: AccountID) async throws(StoreError) -> Bool {
        if let arrivals = try await arrivals(of: account) { return try await arrivals.hasRoom(for: bytes) }
        return try await store(for: account).hasRoom(for: bytes)
    }

    /// What the account holds and may hold, for who may not have its key: of a zero-access account as it was when somebody
    /// with the key looked last, at most a minute before they left, and what arrived since.
    package func use(of account: AccountID) async throws(StoreError) -> StorageUse {
        if let arrivals = try await arrivals(of: account) { return try await arrivals.state().use }
        return try await store(for: account).use()
    }
}

extension StoreError {
    /// What the account had a moment ago is not there.
    fileprivate var mayBeElsewhere: Bool {
        switch self {
        case .keyUnavailable, .moved, .unavailable: true
        default: false
        }
    }
}
