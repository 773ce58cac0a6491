// SPDX-License-Identifier: Apache-2.0
import SealedSQLite

/// What tells whether a password is an account's: a hash, or the slot that it opens.
enum PasswordVerifier: Sendable {
    /// Argon2id string.
    case hash(String)
    /// Of a zero-access account. There is no other word about its password.
    case slot(KeySlot, account: AccountID, file: AccountFileName)
    /// An app password that fits already; of a zero-access account with its slot.
    case app(AppPassword, code: SealedKey, slot: KeySlot?, account: AccountID, file: AccountFileName)
    /// No such account: takes as long as the others, and nothing fits.
    case nobody

    /// A password that fitted.
    struct Fit: Sendable {
        /// The key of a zero-access account's file.
        var key: SealedKey?
    }

    /// Slow, by intent: for `HashingQueue`; but for an app password. `nil`: it does not fit. Throws what is wrong with the slot, `.outOfMemory`.
    func check(_ password: SecretBytes) throws(KeySlotError) -> Fit? {
        switch self {
        case .hash(let hash): return PasswordHash.fits(hash, password) ? Fit() : nil
        case .slot(let slot, let account, let file):
            let key = try slot.open(password: password, identity: SlotKind.identity(account: account, file: file))
            return key.map { Fit(key: $0) }
        case .app(let password, _, let slot, let account, let file):
            guard let slot else { return Fit() }
            let identity = SlotKind.identity(account: account, file: file)
            return try slot.open(kind: .app, secret: password.secret, identity: identity).map { Fit(key: $0) }
        case .nobody:
            _ = PasswordHash.fits(PasswordHash.dummy, password)
            return nil
        }
    }

    /// What changes with the password, for `PasswordMemory`; `nil` where nothing is remembered.
    var mark: [UInt8]? {
        switch self {
        case .hash(let hash): Array(hash.utf8)
        case .slot(let slot, _, let file): slot.bytes + Array(file.description.utf8)
        case .app(_, let code, let slot, _, let file):
            code.withUnsafeBytes { Array($0) } + (slot?.bytes ?? []) + Array(file.description.utf8)
        case .nobody: nil
        }
    }
}
