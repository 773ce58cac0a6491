// SPDX-License-Identifier: Apache-2.0
import Crypto
import SealedSQLite
import Synchronization

/// Remembers for minutes that a password fitted, so that clients which send it with every request (DAV), or open ten
/// connections at once, cost one Argon2id run.
///
/// What is kept is a code of verifier and password under a key of this process: it tells neither, and is worth nothing
/// elsewhere. The file's key of a zero-access account is kept with it, wrapped under another such code: without the
/// password it does not come out again. Who changes a password or removes a credential revokes it at once in every
/// process, since the verifier is read from config.db at each login. Only successes are remembered: a guess always costs
/// its run.
final class PasswordMemory: Sendable {
    /// How long a success holds; not renewed by use.
    static let lifetime = Duration.seconds(300)
    static let limit = 2_000

    private struct Entry {
        let end: ContinuousClock.Instant
        let wrapped: KeySlot?
    }

    private let key = SymmetricKey(size: .bits256)
    private let now: @Sendable () -> ContinuousClock.Instant
    private let entries = Mutex<[[UInt8]: Entry]>([:])

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// What came of it when this password fitted this verifier lately; `nil` when it did not.
    func recall(_ verifier: PasswordVerifier, _ password: SecretBytes) -> PasswordVerifier.Fit? {
        guard let mark = verifier.mark else { return nil }
        let code = Array(code("fits", mark, password))
        let time = now()
        guard let entry = entries.withLock({ $0[code] }), time < entry.end else { return nil }
        guard let wrapped = entry.wrapped else { return PasswordVerifier.Fit() }
        let opened = try? wrapped.open(kind: .password, identity: "", key: wrapping(mark, password))
        return opened.flatMap { $0 }.map { PasswordVerifier.Fit(key: $0) }
    }

    /// When it is full, what ends soonest is forgotten.
    func remember(_ verifier: PasswordVerifier, _ password: SecretBytes, _ fit: PasswordVerifier.Fit) {
        guard let mark = verifier.mark else { return }
        let code = Array(code("fits", mark, password))
        let wrapped = fit.key.map { KeySlot.seal($0, kind: .password, identity: "", key: wrapping(mark, password)) }
        let time = now()
        entries.withLock { entries in
            // A run of Argon2id went before: this costs little beside.
            entries = entries.filter { time < $0.value.end }
            if entries.count >= Self.limit {
                let middle = entries.values.map(\.end).sorted()[entries.count / 2]
                entries = entries.filter { $0.value.end > middle }
            }
            entries[code] = Entry(end: time + Self.lifetime, wrapped: wrapped)
        }
    }

    var count: Int { entries.withLock { $0.count } }

    private func wrapping(_ mark: [UInt8], _ password: SecretBytes) -> SealedKey {
        guard let key = code("wraps", mark, password).withUnsafeBytes({ SealedKey($0) }) else {
            fatalError("SHA-256 gave another length")
        }
        return key
    }

    /// The lengths of use and mark are told, so that what follows begins in one place only.
    private func code(_ use: String, _ mark: [UInt8], _ password: SecretBytes) -> HMAC<SHA256>.MAC {
        var code = HMAC<SHA256>(key: key)
        code.update(data: [UInt8(use.utf8.count)] + Array(use.utf8))
        code.update(data: withUnsafeBytes(of: UInt32(mark.count).bigEndian) { Array($0) } + mark)
        password.withBytes { code.update(data: $0) }
        return code.finalize()
    }
}
