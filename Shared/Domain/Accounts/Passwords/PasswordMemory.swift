// SPDX-License-Identifier: Apache-2.0
import Crypto
import Synchronization

/// Remembers for minutes that a password fitted a hash, so that clients which send it with every request (DAV), or open
/// ten connections at once, cost one Argon2id run.
///
/// What is kept is a code of hash and password under a key of this process: it tells neither, and is worth nothing
/// elsewhere. Who changes a password or removes a credential revokes it at once in every process, since the hash is
/// read from config.db at each login. Only successes are remembered: a guess always costs its run.
final class PasswordMemory: Sendable {
    /// How long a success holds; not renewed by use.
    static let lifetime = Duration.seconds(300)
    static let limit = 2_000

    private let key = SymmetricKey(size: .bits256)
    private let now: @Sendable () -> ContinuousClock.Instant
    private let ends = Mutex<[[UInt8]: ContinuousClock.Instant]>([:])

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// Whether this password fitted this hash lately.
    func holds(_ hash: String, _ password: SecretBytes) -> Bool {
        let code = code(hash, password)
        let time = now()
        return ends.withLock { $0[code].map { time < $0 } ?? false }
    }

    /// When it is full, what ends soonest is forgotten.
    func remember(_ hash: String, _ password: SecretBytes) {
        let code = code(hash, password)
        let time = now()
        ends.withLock { ends in
            if ends.count >= Self.limit {
                ends = ends.filter { time < $0.value }
                if ends.count >= Self.limit {
                    let middle = ends.values.sorted()[ends.count / 2]
                    ends = ends.filter { $0.value > middle }
                }
            }
            ends[code] = time + Self.lifetime
        }
    }

    var count: Int { ends.withLock { $0.count } }

    /// The hash ends where the password begins: it holds no NUL.
    private func code(_ hash: String, _ password: SecretBytes) -> [UInt8] {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array(hash.utf8) + [0])
        password.withBytes { code.update(data: $0) }
        return Array(code.finalize())
    }
}
