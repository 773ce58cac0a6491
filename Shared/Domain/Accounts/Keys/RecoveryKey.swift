// SPDX-License-Identifier: Apache-2.0
import CSodium
import Crypto
import Foundation
import SealedSQLite

/// A key of 32 random bytes that is shown once and kept away from the server: the operator's to every backup, or a person's to
/// their zero-access account.
///
/// As text: the kind's prefix and a hyphen, then 14 groups of four letters of Crockford's base32 (no I, L, O, U; lower case is
/// fine, O is read as 0, I and L as 1, hyphens and spaces do not count), which are the 32 bytes and the first three of the
/// SHA-256 of the kind's label and them: a wrong letter, or a key of the other kind, is told at once.
package struct RecoveryKey: Sendable {
    package enum Kind: Sendable {
        case backups
        case account

        /// What its text begins with.
        package var prefix: String {
            switch self {
            case .backups: "MKR1"
            case .account: "MKA1"
            }
        }

        /// Told apart also in what is derived.
        fileprivate var label: String {
            switch self {
            case .backups: "mailkeep/1/recovery"
            case .account: "mailkeep/1/account-recovery"
            }
        }
    }

    private static let groups = 14
    private static let count = 32
    private static let checkCount = 3
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    package let kind: Kind
    /// The 32 bytes.
    let secret: SecretBytes

    package static func random(_ kind: Kind) -> RecoveryKey {
        RecoveryKey(
            kind: kind, secret: SecretBytes(count: count) { randombytes_buf($0.baseAddress!, $0.count) })
    }

    private init(kind: Kind, secret: SecretBytes) { (self.kind, self.secret) = (kind, secret) }

    /// As a person typed it. Throws `RecoveryKeyError` with what is wrong.
    package init(_ kind: Kind, text: String) throws(RecoveryKeyError) {
        self.kind = kind
        var letters = SecretBytes.letters(of: text.utf8, without: " \t\r\n-")
        defer { SecretBytes.wipe(&letters) }
        for index in letters.indices where (97...122).contains(letters[index]) { letters[index] -= 32 }
        guard letters.starts(with: kind.prefix.utf8) else {
            throw RecoveryKeyError("it begins with \(kind.prefix)-")
        }
        letters.removeFirst(kind.prefix.utf8.count)
        guard letters.count == Self.groups * 4 else {
            throw RecoveryKeyError(
                "it has \(Self.groups) groups of four after \(kind.prefix); \(letters.count) letters came")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.count + Self.checkCount)
        defer { SecretBytes.wipe(&bytes) }
        var (buffer, bits): (UInt32, UInt32) = (0, 0)
        for (index, letter) in letters.enumerated() {
            let same: UInt8 = letter == UInt8(ascii: "O") ? 48 : letter == 73 || letter == 76 ? 49 : letter
            guard let value = Self.alphabet.firstIndex(of: same) else {
                throw RecoveryKeyError("group \(index / 4 + 1) has a letter that no key has")
            }
            buffer = buffer << 5 | UInt32(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            }
        }
        guard Self.check(kind, bytes[..<Self.count]) == Array(bytes[Self.count...]) else {
            throw RecoveryKeyError("a letter is wrong, or two changed places: compare it with what was written down")
        }
        secret = SecretBytes(bytes[..<Self.count])
    }

    /// For showing it once.
    package var text: String {
        var bytes = secret.withBytes { Array($0) }
        bytes += Self.check(kind, bytes[...])
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
        return ([kind.prefix] + groups).joined(separator: "-")
    }

    private static func check(_ kind: Kind, _ bytes: ArraySlice<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: Array(kind.label.utf8) + bytes).prefix(checkCount))
    }

    /// 32 bytes for another use: HKDF-SHA256 without salt, `info` is the kind's label, a slash and `use`.
    package func derivedKey(for use: String) -> SealedKey { secret.derivedKey(info: kind.label + "/" + use) }
}

/// A recovery key was mistyped.
package struct RecoveryKeyError: Error, Equatable, CustomStringConvertible {
    /// What is wrong with it.
    package let why: String

    init(_ why: String) { self.why = why }

    package var description: String { "this is no recovery key: \(why)" }
}
