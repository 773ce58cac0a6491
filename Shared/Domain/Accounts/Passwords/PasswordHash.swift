// SPDX-License-Identifier: Apache-2.0
import CSodium

/// Argon2id strings (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`): each carries the parameters that it was made with.
enum PasswordHash {
    /// 32 MiB and 3 passes: two at once take 64 MiB of a machine of 1 GB.
    static let memory = 32 << 20
    static let passes: UInt64 = 3
    /// Made of random bytes: no password fits. An unknown login is checked against it, so that it takes as long as a
    /// known one.
    static let dummy =
        "$argon2id$v=19$m=32768,t=3,p=1$k0ZJb2m1xq8X3yCq0vT7Hw$8yqvQm0G2s5hX1rUeWk3nJd7bZpLfTcAo4iVgYxRu9E"

    /// `nil` when there is no memory for it.
    static func make(_ password: SecretBytes) -> String? {
        var text = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
        let result = password.withBytes { password in
            crypto_pwhash_str_alg(
                &text, password.baseAddress!.assumingMemoryBound(to: CChar.self), UInt64(password.count), passes,
                memory,
                crypto_pwhash_ALG_ARGON2ID13)
        }
        guard result == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether it can be read, and has the parameters of new ones.
    static func isWellFormed(_ hash: String) -> Bool { crypto_pwhash_str_needs_rehash(hash, passes, memory) == 0 }

    static func fits(_ hash: String, _ password: SecretBytes) -> Bool {
        password.withBytes { password in
            crypto_pwhash_str_verify(
                hash, password.baseAddress!.assumingMemoryBound(to: CChar.self), UInt64(password.count)) == 0
        }
    }
}
