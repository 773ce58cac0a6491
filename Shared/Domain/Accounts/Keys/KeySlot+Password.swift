// SPDX-License-Identifier: Apache-2.0
import CSodium
import SealedSQLite

/// Algorithm 2: the wrapping key is Argon2id (version 1.3, one lane) of a password.
extension KeySlot {
    static let argon2id: UInt8 = 2
    private static let saltBytes = 16
    /// Version, algorithm, salt, passes, memory.
    static let passwordHeadBytes = 2 + saltBytes + 4 + 4

    /// What one guess costs. A slot carries its own.
    struct PasswordCost: Equatable, Sendable {
        var passes: UInt32
        var memoryKiB: UInt32

        /// As `PasswordHash`: 32 MiB and 3 passes.
        static let present = PasswordCost(
            passes: UInt32(PasswordHash.passes), memoryKiB: UInt32(PasswordHash.memory >> 10))
        /// Beyond it a slot is refused before any memory is taken: it may come from a backup that somebody forged.
        static let most = PasswordCost(passes: 16, memoryKiB: 128 << 10)
        /// Below it there is no Argon2id.
        static let least = PasswordCost(passes: 1, memoryKiB: 8)

        var isAllowed: Bool {
            (Self.least.passes...Self.most.passes).contains(passes)
                && (Self.least.memoryKiB...Self.most.memoryKiB).contains(memoryKiB)
        }
    }

    /// A password on its way into one slot: the slow part is done.
    struct HashedPassword: Sendable {
        private let head: [UInt8]
        private let wrapping: SecretBytes

        /// Slow, by intent: for `HashingQueue`. Throws `.outOfMemory`.
        /// - Parameter salt: 16 bytes; given by tests only, otherwise random.
        init(_ password: SecretBytes, cost: PasswordCost = .present, salt: [UInt8]? = nil) throws(KeySlotError) {
            precondition(cost.isAllowed && (salt?.count ?? saltBytes) == saltBytes)
            var salt = salt ?? []
            if salt.isEmpty {
                salt = [UInt8](repeating: 0, count: saltBytes)
                salt.withUnsafeMutableBytes { randombytes_buf($0.baseAddress!, $0.count) }
            }
            head = [version, argon2id] + salt + bigEndian(cost.passes) + bigEndian(cost.memoryKiB)
            wrapping = try wrappingKey(password, salt: salt[...], cost)
        }

        /// - Parameter nonce: given by tests only, otherwise random.
        func seal(_ key: SealedKey, identity: String, nonce: [UInt8]? = nil) -> KeySlot {
            key.withUnsafeBytes { key in
                wrapping.withBytes {
                    KeySlot.seal(
                        key, head: head, name: SlotKind.password.rawValue, identity: identity, key: $0, nonce: nonce)
                }
            }
        }
    }

    /// What opening it with a password costs. Throws `.malformed`, `.unknownVersion`, `.unknownAlgorithm`, `.tooCostly`.
    var passwordCost: PasswordCost {
        get throws(KeySlotError) {
            try check(algorithm: Self.argon2id)
            guard bytes.count >= Self.passwordHeadBytes else { throw .malformed }
            func number(at offset: Int) -> UInt32 { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }
            let cost = PasswordCost(
                passes: number(at: 2 + Self.saltBytes), memoryKiB: number(at: 2 + Self.saltBytes + 4))
            guard cost.isAllowed else { throw .tooCostly }
            return cost
        }
    }

    /// `nil`: it is not the password, or the slot was moved or damaged. Slow, by intent.
    func open(password: SecretBytes, identity: String) throws(KeySlotError) -> SealedKey? {
        let cost = try passwordCost
        let wrapping = try Self.wrappingKey(password, salt: bytes[2..<2 + Self.saltBytes], cost)
        let secret = try wrapping.withBytes { key throws(KeySlotError) in
            try openSecret(
                headCount: Self.passwordHeadBytes, name: SlotKind.password.rawValue, identity: identity, key: key)
        }
        return try secret.map(Self.key)
    }

    private static func wrappingKey(
        _ password: SecretBytes, salt: ArraySlice<UInt8>, _ cost: PasswordCost
    ) throws(KeySlotError) -> SecretBytes {
        let salt = Array(salt)
        var isDone = false
        let wrapping = SecretBytes(count: SealedKey.count) { key in
            isDone = password.withBytes { password in
                crypto_pwhash(
                    key.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt64(key.count),
                    password.baseAddress!.assumingMemoryBound(to: CChar.self), UInt64(password.count), salt,
                    UInt64(cost.passes), Int(cost.memoryKiB) << 10, crypto_pwhash_ALG_ARGON2ID13) == 0
            }
        }
        // Nothing else can fail: the parameters were looked at.
        guard isDone else { throw .outOfMemory }
        return wrapping
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
}
