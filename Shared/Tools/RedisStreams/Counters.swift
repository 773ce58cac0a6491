// SPDX-License-Identifier: Apache-2.0

import Crypto

/// Turns who is counted (addresses, accounts) into names that tell nobody who they are.
package struct KeyedHash: Sendable {
    private let key: SymmetricKey

    /// - Parameter secret: something that all replicas share and nobody else knows, such as the password of Redis. Nil:
    ///   a random key of this process.
    package init(secret: String?) {
        guard let secret else {
            key = SymmetricKey(size: .bits256)
            return
        }
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("mailkeep/1/counted".utf8), using: SymmetricKey(data: Array(secret.utf8)))
        key = SymmetricKey(data: code)
    }

    /// 32 hex digits.
    package func callAsFunction(_ text: String) -> String {
        HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key).prefix(16)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// Counters with expiry that hold across replicas.
package struct Counters: Sendable {
    let client: RedisClient
    let hash: KeyedHash

    package init(client: RedisClient, hash: KeyedHash) {
        self.client = client
        self.hash = hash
    }

    /// Adds to a counter that forgets everything `seconds` after its first count; returns its value.
    /// - Throws: `RedisError`.
    @discardableResult
    package func increment(_ name: String, of subject: String, by amount: Int = 1, expiry seconds: Int) async throws
        -> Int
    {
        try await increment(key: RedisKeys.counter(name, hash(subject)), by: amount, expiry: seconds)
    }

    /// Throws `RedisError`.
    package func value(_ name: String, of subject: String) async throws -> Int {
        try await value(key: RedisKeys.counter(name, hash(subject)))
    }

    /// In one step, so that no counter is left without its expiry.
    private static let script = """
        local n = redis.call('INCRBY', KEYS[1], ARGV[1]) \
        if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end \
        return n
        """

    func increment(key: String, by amount: Int, expiry seconds: Int) async throws -> Int {
        let reply = try await client.call(["EVAL", Self.script, "1", key, "\(amount)", "\(seconds)"])
        guard let value = reply.integer else { throw RedisError.lost }
        return value
    }

    func value(key: String) async throws -> Int { try await client.call(["GET", key]).text.flatMap { Int($0) } ?? 0 }
}
