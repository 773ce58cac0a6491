// SPDX-License-Identifier: Apache-2.0
import CSodium
import Crypto
import Foundation
import SealedSQLite

/// The two keys that are derived from the repository key (HKDF-SHA256, `info` = "mailkeep/1/repository/seal" and
/// "…/name"): one seals objects, one names chunks.
struct RepositoryKeys: Sendable {
    private static let head: [UInt8] = [1, 1]
    private static let nonceBytes = 24
    private static let tagBytes = 16
    static let overhead = 2 + nonceBytes + tagBytes

    private let seal: SealedKey
    private let name: SymmetricKey

    init(_ key: SealedKey) {
        func derive(_ purpose: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: key.withUnsafeBytes { SymmetricKey(data: $0) },
                info: Data("mailkeep/1/repository/\(purpose)".utf8), outputByteCount: SealedKey.count)
        }
        // 32 bytes are always a key.
        seal = derive("seal").withUnsafeBytes { SealedKey($0) }!
        name = derive("name")
    }

    /// Of a chunk's content: the same bytes have the same name in one repository, and tell nobody else anything.
    func chunkName(_ content: UnsafeRawBufferPointer) -> ChunkName {
        var code = HMAC<SHA256>(key: name)
        code.update(data: content)
        return code.finalize().withUnsafeBytes { ChunkName(bytes: $0)! }
    }

    /// An object, byte by byte: version 1; algorithm 1 = XChaCha20-Poly1305; nonce of 24, random; ciphertext; tag of 16. Its
    /// name in the repository and the first two bytes are associated data: an object under another's name does not open.
    func seal(_ content: UnsafeRawBufferPointer, as object: String) -> [UInt8] {
        let associated = Self.head + Array(object.utf8)
        return [UInt8](unsafeUninitializedCapacity: content.count + Self.overhead) { bytes, count in
            count = content.count + Self.overhead
            let start = bytes.baseAddress!
            start[0] = Self.head[0]
            start[1] = Self.head[1]
            randombytes_buf(start + 2, Self.nonceBytes)
            _ = seal.withUnsafeBytes { key in
                crypto_aead_xchacha20poly1305_ietf_encrypt(
                    start + 2 + Self.nonceBytes, nil, content.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    UInt64(content.count), associated, UInt64(associated.count), nil, start + 2,
                    key.baseAddress!.assumingMemoryBound(to: UInt8.self))
            }
        }
    }

    /// Throws `BackupError.damaged`, `.laterRelease`.
    func open(_ bytes: [UInt8], as object: String) throws(BackupError) -> [UInt8] {
        guard bytes.count >= Self.overhead else { throw .damaged(object) }
        guard Array(bytes[..<2]) == Self.head else { throw .laterRelease(object) }
        let associated = Self.head + Array(object.utf8)
        var isGood = false
        let content = [UInt8](unsafeUninitializedCapacity: bytes.count - Self.overhead + 1) { content, count in
            count = bytes.count - Self.overhead
            isGood = bytes.withUnsafeBufferPointer { bytes in
                seal.withUnsafeBytes { key in
                    crypto_aead_xchacha20poly1305_ietf_decrypt(
                        content.baseAddress!, nil, nil, bytes.baseAddress! + 2 + Self.nonceBytes,
                        UInt64(bytes.count - 2 - Self.nonceBytes), associated, UInt64(associated.count),
                        bytes.baseAddress! + 2, key.baseAddress!.assumingMemoryBound(to: UInt8.self)) == 0
                }
            }
        }
        guard isGood else { throw .damaged(object) }
        return content
    }
}

/// Names a chunk: 32 bytes.
struct ChunkName: Hashable, Sendable {
    static let count = 32
    private let a, b, c, d: UInt64

    init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.count else { return nil }
        a = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self).bigEndian
        b = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian
        c = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self).bigEndian
        d = bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self).bigEndian
    }

    /// 64 lower-case hex digits.
    init?(hex: some StringProtocol) {
        guard hex.utf8.count == 64 else { return nil }
        var words: [UInt64] = []
        var rest = hex[...]
        while !rest.isEmpty {
            guard let word = UInt64(rest.prefix(16), radix: 16) else { return nil }
            words.append(word)
            rest = rest.dropFirst(16)
        }
        (a, b, c, d) = (words[0], words[1], words[2], words[3])
    }

    var bytes: [UInt8] {
        [a, b, c, d].flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
    }

    var hex: String {
        [a, b, c, d].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Where it lies.
    var object: String { "chunks/\(hex.prefix(2))/\(hex)" }
}
