// SPDX-License-Identifier: Apache-2.0
import CSodium
import SealedSQLite

/// Bytes under a key, bound to a name.
///
/// Byte by byte: version 1; algorithm 1 = XChaCha20-Poly1305 (IETF form of libsodium); nonce of 24, random; ciphertext; tag of
/// 16. The first two bytes and the name are associated data: an object under another's name does not open.
enum SealedObject {
    private static let head: [UInt8] = [1, 1]
    private static let nonceBytes = 24
    private static let tagBytes = 16
    static let overhead = 2 + nonceBytes + tagBytes

    /// - Parameter nonce: 24 bytes; given by tests only, otherwise random.
    static func seal(
        _ content: UnsafeRawBufferPointer, as name: String, key: SealedKey, nonce: [UInt8]? = nil
    ) -> [UInt8] {
        precondition((nonce?.count ?? nonceBytes) == nonceBytes)
        let associated = head + Array(name.utf8)
        return [UInt8](unsafeUninitializedCapacity: content.count + overhead) { bytes, count in
            count = content.count + overhead
            let start = bytes.baseAddress!
            start[0] = head[0]
            start[1] = head[1]
            if let nonce {
                for (index, byte) in nonce.enumerated() { start[2 + index] = byte }
            } else {
                randombytes_buf(start + 2, nonceBytes)
            }
            _ = key.withUnsafeBytes { key in
                crypto_aead_xchacha20poly1305_ietf_encrypt(
                    start + 2 + nonceBytes, nil, content.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    UInt64(content.count), associated, UInt64(associated.count), nil, start + 2,
                    key.baseAddress!.assumingMemoryBound(to: UInt8.self))
            }
        }
    }

    /// Throws `BackupError.damaged`, also for another version or algorithm: a later release that writes such raises the format
    /// of the repository, which is looked at before.
    static func open(_ bytes: [UInt8], as name: String, key: SealedKey) throws(BackupError) -> [UInt8] {
        guard bytes.count >= overhead, bytes.starts(with: head) else { throw .damaged(name) }
        let associated = head + Array(name.utf8)
        var isGood = false
        let content = [UInt8](unsafeUninitializedCapacity: bytes.count - overhead + 1) { content, count in
            count = bytes.count - overhead
            isGood = bytes.withUnsafeBufferPointer { bytes in
                key.withUnsafeBytes { key in
                    crypto_aead_xchacha20poly1305_ietf_decrypt(
                        content.baseAddress!, nil, nil, bytes.baseAddress! + 2 + nonceBytes,
                        UInt64(bytes.count - 2 - nonceBytes), associated, UInt64(associated.count),
                        bytes.baseAddress! + 2, key.baseAddress!.assumingMemoryBound(to: UInt8.self)) == 0
                }
            }
        }
        guard isGood else { throw .damaged(name) }
        return content
    }
}
