// SPDX-License-Identifier: Apache-2.0
import Accounts
import CSodium
import Crypto
import Foundation

/// The operator's key to every backup: 32 random bytes that are shown once and kept away from the server.
///
/// As text: `MKR1-`, then 14 groups of four letters of Crockford's base32 (no I, L, O, U; lower case is fine, O is read as
/// 0, I and L as 1, hyphens and spaces do not count), which are the 32 bytes and the first three of the SHA-256 of
/// "mailkeep/1/recovery" and them: a wrong letter is told at once.
package struct RecoveryKey: Sendable {
    static let prefix = "MKR1"
    static let groups = 14
    private static let count = 32
    private static let checkCount = 3
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    private static let label = Array("mailkeep/1/recovery".utf8)

    private let secret: SecretBytes

    package static func random() -> RecoveryKey {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { randombytes_buf($0.baseAddress!, $0.count) }
        defer { SecretBytes.wipe(&bytes) }
        return RecoveryKey(secret: SecretBytes(bytes))
    }

    private init(secret: SecretBytes) { self.secret = secret }

    /// As a person typed it. Throws `BackupError.recoveryKey` with what is wrong.
    package init(text: String) throws(BackupError) {
        var letters = text.utf8.filter { !" \t\r\n-".utf8.contains($0) }
        defer { SecretBytes.wipe(&letters) }
        for index in letters.indices where (97...122).contains(letters[index]) { letters[index] -= 32 }
        guard letters.starts(with: Self.prefix.utf8) else {
            throw .recoveryKey("it begins with \(Self.prefix)-")
        }
        letters.removeFirst(Self.prefix.utf8.count)
        guard letters.count == Self.groups * 4 else {
            throw .recoveryKey(
                "it has \(Self.groups) groups of four after \(Self.prefix); \(letters.count) letters came")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.count + Self.checkCount)
        defer { SecretBytes.wipe(&bytes) }
        var (buffer, bits): (UInt32, UInt32) = (0, 0)
        for (index, letter) in letters.enumerated() {
            let same: UInt8 = letter == UInt8(ascii: "O") ? 48 : letter == 73 || letter == 76 ? 49 : letter
            guard let value = Self.alphabet.firstIndex(of: same) else {
                throw .recoveryKey("group \(index / 4 + 1) has a letter that no key has")
            }
            buffer = buffer << 5 | UInt32(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            }
        }
        guard Self.check(bytes[..<Self.count]) == Array(bytes[Self.count...]) else {
            throw .recoveryKey("a letter is wrong, or two changed places: compare it with what was written down")
        }
        secret = SecretBytes(bytes[..<Self.count])
    }

    /// For showing it once.
    package var text: String {
        var bytes = secret.withBytes { Array($0) }
        bytes += Self.check(bytes[...])
        defer { SecretBytes.wipe(&bytes) }
        var (buffer, bits): (UInt32, UInt32) = (0, 0)
        var letters: [UInt8] = []
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                letters.append(Self.alphabet[Int(buffer >> bits & 31)])
            }
        }
        let groups = stride(from: 0, to: letters.count, by: 4).map {
            String(decoding: letters[$0..<$0 + 4], as: UTF8.self)
        }
        return ([Self.prefix] + groups).joined(separator: "-")
    }

    private static func check(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: label + bytes).prefix(checkCount))
    }

    /// X-Wing (ML-KEM-768 and X25519): the seed is HKDF-SHA256 of the key, `info` = "mailkeep/1/recovery/x-wing".
    var privateKey: XWingMLKEM768X25519.PrivateKey {
        get throws {
            let seed = secret.withBytes { bytes in
                HKDF<SHA256>.deriveKey(
                    inputKeyMaterial: SymmetricKey(data: bytes), info: Self.label + Array("/x-wing".utf8),
                    outputByteCount: Self.count)
            }
            return try seed.withUnsafeBytes { try .init(seedRepresentation: Data($0), publicKey: nil) }
        }
    }
}
